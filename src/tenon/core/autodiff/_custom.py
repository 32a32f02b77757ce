"""Functions that know their own derivative: ``tf.custom_gradient`` and what is made of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import partial, wraps
from typing import Any

import jax
import numpy as np

from tenon.core._names import export
from tenon.core.autodiff._tape import GradientTape, leaves_of, like
from tenon.core.recording import (
    Kernel,
    Recorder,
    active_recorders,
    executing_eagerly_on_arrays,
    is_differentiable,
    new_identity,
    run,
)
from tenon.core.tensors import Tensor, array_of, as_tensor, convert_to_tensor
from tenon.core.tracing import Traced, trace

Function = Callable[..., Any]


@export("custom_gradient")
def custom_gradient(f: Function | None = None) -> Any:
    """Decorate a function that returns its result and a function of its gradient, ``tf.custom_gradient``.

    Args:
        f: takes tensors, returns ``(result, grad_fn)``. ``grad_fn(*gradients_of_the_results)`` returns the gradients of
            the arguments; where ``f`` reads trainable variables it must take ``variables=`` too and return the
            gradients of the arguments and those of the variables.

    Returns:
        The function of tensors that returns the result alone. While a ``tf.function`` is traced, ``f`` runs twice.

    Raises:
        TypeError: (the returned function) ``f`` reads trainable variables and ``grad_fn`` takes no ``variables``.
        ValueError: (when a gradient is taken) ``grad_fn`` returns another number of gradients than there are arguments.

    Example:
        >>> @custom_gradient
        ... def halved(x):
        ...     return x, lambda upstream: upstream * 0.5
        >>> x = convert_to_tensor(3.0)
        >>> with GradientTape() as tape:
        ...     tape.watch(x)
        ...     y = halved(x)
        >>> tape.gradient(y, x).numpy()
        np.float32(0.5)
    """
    if f is None:
        return custom_gradient
    function = f

    @wraps(function)
    def with_gradient(*args: Any, **kwargs: Any) -> Any:
        tensors = [convert_to_tensor(leaf) for leaf in leaves_of(args)]
        call = _Call(function, args, kwargs)
        return call.eagerly(tensors) if executing_eagerly_on_arrays() else call.staged(tensors)

    return with_gradient


class _Call:
    """One call of a function with a gradient of its own."""

    def __init__(self, function: Function, args: Any, kwargs: dict[str, Any]) -> None:
        self._function = function
        self._args = args
        self._kwargs = kwargs

    def eagerly(self, tensors: Sequence[Tensor]) -> Any:
        recorder = Recorder()
        with recorder:  # the tapes see what runs inside as well: grad_fn may use it, and be differentiated
            result, grad_fn = self._run(tensors)
        variables = [variable for variable in recorder.read_variables() if variable.trainable]
        _check_takes_variables(grad_fn, variables)
        outputs = [new_identity(array_of(leaf)) for leaf in leaves_of(result)]
        read = [recorder.arrays_of(variable) for variable in variables]
        inputs = [*[tensor.value for tensor in tensors], *[array for arrays in read for array in arrays[:1]]]
        pullback = partial(_pulled_back, grad_fn, len(tensors), variables, outputs)
        for active in active_recorders():
            for variable, arrays in zip(variables, read, strict=True):
                active.variable_read(variable, arrays[0], True)
            active.opaque_ran(inputs, outputs, pullback)
        return like(result, [as_tensor(output) for output in outputs])

    def staged(self, tensors: Sequence[Tensor]) -> Any:
        """Write the call into the program that is being traced as one function with its own rule."""
        arrays = [tensor.value for tensor in tensors]
        forward = trace(self._outputs, arrays, "custom_gradient")
        backward = trace(partial(self._gradients, len(arrays)), [*arrays, *forward.outputs], "custom_gradient_backward")
        kernel = Kernel(partial(_with_rule, forward, backward, tuple(_trainable(forward))), "custom_gradient")
        flat = run(kernel, [*arrays, *forward.inputs(), *backward.inputs()])
        return like(forward.extra, [as_tensor(output) for output in forward.assign(flat)])

    def _run(self, tensors: Sequence[Any]) -> Any:
        return self._function(*like(self._args, list(tensors)), **self._kwargs)

    def _outputs(self, *arrays: Any) -> tuple[list[Any], Any]:
        result, _ = self._run([Tensor(array) for array in arrays])
        return [array_of(leaf) for leaf in leaves_of(result)], result

    def _gradients(self, count: int, *values: Any) -> tuple[list[Any], Any]:
        recorder = Recorder()
        with recorder:
            _, grad_fn = self._run([Tensor(array) for array in values[:count]])
        variables = [variable for variable in recorder.read_variables() if variable.trainable]
        _check_takes_variables(grad_fn, variables)
        found = _pulled_back(grad_fn, count, variables, values[count:], *values[count:])
        known = [gradient for gradient in found if gradient is not None]
        return known, (tuple([gradient is not None for gradient in found]), tuple(variables))


def _trainable(forward: Traced) -> list[Any]:
    """Return the variable of each source that is the value of a trainable one; ``None`` for the others."""
    return [getattr(source, "variable", None) for source in forward.sources]


def _with_rule(forward: Traced, backward: Traced, variables: tuple[Any, ...], *values: Any) -> Any:
    present, read = backward.extra
    own = forward.arguments + len(forward.sources)

    @jax.custom_vjp
    def call(*values: Any) -> Any:
        return tuple(forward.function(*values[:own]))

    def keep(*values: Any) -> Any:
        return call(*values), values

    def pull(values: Any, cotangents: Any) -> Any:
        given = cotangents[: len(forward.outputs)]
        found = iter(backward.function(*values[: forward.arguments], *given, *values[own:]))
        gradients = [next(found) if there else None for there in present]
        of_variable = dict(zip(map(id, read), gradients[forward.arguments :], strict=True))
        sources = [of_variable.get(id(variable)) for variable in variables]
        rest = [None] * (len(values) - own)
        return tuple(
            [
                _zero(value) if found is None else found
                for value, found in zip(values, [*gradients[: forward.arguments], *sources, *rest], strict=True)
            ]
        )

    call.defvjp(keep, pull)
    return call(*values)


def _zero(value: Any) -> Any:
    if is_differentiable(value):
        return jax.numpy.zeros_like(value)
    return np.zeros(value.shape, jax.dtypes.float0)


def _check_takes_variables(grad_fn: Function, variables: Sequence[Any]) -> None:
    if not variables:
        return
    parameters = inspect.signature(grad_fn).parameters.values()
    if not any(p.name == "variables" or p.kind is p.VAR_KEYWORD for p in parameters):
        raise TypeError(
            "If using @custom_gradient with a function that uses variables, then grad_fn must accept a 'variables' "
            f"keyword argument; {getattr(grad_fn, '__name__', grad_fn)!r} does not, and the function reads "
            f"{[variable.name for variable in variables]}."
        )


def _pulled_back(
    grad_fn: Function, count: int, variables: Sequence[Any], outputs: Sequence[Any], *gradients: Any
) -> list[Any | None]:
    """Return the gradients of the arguments and then of the variables, as arrays."""
    given = [
        as_tensor(np.zeros(output.shape, output.dtype) if gradient is None else gradient)
        for output, gradient in zip(outputs, gradients, strict=True)
    ]
    found = grad_fn(*given, variables=list(variables)) if variables else grad_fn(*given)
    of_arguments, of_variables = found if variables else (found, [])
    flat = leaves_of(of_arguments)
    if len(flat) != count:
        raise ValueError(f"grad_fn: must return a gradient for each of {count} arguments; received {len(flat)}.")
    return [None if leaf is None else array_of(leaf) for leaf in (*flat, *leaves_of(list(of_variables)))]


@export("recompute_grad")
def recompute_grad(f: Function) -> Function:
    """Return ``f`` such that its derivative computes ``f`` anew instead of keeping intermediate results.

    As ``tf.recompute_grad``: memory is traded for time.

    Args:
        f: a function of tensors that returns tensors.

    Example:
        >>> from tenon.core.variables import Variable
        >>> x = Variable(3.0)
        >>> with GradientTape() as tape:
        ...     y = recompute_grad(lambda v: v * v)(x)
        >>> tape.gradient(y, x).numpy()
        np.float32(6.0)
    """

    @wraps(f)
    def recomputed(*args: Any, **kwargs: Any) -> Any:
        @custom_gradient
        def call(*tensors: Any) -> Any:
            def grad_fn(*upstream: Any, variables: Sequence[Any] = ()) -> Any:
                with GradientTape() as tape:
                    tape.watch(tensors)
                    result = f(*tensors, **kwargs)
                flat = leaves_of(result)
                found = tape.gradient(flat, [*leaves_of(tensors), *variables], output_gradients=list(upstream))
                split = len(leaves_of(tensors))
                return (found[:split], found[split:]) if variables else found

            return f(*tensors, **kwargs), grad_fn

        return call(*args)

    return recomputed


@export("grad_pass_through")
def grad_pass_through(f: Function) -> Function:
    """Return ``f`` such that gradients pass it unchanged, as ``tf.grad_pass_through``: a straight-through estimator.

    Args:
        f: a function of tensors that returns a tensor of the shape of its first argument.

    Example:
        >>> x = convert_to_tensor(1.4)
        >>> with GradientTape() as tape:
        ...     tape.watch(x)
        ...     y = grad_pass_through(lambda v: v * 0.0)(x)
        >>> y.numpy(), tape.gradient(y, x).numpy()
        (np.float32(0.0), np.float32(1.0))
    """

    @wraps(f)
    @custom_gradient
    def passed(*args: Any, **kwargs: Any) -> Any:
        def grad_fn(*upstream: Any, variables: Sequence[Any] = ()) -> Any:
            return (upstream, [None] * len(variables)) if variables else upstream

        return f(*args, **kwargs), grad_fn

    return passed
