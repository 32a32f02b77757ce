"""Runs a Python function on symbols, with its arguments, its variables and the form of what it returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tenon.core.functions._binding import Binder
from tenon.core.functions._template import Template
from tenon.core.host_symbols import HostRecorder
from tenon.core.recording import kernel, run
from tenon.core.tensors import Tensor, array_of
from tenon.core.tracing import Creations, Form, Traced, taken_apart, trace
from tenon.core.variables import held_array, hold_array


@dataclass(frozen=True, eq=False)
class Attempt:
    """One run of a Python function on symbols.

    Attributes:
        traced: what came of it.
        variables: the variables that were arguments, which stand for those of later calls.
        creations: the variables that it created.
    """

    traced: Traced
    variables: Sequence[Any]
    creations: Creations

    @property
    def has_created(self) -> bool:
        """Whether it created variables: it has to run again, now that they exist."""
        return self.creations.has_created

    def initialize(self, arrays: Sequence[Any]) -> None:
        """Give the variables that were created their initial values, which the function computes.

        Args:
            arrays: the arguments, as the initial values may depend on them.
        """
        first = len(self.traced.outputs) - len(self.creations.initial)
        if self.creations.initial:
            given = [array for array in arrays if not is_string(array)]
            values = self.traced.compute(range(first, len(self.traced.outputs)), given)
            for (variable, _), value in zip(self.creations.initial, values, strict=True):
                if held_array(variable) is None:  # a checkpoint that waited for it was quicker
                    hold_array(variable, value)


class Tracer:
    """A Python function, ready to be run on symbols.

    Args:
        function: what runs: the Python function, converted by AutoGraph if that is wanted.
        binder: how its arguments are bound.
        name: what messages call it.
    """

    def __init__(self, function: Callable[..., Any], binder: Binder, name: str) -> None:
        self.function = function
        self.binder = binder
        self.name = name

    def trace(
        self,
        template: Template,
        arrays: Sequence[Any],
        variables: Sequence[Any],
        may_create: bool = False,
        recorder: HostRecorder | None = None,
    ) -> Attempt:
        """Run the function once.

        Args:
            template: the arguments with holes.
            arrays: what has the shapes and dtypes of the tensors; arrays of strings are constants.
            variables: the variables among the arguments, passed as they are: optimizers know them by identity.
            may_create: whether the function may create variables.
            recorder: what writes down the function's steps on the host; what those need are its last outputs.

        Raises:
            TypeError: the function returns something that is no tensor.
            ValueError: it creates variables and may not.
        """
        creations = Creations(may_create)

        def flat(*symbols: Any) -> tuple[list[Any], Form]:
            rest = iter(symbols)
            tensors = [Tensor(array if is_string(array) else next(rest)) for array in arrays]
            args, kwargs = self.binder.spread(template.filled(tensors, variables))
            outputs, form = taken_apart(self.function(*args, **kwargs), self._output)
            results = recorder.results if recorder is not None else []
            if recorder is not None:
                recorder.show_sizes(symbols)
            return [*map(_settled, outputs), *[array for _, array in creations.initial], *results], form

        traced = trace(flat, [array for array in arrays if not is_string(array)], self.name, creations)
        return Attempt(traced, variables, creations)

    def _output(self, value: Any) -> Any:
        try:
            return array_of(value)
        except (TypeError, ValueError) as error:
            raise TypeError(
                "To be compatible with tf.function, Python functions must return zero or more Tensors or "
                "ExtensionTypes or "
                f"None values; in compilation of {self.name}, found return value of type {type(value).__name__}, "
                "which is "
                "not a Tensor or ExtensionType."
            ) from error


def is_on_host(function: Callable[..., Any]) -> bool:
    """Tell whether a function says of itself that it is not to be traced: it has steps on the host and a program.

    Args:
        function: it may have the attributes ``runs_on_host``, and ``on_host_outputs``: what it returns, with specs for
            tensors.

    Example:
        >>> is_on_host(len)
        False
    """
    return bool(getattr(function, "runs_on_host", False))


def is_string(array: Any) -> bool:
    """Tell whether an array is one of strings, which are no data of a program.

    Example:
        >>> is_string(np.ones(1))
        False
    """
    return bool(array.dtype == object)


def _settled(array: Any) -> Any:
    return run(_IDENTITY, [array]) if isinstance(array, np.ndarray | np.generic) else array


_IDENTITY = kernel(lambda x: x)
