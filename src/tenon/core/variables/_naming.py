"""Name scopes: prefixes of the names of variables and operations, ``tf.name_scope``."""

from __future__ import annotations

import threading
from typing import Any


class _Prefix(threading.local):
    def __init__(self) -> None:
        self.value = ""


_prefix = _Prefix()


class name_scope:  # noqa: N801  # TensorFlow's name
    """Put a prefix before the names of variables that are created inside, ``tf.name_scope``.

    Args:
        name: the scope; one that ends with ``/`` is taken as it is, an empty one or ``None`` leaves all scopes.

    Example:
        >>> with name_scope("layer") as scope:
        ...     print(scope, full_name("w"))
        layer/ layer/w
    """

    def __init__(self, name: str | None) -> None:
        self._name = name or ""
        self._before: list[str] = []

    @property
    def name(self) -> str:
        """The scope as it was given."""
        return self._name

    def __enter__(self) -> str:
        self._before.append(_prefix.value)
        absolute = not self._name or self._name.endswith("/")
        _prefix.value = self._name if absolute else f"{_prefix.value}{self._name}/"
        return _prefix.value

    def __exit__(self, *exception: Any) -> None:
        _prefix.value = self._before.pop()


def full_name(name: str) -> str:
    """Return a name with the scopes that are open before it.

    Example:
        >>> full_name("w")
        'w'
    """
    return _prefix.value + name
