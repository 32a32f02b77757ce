"""Variables of a traced function: created on its first call, held weakly, given as arguments."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import jax

from tenon.base import FailedPreconditionError
from tenon.core import _jax_internals as internals
from tenon.core.tracing import FunctionScope
from tenon.core.variables import StateScope, Variable, held_array, hold_array


class RootScope(FunctionScope):
    """The state of a whole function.

    Args:
        trace: the function in the making.
        outer: the scope around it, or ``None``.
        may_create: whether variables may be created inside.

    Attributes:
        created: variables that were created inside whose initial values the function computes, and those values.
    """

    def __init__(self, trace: internals.FunctionTrace, outer: StateScope | None, may_create: bool) -> None:
        super().__init__(trace, outer)
        self._may_create = may_create
        self.has_created = False
        self.created: list[tuple[Any, Any]] = []

    def write(self, variable: Any, array: Any) -> None:
        """Set the value inside; the first value of a variable that has none is its initial value."""
        if held_array(variable) is None and not self.knows(variable):
            self.create(variable, array)
        else:
            super().write(variable, array)

    def initial_value(self, compute: Callable[[], Any]) -> Any:
        """Compute inside this function."""
        with internals.trace_as_current(self.trace):
            return compute()

    def create(self, variable: Any, array: Any) -> None:
        """Learn that a variable was created.

        Raises:
            ValueError: this is not the first call.
        """
        if not self._may_create:
            raise ValueError(
                "tf.function only supports singleton tf.Variables created on the first call. Make sure the "
                "tf.Variable is "
                f"only created once or created outside tf.function; received a new variable {variable.name!r}."
            )
        self.has_created = True
        if array is not None:
            self.created.append((variable, array))
            self.remember(variable, array)


class ArgumentVariable(Variable):
    """Stands for a variable that is an argument, while the function is traced.

    Args:
        variable: what it stands for in the call that is traced.
    """

    def __init__(self, variable: Variable) -> None:
        self.__dict__.update(variable.__dict__)

    def forget(self) -> None:
        """Let go of the value that the variable had in that call."""
        array = held_array(self)
        hold_array(self, jax.ShapeDtypeStruct(array.shape, array.dtype))


def live(reference: weakref.ref[Any], name: str) -> Any:
    """Return the variable behind a weak reference.

    Raises:
        FailedPreconditionError: it is gone.
    """
    variable = reference()
    if variable is None:
        raise FailedPreconditionError(
            f"Could not find variable {name}. A traced function does not keep the variables alive that it uses, and "
            "this "
            "one has been deleted: keep a reference to it, or to the object that holds it."
        )
    return variable
