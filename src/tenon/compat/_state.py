"""What a session owns: the values of variables, and how far its random numbers have come."""

from __future__ import annotations

import random
from typing import Any, Final

import numpy as np

from tenon.base import FailedPreconditionError
from tenon.compat._operation import Operation
from tenon.core.operations import add
from tenon.core.tensors import Tensor
from tenon.core.tracing import executing_eagerly, init_scope
from tenon.core.variables import Variable

_DEFAULT_GRAPH_SEED: Final = 87654321
_ENTROPY: Final = random.SystemRandom()


class NotCompilableError(Exception):
    """A program creates something, so that its operations have to run one by one."""


class SessionState:
    """The values of one session.

    Attributes:
        variables: the values by the variable of the graph.
    """

    def __init__(self) -> None:
        self.variables: dict[Any, Variable] = {}
        self._positions: dict[Operation, Variable] = {}

    def read(self, variable: Any) -> Tensor:
        """Return the value of a variable.

        Raises:
            FailedPreconditionError: it has none yet.
        """
        found = self.variables.get(variable)
        if found is None:
            raise FailedPreconditionError(
                f"Attempting to use uninitialized value {variable.op.name}: run its initializer first, or "
                "tf.compat.v1.global_variables_initializer()."
            )
        return found.value()

    def assign(self, variable: Any, value: Tensor) -> None:
        """Give a variable a value."""
        found = self.variables.get(variable)
        if found is not None:
            found.assign(value)
            return
        if not executing_eagerly():
            raise NotCompilableError
        self.variables[variable] = Variable(value, trainable=False, name=variable.op.name, shape=variable.static_shape)

    def is_initialized(self, variable: Any) -> bool:
        """Tell whether a variable has a value."""
        return variable in self.variables

    def position(self, operation: Operation) -> Tensor:
        """Return where a random operation takes its numbers this time: two integers."""
        found = self._positions.get(operation)
        if found is None:
            with init_scope():
                found = self._positions[operation] = Variable(_first(operation), trainable=False, name="RandomState")
        position = found.value()
        found.assign(add(position, np.array([0, 1], np.int64)))
        return position


def _first(operation: Operation) -> np.ndarray:
    """Return where the numbers of an operation begin, by TensorFlow's rules for two seeds."""
    graph_seed, own = operation.random_seeds
    if graph_seed is None and own is None:
        return np.array([_ENTROPY.getrandbits(62), 0], np.int64)
    first = _DEFAULT_GRAPH_SEED if graph_seed is None else graph_seed
    second = operation.number if own is None else own
    return np.array([(first * 2654435761 + second * 40503 + 1) % (2**62), second % 2**31 * 2**24], np.int64)
