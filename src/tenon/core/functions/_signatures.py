"""Signatures of functions: the specs that a user states, sizes left open, and text that shows them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import jax
import numpy as np
from jax.export import SymbolicScope, symbolic_shape

from tenon.core.functions._binding import Binder
from tenon.core.functions._keys import Call, is_composite_spec
from tenon.core.nest import flatten, flatten_with_paths, map_up_to, pack_sequence_as
from tenon.core.tensors import Tensor, TensorSpec, array_of, as_tensor, convert_to_tensor, type_spec_from_value
from tenon.core.variables import Variable


class InputSignature:
    """The specs that a user states for the arguments of a function.

    Args:
        specs: one nested structure of ``TensorSpec`` for each parameter, as a list or tuple; specs of ragged and
            sparse tensors are checked, and the function is traced for each partition of rows.
        binder: the parameters.

    Raises:
        TypeError: there are more specs than parameters, or a parameter without default has none.
    """

    def __init__(self, specs: Any, binder: Binder) -> None:
        if not isinstance(specs, list | tuple):
            raise TypeError(f"input_signature must be either a tuple or a list, got {type(specs)}.")
        names = [p.name for p in binder.parameters if p.kind is not inspect.Parameter.VAR_KEYWORD]
        variadic = any([p.kind is inspect.Parameter.VAR_POSITIONAL for p in binder.parameters])
        if len(specs) > len(names) and not variadic:
            raise TypeError(f"input_signature contains {len(specs) - len(names)} extra type constraints.")
        self.specs = tuple(specs)
        self._binder = binder
        self._bound = self._defaults(binder)

    def _defaults(self, binder: Binder) -> tuple[Any, ...]:
        bound: list[Any] = []
        rest = list(self.specs)
        for parameter in binder.parameters:
            if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
                bound.append(tuple(rest))
                rest = []
            elif parameter.kind is inspect.Parameter.VAR_KEYWORD:
                bound.append({})
            elif rest:
                bound.append(rest.pop(0))
            elif parameter.default is not inspect.Parameter.empty:
                bound.append(parameter.default)
            else:
                raise TypeError(
                    f"input_signature: missing type constraint for {parameter.name!r}, which has no default: give a "
                    "tf.TensorSpec for each parameter."
                )
        return tuple(bound)

    @property
    def arguments(self) -> tuple[Any, ...]:
        """One value for each parameter: specs, and defaults where there is no spec."""
        return self._bound

    def converted(self, values: tuple[Any, ...], args: Any, kwargs: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return the values of a call as tensors of the stated dtypes.

        Raises:
            TypeError: a value does not fit its spec.
        """
        try:
            return tuple([_cast(value, stated) for value, stated in zip(values, self._bound, strict=True)])
        except (TypeError, ValueError) as error:
            raise self._binder.refusal(str(error), args, kwargs) from error

    def specs_for(self, values: tuple[Any, ...]) -> list[TensorSpec]:
        """Return one spec for each tensor of a call: the stated ones, and the parts' own of ragged and sparse tensors.

        Args:
            values: what ``converted`` returned.
        """
        pairs: list[tuple[Any, Any]] = []
        for stated, value in zip(self._bound, values, strict=True):
            map_up_to(lambda *pair: pairs.append(pair), stated, value)
        found = [Call((value if is_composite_spec(spec) else spec,)).arrays for spec, value in pairs]
        return [TensorSpec.from_spec(spec) if isinstance(spec, TensorSpec) else spec_of(spec) for spec in chain(*found)]


def spec_of(array: Any) -> TensorSpec:
    """Return the spec of an array, or a spec without further types.

    Example:
        >>> spec_of(np.ones([2]))
        TensorSpec(shape=(2,), dtype=tf.float64, name=None)
    """
    return TensorSpec(array.shape, array.dtype, getattr(array, "name", None))


def _cast(value: Any, stated: Any) -> Any:
    specs = flatten(stated)
    if not any([isinstance(spec, TensorSpec) or is_composite_spec(spec) for spec in specs]):
        if value is not stated and value != stated:
            raise TypeError(f"Can not cast {value!r} to Literal[{stated!r}]: input_signature has no spec for it")
        return value
    return map_up_to(_cast_leaf, stated, value)


def _cast_leaf(spec: Any, value: Any) -> Any:
    if is_composite_spec(spec):
        if not spec.is_compatible_with(value):
            raise TypeError(f"Can not cast {type_spec_from_value(value)} to {spec}")
        return value
    if not isinstance(spec, TensorSpec):
        return _cast(value, spec)
    if isinstance(value, TensorSpec):
        tensor: Any = value
    elif isinstance(value, Tensor | jax.Array | Variable):
        tensor = convert_to_tensor(value)
    else:
        tensor = as_tensor(array_of(value, spec.dtype))
    if tensor.dtype != spec.dtype or not spec.shape.is_compatible_with(tensor.shape):
        raise TypeError(
            f"Can not cast {TensorSpec(tensor.shape, tensor.dtype)} to {TensorSpec(spec.shape, spec.dtype)}"
        )
    return tensor


SAMPLE_SIZE = 8
"""A size for open dimensions where a function cannot be traced with symbols."""


def structs(
    specs: Sequence[TensorSpec], maybe_empty: int = 0, freest: bool = True
) -> Iterator[list[jax.ShapeDtypeStruct]]:
    """Yield shapes and dtypes to trace with, the most general first.

    Fixed shapes stand for themselves. Open sizes become symbols: each one of its own; then one shared by all first
    dimensions; then one shared by each axis; then sizes that are numbers.

    Args:
        specs: the specs.
        maybe_empty: of how many of the last ones open sizes may be 0; JAX takes symbols for 1 and more.
        freest: whether to begin with first dimensions that differ, which few functions take.
    """
    if all([spec.shape.is_fully_defined() for spec in specs]):
        yield [jax.ShapeDtypeStruct(tuple(spec.shape.as_list()), spec.dtype.dtype) for spec in specs]
        return
    for texts in _distinct(specs, (_own_symbol, _symbol_of_batch, _symbol_of_axis)[not freest :], maybe_empty):
        scope = SymbolicScope()
        shapes = [symbolic_shape(text, scope=scope) if text else () for text in texts]
        yield [jax.ShapeDtypeStruct(shape, spec.dtype.dtype) for shape, spec in zip(shapes, specs, strict=True)]
    sizes = [[SAMPLE_SIZE if size is None else size for size in spec.shape] for spec in specs]
    yield [jax.ShapeDtypeStruct(tuple(size), spec.dtype.dtype) for size, spec in zip(sizes, specs, strict=True)]


def _distinct(
    specs: Sequence[TensorSpec], choices: Sequence[Callable[[int, int], str]], maybe_empty: int
) -> list[list[str]]:
    """Return shapes as text for each way to choose symbols; ways that differ in the symbols' names only are one."""
    found: dict[Any, list[str]] = {}
    for symbol in choices:
        places = [(n, axis) for n, spec in enumerate(specs) for axis, size in enumerate(spec.shape) if size is None]
        chosen = [symbol(*place) for place in places]
        first = len(specs) - maybe_empty
        texts = [_text(index, spec, symbol, " - 1" * (index >= first)) for index, spec in enumerate(specs)]
        found.setdefault(tuple(map(chosen.index, chosen)), texts)
    return list(found.values())


def _text(index: int, spec: TensorSpec, symbol: Callable[[int, int], str], less: str) -> str:
    return ", ".join(
        [symbol(index, axis) + less if size is None else str(size) for axis, size in enumerate(spec.shape)]
    )


def _own_symbol(index: int, axis: int) -> str:
    return f"d{index}_{axis}" if axis or index else "b"


def _symbol_of_batch(index: int, axis: int) -> str:
    return f"d{index}_{axis}" if axis else "b"


def _symbol_of_axis(_: int, axis: int) -> str:
    return f"d{axis}" if axis else "b"


def named(values: Any, parameters: Sequence[inspect.Parameter]) -> list[Any]:
    """Return arguments whose specs without a name have that of their parameter and place."""
    return [_named(value, parameter.name) for value, parameter in zip(values, parameters, strict=True)]


def _named(value: Any, name: str) -> Any:
    leaves = [
        TensorSpec(leaf.shape, leaf.dtype, leaf.name or _joined(name, path)) if isinstance(leaf, TensorSpec) else leaf
        for path, leaf in flatten_with_paths(value)
    ]
    return pack_sequence_as(value, leaves)


def _joined(name: str, path: str) -> str:
    parts = [part.strip("'\"") for part in path.replace("[", ".").replace("]", "").split(".") if part]
    return "_".join([name, *parts])


def shown(value: Any) -> str:
    """Return the type of an argument or result as TensorFlow writes it.

    Example:
        >>> shown([1, None])
        'List[Literal[1], Literal[None]]'
    """
    if isinstance(value, TensorSpec):
        return repr(TensorSpec(value.shape, value.dtype))
    if isinstance(value, Variable):
        return f"VariableSpec(shape={value.shape}, dtype={value.dtype!r}, trainable={value.trainable}, alias_id=0)"
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        pairs = zip(value._fields, value, strict=True)
        return f"{type(value).__name__}[{', '.join([f'[{name!r}, {shown(item)}]' for name, item in pairs])}]"
    if isinstance(value, list | tuple):
        return f"{'List' if isinstance(value, list) else 'Tuple'}[{', '.join(map(shown, value))}]"
    if isinstance(value, Mapping):
        return f"Dict[{', '.join([f'[{key!r}, {shown(item)}]' for key, item in value.items()])}]"
    return f"Literal[{value!r}]" if not isinstance(value, np.ndarray) else f"Literal[{value.tolist()!r}]"
