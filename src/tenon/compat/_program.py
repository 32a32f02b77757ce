"""A program: the operations that some fetches need, compiled as one, or run one by one where they cannot be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from tenon.base import FailedPreconditionError, InvalidArgumentError
from tenon.compat._environment import Environment
from tenon.compat._operation import GraphTensor, Operation
from tenon.compat._state import NotCompilableError, SessionState
from tenon.core.functions import Function
from tenon.core.tensors import Tensor, string


def needed(targets: Iterable[Operation], fed: Iterable[GraphTensor]) -> list[Operation]:
    """Return the operations that have to run for some, in the order in which they have to.

    Variables are read first, unless a reading has to wait; all else runs in the order in which it was made.

    Args:
        targets: operations that are wanted.
        fed: tensors whose values are given.
    """
    given = set(fed)
    found: set[Operation] = set()
    waiting = list(targets)
    while waiting:
        operation = waiting.pop()
        if operation in found or (operation.outputs and all(tensor in given for tensor in operation.outputs)):
            continue
        found.add(operation)
        waiting.extend([tensor.op for tensor in operation.inputs if tensor not in given])
        waiting.extend(operation.control_inputs)
    return sorted(found, key=lambda one: (one.role != "read" or bool(one.control_inputs), one.number))


class Program:
    """The operations for some fetches and feeds of one session.

    Args:
        state: the session's values.
        fetched: tensors whose values are wanted.
        targets: operations that have to run.
        fed: tensors whose values are given.
    """

    def __init__(
        self,
        state: SessionState,
        fetched: Sequence[GraphTensor],
        targets: Sequence[Operation],
        fed: Sequence[GraphTensor],
    ) -> None:
        self._state = state
        self._fetched = fetched
        self._fed = fed
        self._operations = needed([*[tensor.op for tensor in fetched if tensor not in set(fed)], *targets], fed)
        self._compiled: dict[Any, Function] = {}
        self._one_by_one = self._must_run_one_by_one(targets)

    def _must_run_one_by_one(self, targets: Sequence[Operation]) -> bool:
        """Tell whether compiling is impossible (strings, Python) or not worth it (initializers, nothing to compute)."""
        if not [one for one in self._operations if one.role not in ("read", "placeholder")]:
            return True
        if any(one.role == "host" or _has_strings(one) for one in self._operations):
            return True
        return bool(targets) and all(one.initializes or one.role == "group" for one in targets) and not self._fed

    def _replay(self, *values: Any) -> list[Tensor]:
        environment = Environment(self._state)
        environment.values.update(zip(self._fed, values, strict=True))
        environment.run(self._operations)
        return [environment.get(tensor) for tensor in self._fetched]

    def __call__(self, values: Sequence[Tensor]) -> list[Tensor]:
        """Run on the values of the fed tensors; return those of the fetched ones.

        Raises:
            FailedPreconditionError: a variable has no value yet.
            InvalidArgumentError: a placeholder has no value, or operations do not fit the values.
        """
        if not self._one_by_one:
            try:
                found: list[Tensor] = self._for_shapes(values)(*values)
            except (NotCompilableError, InvalidArgumentError, TypeError, NotImplementedError) as error:
                return self._without_compiler(values, error)
            return found
        return self._replay(*values)

    def _for_shapes(self, values: Sequence[Tensor]) -> Function:
        """Return the program for values of some shapes: each is a function of its own."""
        key = tuple([value.value.shape for value in values])
        found = self._compiled.get(key)
        if found is None:
            found = self._compiled[key] = Function(partial(self._replay), "session_run", autograph=False)
        return found

    def _without_compiler(self, values: Sequence[Tensor], error: Exception) -> list[Tensor]:
        """Run one operation after the other: sizes that depend on values are known then."""
        if isinstance(error, UnfedError | FailedPreconditionError):
            raise error
        found = self._replay(*values)
        if not isinstance(error, NotCompilableError):
            self._one_by_one = True
        return found


class UnfedError(InvalidArgumentError):
    """A placeholder has no value."""


def _has_strings(operation: Operation) -> bool:
    return any(tensor.dtype is string for tensor in (*operation.inputs, *operation.outputs))
