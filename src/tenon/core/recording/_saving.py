"""Kernels that keep what their derivative needs, so that it does not have to compute everything again.

For a small kernel, computing again costs nothing: XLA does it while it is at it. For a whole function or loop it
doubles the work. Its twin returns, beside the outputs, the *residuals* of ``jax.vjp``. The twin is a kernel like any
other: an outer recorder, which needs derivatives of residuals too, treats it as one and computes again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import jax
import numpy as np

from tenon.core.recording._kernels import Kernel, is_differentiable, kernel, run, stage
from tenon.core.recording._recorder import active_recorders, executing_eagerly_on_arrays, unrecorded


class Residual(NamedTuple):
    """Where a residual is: among the inputs of the kernel, or among its outputs."""

    is_input: bool
    place: int


class Derivative(NamedTuple):
    """How the gradients of the inputs come from residuals and the gradients of the outputs.

    Attributes:
        residuals: where they are.
        tree: makes of them a function from gradients of the outputs to gradients of the inputs.
        outputs: shapes and dtypes of the outputs.
    """

    residuals: tuple[Residual, ...]
    tree: Any
    outputs: tuple[jax.ShapeDtypeStruct, ...]


class Saving:
    """The twin of a kernel that returns residuals behind the outputs, for inputs of the same shapes.

    Args:
        kernel: what it computes.
        places: the inputs with respect to which the derivative will be taken.

    Attributes:
        kernel: the twin.
    """

    def __init__(self, kernel: Kernel, places: tuple[int, ...]) -> None:
        self.places = places
        self.derivative: Derivative | None = None
        self.kernel = Kernel(self._saving(kernel.function), kernel.name, kernel.dependence)
        self.kernel.saving = self

    def _saving(self, function: Callable[..., Any]) -> Callable[..., list[Any]]:
        def saving(*values: Any) -> list[Any]:
            def of_live(*live: Any) -> list[Any]:
                given = list(values)
                for place, value in zip(self.places, live, strict=True):
                    given[place] = value
                return jax.tree.leaves(function(*given))

            outputs, pull = jax.vjp(of_live, *[values[place] for place in self.places])
            leaves, tree = jax.tree.flatten(pull)
            returned = list(outputs)
            known = {id(value): Residual(True, place) for place, value in enumerate(values)}
            known |= {id(value): Residual(False, place) for place, value in enumerate(outputs)}
            for leaf in leaves:
                if id(leaf) not in known:
                    known[id(leaf)] = Residual(False, len(returned))
                    returned.append(leaf)
            shapes = tuple([jax.ShapeDtypeStruct(output.shape, output.dtype) for output in outputs])
            self.derivative = Derivative(tuple([known[id(leaf)] for leaf in leaves]), tree, shapes)
            return returned

        saving.__name__ = saving.__qualname__ = getattr(function, "__name__", "function")
        return saving

    @property
    def results(self) -> int:
        """How many of the outputs are no residuals."""
        assert self.derivative is not None, "the kernel has not run yet"
        return len(self.derivative.outputs)

    def pull(self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any | None]) -> dict[int, Any]:
        """Return the gradients of the inputs at ``places``, by place.

        Args:
            inputs: what the kernel took; those that are no residuals may be anything.
            outputs: what it returned, residuals included; those that are no residuals may be anything.
            gradients: of the outputs; ``None`` for zero.
        """
        assert self.derivative is not None, "the kernel has not run yet"
        leaves = [inputs[r.place] if r.is_input else outputs[r.place] for r in self.derivative.residuals]
        pairs = zip(self.derivative.outputs, gradients, strict=True)
        found = jax.tree.unflatten(self.derivative.tree, leaves)([_cotangent(*pair) for pair in pairs])
        return dict(zip(self.places, found, strict=True))


def _cotangent(output: jax.ShapeDtypeStruct, gradient: Any | None) -> Any:
    if not is_differentiable(output):
        return np.zeros(output.shape, jax.dtypes.float0)
    return (
        jax.numpy.zeros(output.shape, output.dtype) if gradient is None else jax.numpy.asarray(gradient, output.dtype)
    )


def run_saving(program: Kernel, values: Sequence[Any], has_effects: bool = False) -> list[Any]:
    """Run a kernel that is worth it; where a recorder wants its derivative, keep what that needs.

    Args:
        program: returns a list or tuple of arrays.
        values: its inputs.
        has_effects: whether it calls Python on the host: it belongs into the program then, even if every value is known
            while that is traced.

    Example:
        >>> run_saving(Kernel(lambda x: [x + x]), [jax.numpy.float32(1)])
        [Array(2., dtype=float32)]
    """
    if has_effects and not executing_eagerly_on_arrays():
        with unrecorded():
            symbol = stage(_SYMBOL, ())
        inner = program.function
        return run_saving(Kernel(lambda _, *given: inner(*given), program.name), [symbol, *values])
    recorders = active_recorders()
    places = tuple([place for place, value in enumerate(values) if any([r.wants_derivative(value) for r in recorders])])
    if not places:
        return list(run(program, values))
    key = (places, tuple([value.shape for value in values]))
    twin = program.twins.get(key)
    if twin is None:
        twin = program.twins[key] = Saving(program, places)
    outputs = run(twin.kernel, values)
    return list(outputs[: twin.results])


_SYMBOL: Final = kernel(lambda: jax.lax.full((), 0, np.int32))
