"""The table of operations: one row a function, from which TensorFlow's public function is made.

A row says how the function is called and which pure function of arrays computes it. The rest is the same for all:
values become tensors by TensorFlow's rules, dtypes are checked and named, the kernel runs on whatever is current (eager,
tape, traced function), results become tensors, and shapes that do not fit are an ``InvalidArgumentError``.

The signature of a row is TensorFlow's, with a mark on each tensor:

    x: T        a tensor; all marked ``T`` (or ``U``, ``V``) must have one dtype
    x: any      a tensor of any dtype
    x: int32    a tensor of this dtype (values of Python and NumPy are converted)
    x: index    a tensor of int32 or int64
    x: [T]      a list of tensors
    x: T = None a tensor that may be left out: the kernel gets ``None``
    axis=None   no tensor: a value known when the function is traced, passed by name
    dtype: dtype = "int64"  a dtype, passed as NumPy's
    x: value        a value as it was given, passed by name to a composed function, which converts it itself
    name=None       written only where parameters follow it
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import jax
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core._names import export
from tenon.core.recording import Kernel, kernel, run
from tenon.core.tensors import DType, Tensor, array_of, as_dtype, as_tensor, constant_value, int32, is_tensor_like

_FLOATS: Final = frozenset({"bfloat16", "float16", "float32", "float64"})
_COMPLEX: Final = frozenset({"complex64", "complex128"})
_INTEGERS: Final = frozenset({"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"})

FLOATS = _FLOATS
"""Names of the real floating point dtypes."""
INEXACT = _FLOATS | _COMPLEX
"""Names of the floating point and complex dtypes."""
INTEGERS = _INTEGERS
"""Names of the integer dtypes."""
REALS = _FLOATS | _INTEGERS
"""Names of the dtypes that have an order."""
NUMBERS = REALS | _COMPLEX
"""Names of the dtypes that can be added."""
BOOLEAN = frozenset({"bool"})
"""The name of ``tf.bool``."""
STRINGS = frozenset({"string"})
"""The name of ``tf.string``."""
NUMERIC = NUMBERS | BOOLEAN
"""Names of every dtype that is no string."""

_TYPE_VARIABLES: Final = ("T", "U", "V")


@dataclass(frozen=True)
class Parameter:
    """One parameter of an operation.

    Attributes:
        name: TensorFlow's name of it.
        kind: the mark: a type variable, ``any``, ``index``, ``dtype``, ``value``, the name of a dtype, or ``None`` for a
            static value.
        many: whether it is a list of tensors.
        default: source text of the default, or ``None`` for none.
    """

    name: str
    kind: str | None
    many: bool
    default: str | None

    @property
    def is_tensor(self) -> bool:
        """Whether the argument becomes a tensor."""
        return self.kind not in (None, "dtype", "value")


@dataclass(frozen=True)
class Operation:
    """One row of the table.

    Attributes:
        names: TensorFlow's paths, such as ``("math.add", "add")``.
        parameters: how it is called.
        function: the pure function of arrays that computes it.
        summary: one sentence.
        example: arguments of a call, as source text, that shows it and that the tests run.
        types: names of the dtypes that ``T`` may be.
        differentiable: whether gradients flow from its results to its ``T`` arguments.
        host: whether ``function`` is one of NumPy arrays that runs at once (strings), and not one that XLA compiles.
        result: makes what the public function returns of the tensors that came out; ``None`` for them as they are.
        strings: what computes it for tensors of strings, a function of NumPy arrays; ``None`` where there is nothing.
        composed: whether ``function`` runs kernels itself, of its choice, instead of being one.
        after_name: how many parameters stand behind ``name``, which the table adds.
    """

    names: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    function: Callable[..., Any]
    summary: str
    example: str
    types: frozenset[str] | None
    differentiable: bool
    host: bool
    result: Callable[..., Any] | None
    strings: Callable[..., Any] | None
    composed: bool = False
    after_name: int = 0

    @property
    def name(self) -> str:
        """The canonical path."""
        return self.names[0]


OPERATIONS: Final[dict[str, Operation]] = {}
"""Every row by its canonical path."""


def operation(
    names: str,
    signature: str,
    function: Callable[..., Any],
    summary: str,
    example: str,
    *,
    types: frozenset[str] | None = None,
    differentiable: bool = True,
    host: bool = False,
    result: Callable[..., Any] | None = None,
    strings: Callable[..., Any] | None = None,
    composed: bool = False,
) -> Callable[..., Any]:
    """Add a row to the table and make its public function.

    Args:
        names: TensorFlow's paths, separated by spaces, the canonical one first.
        signature: TensorFlow's, marked as this module's docstring says. ``name`` may be left out where it is last.
        function: takes the tensors by position (lists spread at their place are passed as tuples) and the rest by name.
        summary: one sentence on what it returns.
        example: arguments of a call as source text, with ``tf`` and ``np`` at hand.
        types: names of the dtypes that ``T`` may be; ``None`` for every one but strings.
        differentiable: whether gradients flow.
        host: whether ``function`` takes NumPy arrays and runs at once.
        result: makes what is returned of the tensors that came out.
        strings: what computes it for tensors of strings: a function of NumPy arrays of ``bytes`` objects.
        composed: whether ``function`` runs kernels itself: it gets the arrays as they are, of NumPy where the caller
            gave values of Python or NumPy, and returns arrays of either kind; a tensor in place of a list comes as
            an array in place of a tuple.

    Returns:
        The public function.

    Example:
        >>> double = operation("example.double", "x: T", lambda x: x + x, "Doubles.", "[1, 2]")
        >>> double([1, 2]).numpy().tolist()
        [2, 4]
        >>> del OPERATIONS["example.double"]
    """
    parameters, after_name = _parsed(signature)
    row = Operation(
        tuple(names.split()),
        parameters,
        function,
        summary,
        example,
        types,
        differentiable,
        host,
        result,
        strings,
        composed,
        after_name,
    )
    assert row.name not in OPERATIONS, f"{row.name} has two rows"
    OPERATIONS[row.name] = row
    return export(*row.names)(_public(row))


def _parsed(signature: str) -> tuple[tuple[Parameter, ...], int]:
    """Return the parameters but ``name``, and how many of them stand behind it."""
    function = ast.parse(f"def f({signature}): pass").body[0]
    assert isinstance(function, ast.FunctionDef)
    arguments = function.args.args
    missing = len(arguments) - len(function.args.defaults)
    defaults = [None] * missing + [ast.unparse(default) for default in function.args.defaults]
    found = [_parameter(argument, default) for argument, default in zip(arguments, defaults, strict=True)]
    names = [parameter.name for parameter in found]
    after_name = len(names) - 1 - names.index("name") if "name" in names else 0
    return tuple([parameter for parameter in found if parameter.name != "name"]), after_name


def _parameter(argument: ast.arg, default: str | None) -> Parameter:
    mark = argument.annotation
    many = isinstance(mark, ast.List)
    name = mark.elts[0] if isinstance(mark, ast.List) else mark
    kind = name.id if isinstance(name, ast.Name) else None
    return Parameter(argument.arg, kind, many, default)


def _public(row: Operation) -> Callable[..., Any]:
    """Write the function out, so that Python itself binds the arguments: nothing is as fast."""
    given = ", ".join([p.name if p.default is None else f"{p.name}={p.default}" for p in _with_name(row)])
    tensors = "".join([f"{p.name}, " for p in row.parameters if p.is_tensor])
    others = "".join([f"({p.name!r}, {p.name}), " for p in row.parameters if not p.is_tensor])
    name = row.name.rsplit(".", 1)[-1]
    source = f"def {name}({given}):\n    return _call(({tensors}), ({others}))\n"
    scope: dict[str, Any] = {"_call": _caller(row)}
    exec(compile(source, f"<operation tf.{row.name}>", "exec"), scope)  # noqa: S102  # our own table's text
    function: Callable[..., Any] = scope[name]
    function.__module__ = "tenon." + row.name.rpartition(".")[0] if "." in row.name else "tenon"
    function.__qualname__ = name
    function.__doc__ = _docstring(row)
    return function


def _with_name(row: Operation) -> list[Parameter]:
    """Return the parameters of the public function: ``name`` stands last, but before what TensorFlow added later."""
    before = len(row.parameters) - row.after_name
    return [*row.parameters[:before], Parameter("name", None, False, "None"), *row.parameters[before:]]


def _docstring(row: Operation) -> str:
    tensors = [f"        {p.name}: {_described(p, row)}" for p in row.parameters]
    return "\n".join(
        [
            f"{row.summary}\n",
            "    Args:",
            *tensors,
            "        name: ignored.",
            "",
            "    Raises:",
            "        InvalidArgumentError: dtypes or shapes do not fit; the message names them.",
            "",
            f"    As ``tf.{row.name}`` of TensorFlow. Example: ``tf.{row.name}({row.example})``.",
        ]
    )


def _described(parameter: Parameter, row: Operation) -> str:
    many = "a list of tensors" if parameter.many else "a tensor"
    default = "" if parameter.default is None else f"; the default is {parameter.default}"
    if parameter.kind in (None, "value"):
        return f"a value of Python{default}."
    if parameter.kind == "dtype":
        return f"a dtype{default}."
    types = ", ".join(sorted(row.types)) if parameter.kind == "T" and row.types else "any numeric type"
    kinds = {"any": "of any type", "index": "of int32 or int64"}
    of_variable = f"of {types}" if parameter.kind == "T" else f"of the dtype {parameter.kind}"
    return f"{many} {kinds.get(parameter.kind or '', of_variable)}{default}."


def _caller(row: Operation) -> Callable[[tuple[Any, ...], tuple[tuple[str, Any], ...]], Any]:
    parameters = [p for p in row.parameters if p.is_tensor]
    kinds = {p.name: p.kind for p in row.parameters}
    simple = 1 <= len(parameters) <= 2 and all(p.kind == "T" and not p.many and p.default is None for p in parameters)
    convert = _converted_same if simple else _converted
    constant_kernel = kernel(row.function) if not row.host and not row.composed else None

    def call(tensors: tuple[Any, ...], others: tuple[tuple[str, Any], ...]) -> Any:
        for value in tensors:
            if type(value) is not Tensor and _dispatches(value):
                return _dispatched(row, tensors, others)
        arrays = convert(row, parameters, tensors)
        attributes = {name: _attribute(value, kinds[name]) for name, value in others} if others else {}
        if row.host or (row.strings is not None and arrays and _are_strings(arrays)):
            function = row.function if row.host or row.strings is None else row.strings
            return _finished(row, function(*map(_on_host, arrays), **attributes))
        return _finished(row, _run(row, constant_kernel, arrays, attributes))

    return call


def _are_strings(arrays: Sequence[Any]) -> bool:
    first = arrays[0][0] if isinstance(arrays[0], tuple) and arrays[0] else arrays[0]
    return bool(getattr(first, "dtype", None) == object)


def _dispatches(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any([hasattr(type(item), "__tf_dispatch__") for item in value])
    return hasattr(type(value), "__tf_dispatch__")


def _dispatched(row: Operation, tensors: tuple[Any, ...], others: tuple[tuple[str, Any], ...]) -> Any:
    """Let a composite value (ragged, sparse, a symbolic Keras tensor) say what the operation is for it."""
    given = iter(tensors)
    rest = dict(others)
    arguments = {p.name: next(given) if p.is_tensor else rest[p.name] for p in row.parameters}
    values = [item for value in tensors for item in (value if isinstance(value, list | tuple) else (value,))]
    composite = next(value for value in values if hasattr(type(value), "__tf_dispatch__"))
    return composite.__tf_dispatch__(row, arguments)


def _run(row: Operation, constant_kernel: Kernel | None, arrays: Sequence[Any], attributes: Mapping[str, Any]) -> Any:
    try:
        if row.composed:
            return row.function(*arrays, **attributes)
        chosen = kernel(row.function, **attributes) if attributes or constant_kernel is None else constant_kernel
        if any([array is None or isinstance(array, tuple) for array in arrays]):
            return run(*_spread(chosen, arrays))
        return run(chosen, arrays)
    except InvalidArgumentError:
        raise
    except (TypeError, ValueError, IndexError, ZeroDivisionError) as error:
        if row.composed and _is_our_own(error):
            raise
        raise InvalidArgumentError(_refusal(row, arrays, attributes, error)) from error


def _is_our_own(error: Exception) -> bool:
    """Tell whether Tenon raised the error, and not JAX or NumPy about arrays that do not fit."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and str(trace.tb_frame.f_globals.get("__name__", "")).startswith("tenon.")


def _spread(chosen: Kernel, arrays: Sequence[Any]) -> tuple[Kernel, list[Any]]:
    """Return a kernel of arrays alone, where some arguments are lists or left out."""
    form = tuple([None if array is None else len(array) if isinstance(array, tuple) else -1 for array in arrays])
    flat = [item for array in arrays for item in (array if isinstance(array, tuple) else (array,)) if item is not None]
    return kernel(_gathered, chosen=chosen, form=form), flat


def _gathered(*flat: Any, chosen: Kernel, form: tuple[int | None, ...]) -> Any:
    rest = iter(flat)
    return chosen.function(
        *[
            None if count is None else next(rest) if count < 0 else tuple([next(rest) for _ in range(count)])
            for count in form
        ]
    )


def _refusal(row: Operation, arrays: Sequence[Any], attributes: Mapping[str, Any], error: Exception) -> str:
    flat = [item for array in arrays for item in (array if isinstance(array, tuple) else (array,)) if item is not None]
    shapes = ", ".join([str(list(array.shape)) for array in flat])
    stated = f" with {dict(attributes)}" if attributes else ""
    return (
        f"tf.{row.name}: the arguments do not fit together; received shapes {shapes}{stated}. {error} [Op:{row.name}]"
    )


def _converted_same(row: Operation, _parameters: Sequence[Parameter], values: Sequence[Any]) -> list[Any]:
    """Convert the one or two tensors of a row that has no others: the way of nearly every call."""
    dtype = next((value.value.dtype for value in values if type(value) is Tensor), None)
    if dtype is None:
        dtype = _shared_dtype(values).dtype
    arrays = [value.value if type(value) is Tensor else array_of(value, None, as_dtype(dtype)) for value in values]
    for place, array in enumerate(arrays):
        if array.dtype != dtype:
            raise _mismatch(row, place, dtype, array.dtype)
    _check_type(row, as_dtype(dtype))
    return arrays


def _shared_dtype(values: Sequence[Any]) -> DType:
    tensor = next((value for value in values if is_tensor_like(value)), values[0])
    return as_dtype(array_of(tensor).dtype)


def _converted(row: Operation, parameters: Sequence[Parameter], values: Sequence[Any]) -> list[Any]:
    shared = {variable: _variable_dtype(variable, parameters, values) for variable in _TYPE_VARIABLES}
    converted: list[Any] = []
    for place, (parameter, value) in enumerate(zip(parameters, values, strict=True)):
        if value is None and parameter.default == "None":
            converted.append(None)
        elif parameter.many and row.composed and (is_tensor_like(value) or isinstance(value, np.ndarray)):
            converted.append(_one(row, parameter, value, shared, place))
        elif parameter.many:
            listed = (
                value if isinstance(value, list | tuple) else list(value) if not is_tensor_like(value) else [*value]
            )
            converted.append(tuple([_one(row, parameter, item, shared, place) for item in listed]))
        else:
            converted.append(_one(row, parameter, value, shared, place))
    if shared["T"] is not None:
        _check_type(row, shared["T"])
    return converted


def _variable_dtype(variable: str, parameters: Sequence[Parameter], values: Sequence[Any]) -> DType | None:
    for parameter, value in zip(parameters, values, strict=True):
        if parameter.kind == variable and parameter.many and isinstance(value, list | tuple) and _are_scalars(value):
            return as_dtype(array_of(value).dtype)
    found = [
        item
        for parameter, value in zip(parameters, values, strict=True)
        if parameter.kind == variable and value is not None
        for item in (value if parameter.many and not is_tensor_like(value) else (value,))
    ]
    return _shared_dtype(found) if found else None


def _are_scalars(values: Sequence[Any]) -> bool:
    return bool(values) and all(isinstance(value, int | float | complex) for value in values)


def _one(row: Operation, parameter: Parameter, value: Any, shared: Mapping[str, DType | None], place: int) -> Any:
    kind = parameter.kind
    if kind is not None and kind in shared:
        wanted = shared[kind]
        array = array_of(value, None, wanted)
        if wanted is not None and array.dtype != wanted.dtype:
            raise _mismatch(row, place, wanted.dtype, array.dtype)
        return array
    if kind == "any":
        return array_of(value)
    if kind == "index":
        return _index(row, parameter, array_of(value, None, int32 if not hasattr(value, "dtype") else None))
    return array_of(value, as_dtype(kind))


def _index(row: Operation, parameter: Parameter, array: Any) -> Any:
    if array.dtype.kind not in "iu":
        raise InvalidArgumentError(
            f"tf.{row.name}: {parameter.name} must be a tensor of int32 or int64; received one of {array.dtype}."
        )
    return array


_LEGACY: Final = {"float32": "float", "float64": "double", "float16": "half"}


def _mismatch(row: Operation, place: int, wanted: np.dtype, received: np.dtype) -> InvalidArgumentError:
    names = [_LEGACY.get(name, name) for name in (as_dtype(wanted).name, as_dtype(received).name)]
    return InvalidArgumentError(
        f"cannot compute {row.name} as input #{place}(zero-based) was expected to be a {names[0]} tensor but is a "
        f"{names[1]} tensor. Tensors never change their dtype by themselves: use tf.cast. [Op:{row.name}]"
    )


def _check_type(row: Operation, dtype: DType) -> None:
    allowed_types = row.types if row.types is not None else NUMERIC
    if dtype.name in allowed_types or (dtype.name == "string" and (row.strings is not None or row.host)):
        return
    allowed = ", ".join(sorted(allowed_types))
    raise InvalidArgumentError(
        f"tf.{row.name}: Value for attr 'T' of {dtype.name} is not in the list of allowed values: {allowed}. "
        f"Use tf.cast. [Op:{row.name}]"
    )


def _attribute(value: Any, kind: str | None) -> Any:
    if kind == "dtype":
        return None if value is None else as_dtype(value).dtype
    if kind == "value" or value is None or isinstance(value, bool | int | float | str):
        return value
    return constant_value(value.as_list() if hasattr(value, "as_list") else value)


def _on_host(array: Any) -> Any:
    if isinstance(array, jax.core.Tracer):
        raise InvalidArgumentError(
            "This operation on strings or bytes runs on the host and its argument is computed in a function that is "
            "being traced; use tf.py_function, or call it outside of the function."
        )
    return tuple(map(_on_host, array)) if isinstance(array, tuple) else None if array is None else np.asarray(array)


def _finished(row: Operation, outputs: Any) -> Any:
    if isinstance(outputs, tuple | list):
        tensors: Any = [as_tensor(output) for output in outputs]
        return tensors if row.result is None else row.result(*tensors)
    tensor = as_tensor(outputs)
    return tensor if row.result is None else row.result(tensor)


def signature_of(row: Operation) -> inspect.Signature:
    """Return how the public function of a row is called.

    Example:
        >>> row = Operation(("x.y",), _parsed("x: T, axis=None")[0], abs, "", "", None, True, False, None, None)
        >>> str(signature_of(row))
        '(x, axis=None, name=None)'
    """
    return inspect.Signature(
        [
            inspect.Parameter(
                p.name,
                inspect.Parameter.POSITIONAL_OR_KEYWORD,
                default=inspect.Parameter.empty if p.default is None else ast.literal_eval(p.default),
            )
            for p in _with_name(row)
        ]
    )
