"""How a row becomes a function of ``tf.experimental.numpy``: a signature of NumPy around a function of JAX."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import jax.numpy as jnp

from tenon.core._names import export
from tenon.core.numpy_api._dtypes import array_like, dtype_of, floating, promoted
from tenon.core.recording import kernel, run
from tenon.core.tensors import Tensor, as_tensor, constant_value, is_tensor_like

Convert = Callable[[Sequence[Any]], list[Any]]

PATH: Final = "experimental.numpy."
"""Where the functions are public."""

CONVERSIONS: Final[Mapping[str, Convert]] = {
    "as they are": lambda values: [array_like(value) for value in values],
    "one dtype": promoted,
    "floating": floating,
}
"""What happens to the arrays of a call before they are computed with."""


def function(name: str, signature: str, compute: Callable[..., Any] | None = None, dtypes: str = "as they are") -> Any:
    """Make a public function.

    Args:
        name: NumPy's.
        signature: NumPy's; what stands before ``/`` becomes arrays, ``*x`` too, ``[x]`` (written ``x_list``) is a list
            of arrays; the rest is static.
        compute: takes the arrays and the static arguments that are not ``None`` by name; JAX's for ``None``.
        dtypes: a key of ``CONVERSIONS``.

    Returns:
        The function.

    Example:
        >>> function("example", "a, /, axis=None", jnp.sum)([1, 2]).numpy()
        np.int64(3)
        >>> from tenon.core._names import NAMES
        >>> _ = NAMES.pop("experimental.numpy.example")
    """
    scope: dict[str, Any] = {"float": float}
    exec(f"def stated({signature}): pass", scope)  # noqa: S102  # our own table's text
    stated = inspect.signature(scope["stated"])
    chosen = compute if compute is not None else getattr(jnp, name)
    convert = CONVERSIONS[dtypes]
    public_signature = _without_marks(stated)

    def public(*args: Any, **kwargs: Any) -> Any:
        bound = public_signature.bind(*args, **kwargs)
        bound.apply_defaults()
        arrays, form, static = _sorted(stated, bound.arguments)
        return wrapped(run(kernel(_called, compute=chosen, form=form, **static), convert(arrays)))

    public.__name__ = public.__qualname__ = name
    public.__module__ = "tenon.experimental.numpy"
    public.__doc__ = f"As ``numpy.{name}``, of tensors, with gradients."
    vars(public)["__signature__"] = public_signature
    return export(PATH + name)(public)


def _without_marks(stated: inspect.Signature) -> inspect.Signature:
    """Return a signature whose parameters may be given by name, lists under their own."""
    parameters = [
        p.replace(name=p.name.removesuffix("_list"), kind=inspect.Parameter.POSITIONAL_OR_KEYWORD)
        if p.kind is inspect.Parameter.POSITIONAL_ONLY
        else p
        for p in stated.parameters.values()
    ]
    return inspect.Signature(parameters)


def _sorted(stated: inspect.Signature, given: Mapping[str, Any]) -> tuple[list[Any], tuple[int, ...], dict[str, Any]]:
    """Return the arrays of a call one after the other, how many each parameter has (-1: one), and the static rest."""
    arrays: list[Any] = []
    form: list[int] = []
    static: dict[str, Any] = {}
    for p in stated.parameters.values():
        value = given[p.name.removesuffix("_list")]
        if p.kind is inspect.Parameter.VAR_POSITIONAL:
            arrays.extend(value)
            form.extend([-1] * len(value))
        elif p.kind is inspect.Parameter.POSITIONAL_ONLY and p.name.endswith("_list"):
            items = list(value)
            arrays.extend(items)
            form.append(len(items))
        elif p.kind is inspect.Parameter.POSITIONAL_ONLY:
            if value is not None:
                arrays.append(value)
                form.append(-1)
        elif p.kind is inspect.Parameter.VAR_KEYWORD:
            static.update({key: plain(item) for key, item in value.items()})
        elif value is not None:
            static[p.name] = dtype_of(value) if p.name == "dtype" else plain(value)
    return arrays, tuple(form), static


def plain(value: Any) -> Any:
    """Return a static argument as hashable values of Python."""
    if isinstance(value, list | tuple) or is_tensor_like(value) or hasattr(value, "tolist"):
        value = constant_value(value)
    return tuple([plain(item) for item in value]) if isinstance(value, list | tuple) else value


def _called(*arrays: Any, compute: Callable[..., Any], form: tuple[int, ...], **static: Any) -> Any:
    rest = iter(arrays)
    return compute(*[next(rest) if n < 0 else [next(rest) for _ in range(n)] for n in form], **static)


def wrapped(value: Any) -> Any:
    """Return arrays, also in lists and tuples, as tensors."""
    if isinstance(value, list | tuple):
        return (
            type(value)([wrapped(item) for item in value])
            if type(value) in (list, tuple)
            else list(map(wrapped, value))
        )
    return value if isinstance(value, Tensor) else as_tensor(value)
