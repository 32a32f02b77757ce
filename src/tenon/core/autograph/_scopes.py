"""What stands around the body of a converted function."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final

from tenon.core.autograph._variables import UndefinedReturnValue


class _FunctionScope:
    """Surrounds the body of a converted function; one serves all, as it remembers nothing."""

    def __enter__(self) -> _FunctionScope:
        return self

    def __exit__(self, *error: object) -> None:
        """Leave the body."""

    def ret(self, value: Any, did_return: Any) -> Any:
        """Return what the function returns."""
        del did_return
        return None if isinstance(value, UndefinedReturnValue) else value


SCOPE: Final = _FunctionScope()


def function_scope(name: str, variable: str, options: object) -> _FunctionScope:
    """Return the scope for a function's body; malt says more than it needs."""
    del name, variable, options
    return SCOPE


def autograph_artifact(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that was defined in converted code and so is converted itself."""
    return function


def handled() -> BaseException | None:
    """Return the exception that the calling ``except`` handles."""
    return sys.exc_info()[1]
