"""The table of operations: one row a function, from which TensorFlow's public function is made.

A row says how the function is called and which pure function of arrays computes it. The rest is the same for all:
values become tensors by TensorFlow's rules, dtypes are checked and named, the kernel runs on whatever is current
(eager, tape, traced function), results become tensors, and shapes that do not fit are an ``InvalidArgumentError``.
"""

from __future__ import annotations

import inspect
import linecache
from collections.abc import Callable
from typing import Any, Final

from tenon.core._names import export
from tenon.core.operations._call import caller
from tenon.core.operations._quick import is_quick, quick_caller
from tenon.core.operations._row import SCOPE, Operation, Parameter, parsed

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
    check: Callable[..., None] | None = None,
    composed: bool = False,
    step: Callable[..., Any] | None = None,
) -> Callable[..., Any]:
    """Add a row to the table and make its public function.

    Args:
        names: TensorFlow's paths, separated by spaces, the canonical one first.
        signature: TensorFlow's, without ``name``, marked as the docstring of ``_row`` says.
        function: takes the tensors by position (lists as tuples, what was left out as ``None``) and the rest by name.
        summary: one sentence on what it returns.
        example: arguments of a call as source text, with ``tf`` and ``np`` at hand.
        types: names of the dtypes that ``T`` may be; ``None`` for every one but strings.
        differentiable: whether gradients flow; where not, tapes do not see it and give ``None`` as TensorFlow's do.
        host: whether ``function`` takes NumPy arrays and runs at once.
        result: makes what is returned of the tensors that came out.
        strings: what computes it for tensors of strings: a function of NumPy arrays of ``bytes`` objects.
        check: raises where values break a rule, such as a divisor of zero; called with the arrays by position, only
            where values are known: not while a function is traced. Look at them with NumPy: it is no kernel.
        composed: whether ``function`` runs kernels itself: it gets the arrays as they are, of NumPy where the caller
            gave values of Python or NumPy, and returns arrays of either kind; a tensor in place of a list comes as an
            array in place of a tuple.
        step: what writes the operation down where it is part of a function that is saved; see ``Operation``.

    Returns:
        The public function.

    Example:
        >>> double = operation("example.double", "x: T", lambda x: x + x, "Doubles.", "[1, 2]")
        >>> double([1, 2]).numpy().tolist()
        [2, 4]
        >>> del OPERATIONS["example.double"]
    """
    row = Operation(
        tuple(names.split()),
        parsed(signature),
        function,
        summary,
        example,
        types,
        differentiable,
        host,
        result,
        strings,
        check,
        composed,
        step,
    )
    assert row.name not in OPERATIONS, f"{row.name} has two rows"
    OPERATIONS[row.name] = row
    return export(*row.names)(_public(row))


def _public(row: Operation) -> Callable[..., Any]:
    """Write the function out, so that Python itself binds the arguments: nothing is as fast."""
    tensors = "".join([f"{p.name}, " for p in row.tensors])
    attributes = "".join([f"{p.name}, " for p in row.attributes])
    quick = is_quick(row)
    name = row.name.rsplit(".", 1)[-1]
    body = f"_call({tensors})" if quick else f"_call(({tensors}), ({attributes}))"
    scope: dict[str, Any] = {**SCOPE, "_call": quick_caller(row) if quick else caller(row)}
    source = f"def {name}({_written(row.parameters)}):\n    return {body}\n"
    file = f"<operation tf.{row.name}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)  # for tracebacks and help
    exec(compile(source, file, "exec"), scope)  # noqa: S102  # our own table's text
    function: Callable[..., Any] = scope[name]
    function.__module__ = "tenon." + row.name.rpartition(".")[0] if "." in row.name else "tenon"
    function.__qualname__ = name
    function.__doc__ = _docstring(row)
    return function


def _written(parameters: tuple[Parameter, ...]) -> str:
    star = {inspect.Parameter.VAR_POSITIONAL: "*"}
    return ", ".join(
        [f"{star.get(p.form, '')}{p.name}" + ("" if p.default is None else f"={p.default}") for p in parameters]
    )


def _docstring(row: Operation) -> str:
    arguments = [f"        {p.name}: {_described(p, row)}" for p in row.parameters]
    return "\n".join(
        [
            f"{row.summary}\n",
            "    Args:",
            *arguments,
            "",
            "    Raises:",
            "        InvalidArgumentError: dtypes or shapes do not fit; the message names them.",
            "",
            f"    As ``tf.{row.name}`` of TensorFlow. Example: ``tf.{row.name}({row.example})``.",
        ]
    )


_KINDS: Final = {
    "any": "of any type",
    "index": "of int32 or int64",
    "U": "of any numeric type",
    "V": "of any numeric type",
}


def _described(parameter: Parameter, row: Operation) -> str:
    if parameter.name == "name":
        return "ignored."
    default = "" if parameter.default is None else f"; the default is {parameter.default}"
    if not parameter.is_tensor:
        return f"a {'dtype' if parameter.kind == 'dtype' else 'value of Python'}{default}."
    types = ", ".join(sorted(row.types)) if row.types else "any numeric type"
    of_kind = f"of {types}" if parameter.kind == "T" else f"of the dtype {parameter.kind}"
    many = "a list of tensors" if parameter.many else "a tensor"
    return f"{many} {_KINDS.get(parameter.kind or '', of_kind)}{default}."
