"""Programs of JAX whose sizes are symbols, run for sizes that are numbers.

A function that is traced once for open sizes is a jaxpr with symbols of ``jax.export`` in its shapes and parameters.
Running it for arrays binds the symbols to their sizes and runs equation after equation with numbers in the symbols'
places, in inner programs too; so one run of the user's Python serves every size. Private names of JAX are used here
that are used nowhere else.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import jax
import numpy as np
from jax._src import core as _core
from jax._src import linear_util as _linear_util
from jax._src import source_info_util as _source_info
from jax.export import is_symbolic_dim

Sizes = Mapping[str, Any]
"""The size that each symbol stands for, by its name."""


class SizesDifferError(ValueError):
    """Arrays have sizes that the symbols of a program cannot stand for."""


def bound_sizes(variables: Sequence[Any], values: Sequence[Any]) -> Sizes:
    """Return what the symbols of inputs stand for.

    Args:
        variables: the inputs of a jaxpr; every open size is one symbol.
        values: arrays.

    Raises:
        SizesDifferError: one symbol would have two sizes, or none: symbols stand for 1 and more.
    """
    sizes: dict[str, Any] = {}
    for variable, value in zip(variables, values, strict=True):
        for symbol, size in zip(variable.aval.shape, value.shape, strict=True):
            if is_symbolic_dim(symbol) and (sizes.setdefault(str(symbol), size) != size or size == 0):
                raise SizesDifferError(f"{symbol} cannot be {size}: it is {sizes[str(symbol)]}, and no size is 0.")
    return sizes


def run_for_sizes(jaxpr: Any, values: Sequence[Any]) -> list[Any]:
    """Run a jaxpr without constants, whose sizes are symbols, on arrays.

    Raises:
        SizesDifferError: the arrays do not fit.
    """
    return _Numbers(bound_sizes(jaxpr.invars, values)).run(jaxpr, (), values)


class _Numbers:
    """Puts numbers in the places of symbols.

    Args:
        sizes: what the symbols stand for.
    """

    def __init__(self, sizes: Sizes) -> None:
        self._sizes = sizes

    def run(self, jaxpr: Any, constants: Sequence[Any], values: Sequence[Any]) -> list[Any]:
        """Run equation after equation."""
        found: dict[Any, Any] = dict(zip((*jaxpr.constvars, *jaxpr.invars), (*constants, *values), strict=True))

        def read(atom: Any) -> Any:
            return atom.val if isinstance(atom, _core.Literal) else found[atom]

        for equation in jaxpr.eqns:
            outputs = self._equation(equation, [read(atom) for atom in equation.invars])
            found.update(zip(equation.outvars, outputs, strict=True))
        return [read(atom) for atom in jaxpr.outvars]

    def _equation(self, equation: Any, inputs: Sequence[Any]) -> Sequence[Any]:
        params = {name: _RULES.get(name, _Numbers.of)(self, value) for name, value in equation.params.items()}
        if equation.primitive.name == "dim_as_value":
            return [np.asarray(params["dim"], equation.outvars[0].aval.dtype)]
        source = equation.source_info
        stack = _source_info.current_name_stack() + source.name_stack
        with _source_info.user_context(source.traceback, name_stack=stack), equation.ctx.manager:
            outputs = equation.primitive.bind(*inputs, **equation.primitive.get_bind_params(params))
        return outputs if equation.primitive.multiple_results else [outputs]

    def of(self, value: Any) -> Any:
        """Return a parameter with numbers; the very object where it has no symbols."""
        if is_symbolic_dim(value):
            return self._number(value)
        if isinstance(value, _KEPT):
            return value
        if hasattr(type(value), "__tf_with_sizes__"):
            return value.__tf_with_sizes__(self.of)
        change = next((change for kind, change in _CHANGES.items() if isinstance(value, kind)), None)
        return value if change is None else change(self, value)

    def _number(self, size: Any) -> Any:
        number = size._evaluate(dict(self._sizes))
        return number if is_symbolic_dim(number) else operator.index(number)

    def _container(self, value: Any) -> Any:
        items = [self.of(item) for item in value]
        if all([new is old for new, old in zip(items, value, strict=True)]):
            return value
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)

    def _mapping(self, value: Any) -> Any:
        return {key: self.of(item) for key, item in value.items()}

    def _aval(self, value: Any) -> Any:
        shape = self._container(value.shape)
        return value if shape is value.shape else value.update(shape=shape)

    def _closed(self, value: Any) -> Any:
        if not _has_symbols(value.jaxpr):
            return value
        like = [self._aval(variable.aval) for variable in value.jaxpr.invars]
        return jax.make_jaxpr(lambda *inputs: self.run(value.jaxpr, value.consts, inputs))(*map(_struct, like))

    def _open(self, value: Any) -> Any:
        if not _has_symbols(value) or value.constvars:
            return value
        closed = self._closed(_core.ClosedJaxpr(value, ()))
        return value if closed.consts else closed.jaxpr

    def _forward_rule(self, value: Any) -> Any:
        """Return what makes the jaxpr of a function with a derivative of its own, when it is needed."""

        def made(*zeros: Any) -> Any:
            jaxpr, constants, *rest = value.call_wrapped(*zeros)
            closed = self._closed(_core.ClosedJaxpr(jaxpr, constants))
            return closed.jaxpr, closed.consts, *rest

        return _linear_util.wrap_init(made, debug_info=value.debug_info)

    def _backward_rule(self, value: Any) -> Any:
        """Return the backward rule of such a function, which knows the shapes that its arguments had."""
        if not isinstance(value, _linear_util.WrappedFun):
            return value
        rule = _linear_util.wrap_init(value.f, dict(value.params), debug_info=value.debug_info)
        for (transform, known), store in reversed(list(zip(value.transforms, value.stores, strict=True))):
            rule = rule.wrap(transform, self.of(known), store)
        return rule


def _struct(aval: Any) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(aval.shape, aval.dtype, weak_type=getattr(aval, "weak_type", False))


_KEPT: Final = (int, float, str, bool, bytes, np.dtype, np.ndarray, np.generic, jax.Array, type(None))

_CHANGES: Final[Mapping[type, Callable[[_Numbers, Any], Any]]] = {
    tuple: _Numbers._container,
    list: _Numbers._container,
    dict: _Numbers._mapping,
    _core.ClosedJaxpr: _Numbers._closed,
    _core.Jaxpr: _Numbers._open,
    _core.ShapedArray: _Numbers._aval,
}

_RULES: Final[Mapping[str, Callable[[_Numbers, Any], Any]]] = {
    "jvp_jaxpr_fun": _Numbers._forward_rule,
    "fwd_jaxpr_thunk": _Numbers._forward_rule,
    "bwd": _Numbers._backward_rule,
}


def _has_symbols(jaxpr: Any) -> bool:
    variables = [*jaxpr.invars, *jaxpr.constvars, *[var for eqn in jaxpr.eqns for var in eqn.outvars]]
    if any([is_symbolic_dim(size) for var in variables for size in getattr(var.aval, "shape", ())]):
        return True
    return any([_mentions(value) for eqn in jaxpr.eqns for value in eqn.params.values()])


def _mentions(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(map(_mentions, value))
    inner = getattr(value, "jaxpr", value)
    return is_symbolic_dim(value) or (isinstance(inner, _core.Jaxpr) and _has_symbols(inner))


def has_backward_rules(jaxpr: Any) -> bool:
    """Tell whether a function with a backward rule of its own is called, whose Python will see the sizes of arrays."""
    return any([_is_backward_rule(name, value) for eqn in jaxpr.eqns for name, value in eqn.params.items()])


def _is_backward_rule(name: str, value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any([_is_backward_rule(name, item) for item in value])
    inner = getattr(value, "jaxpr", value)
    return name == "bwd" or (isinstance(inner, _core.Jaxpr) and has_backward_rules(inner))
