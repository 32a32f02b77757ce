"""A function with strings that depend on what it computes: steps on the host, a program, steps on the host."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from tenon.core.functions._pure import PureForm
from tenon.core.host_symbols import NeedsHostStepsError, current_recorder
from tenon.core.nest import flatten, pack_sequence_as
from tenon.core.recording import Kernel, executing_eagerly_on_arrays, run
from tenon.core.tensors import as_tensor
from tenon.core.variables import assign_array, held_array, read_array


class HostedProgram:
    """One traced function that takes or makes strings; it is called as a ``Program`` is.

    Args:
        form: what came of tracing.
        name: what messages call it.
        inlined: runs the Python function on arrays, as a part of a function around it.
    """

    def __init__(self, form: PureForm, name: str, inlined: Callable[[Sequence[Any], Sequence[Any]], Any]) -> None:
        self._form, self._name, self._inlined = form, name, inlined
        self._kernel = Kernel(form.function, name)
        self._count = len(form.outputs)

    def lowered(self, arrays: Sequence[Any], variables: Sequence[Any]) -> jax.stages.Lowered:
        """Return the program between the steps as it goes to XLA."""
        del variables
        with jax.enable_x64(True):
            return self._kernel.compiled.lower(*self._arguments(arrays)[0])

    def _arguments(self, arrays: Sequence[Any]) -> tuple[list[Any], Any]:
        """Run the first steps; return what the program takes and what the last steps need."""
        assert self._form.host is not None
        values = [read_array(variable, held_array(variable), variable.trainable) for variable in self._form.variables]
        arguments, found = self._form.host.before([np.asarray(array) for array in arrays])
        return [*values, *[as_tensor(argument).value for argument in arguments]], found

    def __call__(self, arrays: Sequence[Any], variables: Sequence[Any]) -> Any:
        """Run on arrays; return what the Python function returns.

        Raises:
            NeedsHostStepsError: a function around it is being traced to be run at once; that has steps too, then.
        """
        if current_recorder() is not None:
            return self._inlined(arrays, variables)
        host = self._form.host
        if not executing_eagerly_on_arrays() or host is None:
            raise NeedsHostStepsError(f"{self._name}: makes strings of what the function around it computes.")
        arguments, found = self._arguments(arrays)
        results = list(run(self._kernel, arguments))
        for variable, array in zip(self._form.written, results[self._count :], strict=True):
            assign_array(variable, array)
        outputs = iter(host.after(found, [np.asarray(result) for result in results[: self._count]]))
        structure = self._form.structured_outputs
        leaves = [None if leaf is None else as_tensor(next(outputs)) for leaf in flatten(structure)]
        return pack_sequence_as(structure, leaves)
