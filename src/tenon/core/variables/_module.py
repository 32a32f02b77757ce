"""Modules: named containers of variables, other modules and functions, ``tf.Module``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import wraps
from typing import Any

from tenon.core.variables._naming import full_name, name_scope
from tenon.core.variables._observers import attribute_was_set, observers
from tenon.core.variables._variable import Variable

_IDENTIFIER = re.compile(r"^[a-zA-Z_]\w*$")
_IGNORED = frozenset({"_self_unconditional_checkpoint_dependencies", "_name", "_name_scope"})


class Module:
    """A named container of variables, other modules and functions, ``tf.Module``.

    Args:
        name: a valid Python identifier; ``None`` for the class's name in snake case.

    Raises:
        ValueError: the name is no valid identifier.

    Example:
        >>> class Dense(Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.w = Variable([[1.0]], name="w")
        >>> [variable.name for variable in Dense().trainable_variables]
        ['w:0']
    """

    def __init__(self, name: str | None = None) -> None:
        name = _snake_case(type(self).__name__) if name is None else name
        if not _IDENTIFIER.match(name):
            raise ValueError(f"{name!r} is not a valid module name. Module names must be valid Python identifiers.")
        self._name = name
        with name_scope(None if not full_name("") else full_name("")), name_scope(name) as scope:
            self._name_scope = name_scope(scope)

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if observers:
            attribute_was_set(self, name)

    @property
    def name(self) -> str:
        """The name as it was given, or that of the class."""
        return self._name

    @property
    def name_scope(self) -> name_scope:
        """A ``tf.name_scope`` that puts the module's name before those of variables."""
        return self._name_scope

    @property
    def variables(self) -> tuple[Any, ...]:
        """The variables of this module and its submodules, each once, those of the nearest modules first."""
        return tuple(self._flatten(predicate=_is_variable, expand_composites=True))

    @property
    def trainable_variables(self) -> tuple[Any, ...]:
        """Those of the variables that are trainable."""
        return tuple([variable for variable in self.variables if variable.trainable])

    @property
    def non_trainable_variables(self) -> tuple[Any, ...]:
        """Those of the variables that are not trainable."""
        return tuple([variable for variable in self.variables if not variable.trainable])

    @property
    def submodules(self) -> tuple[Any, ...]:
        """The modules inside, each once."""
        return tuple(self._flatten(predicate=_is_module))

    def _flatten(
        self,
        recursive: bool = True,
        predicate: Callable[[Any], bool] | None = None,
        attribute_traversal_key: Callable[[str], Any] | None = None,
        with_path: bool = False,
        expand_composites: bool = False,
    ) -> Iterator[Any]:
        """Yield what ``predicate`` accepts among the attributes, breadth first, as ``tf.Module._flatten``."""
        del expand_composites
        accepts = predicate or (lambda _: True)
        queue: list[tuple[tuple[Any, ...], Any]] = [((), self)]
        seen = {id(self)}
        while queue:
            path, module = queue.pop(0)
            deeper = []
            for key, leaf in _leaves(module, attribute_traversal_key):
                if id(leaf) in seen:
                    continue
                seen.add(id(leaf))
                if accepts(leaf):
                    yield ((*path, *key), leaf) if with_path else leaf
                if recursive and _holds_variables(leaf):
                    deeper.append(((*path, *key), leaf))
            queue = deeper + queue

    @classmethod
    def with_name_scope(cls, method: Callable[..., Any]) -> Callable[..., Any]:
        """Decorate a method so that it runs inside the module's name scope."""

        @wraps(method)
        def in_scope(self: Module, *args: Any, **kwargs: Any) -> Any:
            with self.name_scope:
                return method(self, *args, **kwargs)

        return in_scope


def _is_variable(value: Any) -> bool:
    return isinstance(value, Variable) or (hasattr(value, "assign") and hasattr(value, "trainable"))


def _is_module(value: Any) -> bool:
    return isinstance(value, Module)


def _holds_variables(value: Any) -> bool:
    return isinstance(value, Module) or (hasattr(value, "trainable_variables") and hasattr(value, "variables"))


def _leaves(module: Any, sort_key: Callable[[str], Any] | None) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if not isinstance(module, Module):  # a Keras layer: it knows its variables itself
        yield from [((variable.path,), variable) for variable in getattr(module, "variables", ())]
        return
    attributes = vars(module)
    for name in sorted(attributes, key=sort_key):
        if name not in _IGNORED:
            yield from _nested((name,), attributes[name])


def _nested(key: tuple[Any, ...], value: Any) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if isinstance(value, Mapping):
        for name in sorted(value, key=str):
            yield from _nested((*key, name), value[name])
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for place, item in enumerate(value):
            yield from _nested((*key, place), item)
    else:
        yield key, value


def _snake_case(name: str) -> str:
    return re.sub(r"((?<=[a-z0-9])[A-Z]|(?!^)[A-Z](?=[a-z]))", r"_\1", name).lower()
