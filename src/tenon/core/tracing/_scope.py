"""The state of a function that is being traced: which variables it read and assigned, and their values inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from tenon.core import _jax_internals as internals
from tenon.core.tracing._linked import linked
from tenon.core.variables import StateScope, held_array, read_array


class Access(NamedTuple):
    """A variable whose value is an input of a traced function.

    Attributes:
        variable: the variable.
    """

    variable: Any

    def array(self) -> Any:
        """Return the variable's value where it lives now; tapes learn that it was read."""
        return read_array(self.variable, held_array(self.variable), self.variable.trainable)


class Creations:
    """The variables that a whole function creates while it is traced.

    Args:
        allowed: whether it may create any.

    Attributes:
        has_created: whether it did.
        initial: those whose initial values the function computes, and these values.
    """

    def __init__(self, allowed: bool) -> None:
        self._allowed = allowed
        self.has_created = False
        self.initial: list[tuple[Any, Any]] = []

    def add(self, variable: Any, array: Any) -> None:
        """Learn of a variable and its initial value; ``None`` where that is known already.

        Raises:
            ValueError: this is not the first call.
        """
        if not self._allowed:
            raise ValueError(
                "tf.function only supports singleton tf.Variables created on the first call. Make sure the tf.Variable "
                f"is only created once or created outside tf.function; received a new variable {variable.name!r}."
            )
        self.has_created = True
        if array is not None:
            self.initial.append((variable, array))


class FunctionScope:
    """Holds the values of variables while one function is traced; the first reading of each makes it an input.

    Args:
        trace: the function in the making.
        outer: the scope around it, from which the values come; ``None`` at top level.
        creations: where to note what is created; ``None`` for a part of a function, whose whole notes it.

    Attributes:
        owned: variables that live as long as the function, because nobody else holds them.
    """

    def __init__(
        self, trace: internals.FunctionTrace, outer: StateScope | None, creations: Creations | None = None
    ) -> None:
        self.trace = trace
        self._creations = creations
        self._outer = outer
        self._values: dict[int, Any] = {}
        self._read: dict[int, Any] = {}
        self._outside: dict[int, Any] = {}
        self._variables: dict[int, Any] = {}
        self._written: dict[int, Any] = {}
        self.owned: list[Any] = []

    @property
    def written(self) -> tuple[Any, ...]:
        """The variables that were assigned, in the order of their first assignment."""
        return tuple(self._written.values())

    def read(self, variable: Any, array: Any) -> Any:
        """Return the value inside: an input that stands for the value outside, or what was assigned last.

        What was assigned passes its gradient on to the value outside, and none to what it was computed from: as in
        TensorFlow, the derivative with respect to a variable is that of all its readings, and assigning has none.
        """
        key = id(variable)
        if key not in self._values:
            self._values[key] = self._read[key] = self._origin(variable, array)
        if key not in self._read:
            new = self._values[key]
            known = self._outside.get(key, array)
            same = known is not None and known.shape == new.shape and known.dtype == new.dtype
            with internals.trace_as_current(self.trace):
                self._read[key] = linked(new, self._origin(variable, array)) if same else new
        return self._read[key]

    def _origin(self, variable: Any, array: Any) -> Any:
        """Return the input that stands for the value outside."""
        key = id(variable)
        if key not in self._outside:
            outside = array if self._outer is None else self._outer.read(variable, array)
            self._outside[key] = self.trace.argument(outside)
            self.trace.sources.append(Access(variable))
            self._variables[key] = variable
        return self._outside[key]

    def write(self, variable: Any, array: Any) -> None:
        """Set the value inside; the first value of a variable that has none is its initial value."""
        if self._creations is not None and held_array(variable) is None and id(variable) not in self._values:
            self.create(variable, array)
            return
        self._remember(variable, array)
        self._read.pop(id(variable), None)
        self._written[id(variable)] = variable

    def value(self, variable: Any) -> Any:
        """Return the value of a variable that was read or assigned inside."""
        return self._values[id(variable)]

    def initial_value(self, compute: Callable[[], Any]) -> Any:
        """Compute inside the whole function, whose values outlive branches and loops."""
        if self._creations is not None:
            with internals.trace_as_current(self.trace):
                return compute()
        return compute() if self._outer is None else self._outer.initial_value(compute)

    def create(self, variable: Any, array: Any) -> None:
        """Let the whole function know.

        Raises:
            ValueError: it may not create variables.
        """
        if self._creations is not None:
            self._creations.add(variable, array)
            if array is not None:
                self._remember(variable, array)
        elif self._outer is not None:
            self._outer.create(variable, array)

    def own(self, variable: Any) -> None:
        """Keep a variable, here and in every function around."""
        self.owned.append(variable)
        if self._outer is not None:
            self._outer.own(variable)

    def _remember(self, variable: Any, array: Any) -> None:
        """Set the value inside without making it a result."""
        self._values[id(variable)] = array
        self._variables[id(variable)] = variable
