"""What a row of the table of operations says, and how its signature is written.

The signature of a row is TensorFlow's, with a mark on each tensor:

    x: T        a tensor; all marked ``T`` (or ``U``, ``V``) must have one dtype
    x: any      a tensor of any dtype
    x: int32    a tensor of this dtype (values of Python and NumPy are converted)
    x: index    a tensor of int32 or int64
    x: [T]      a list of tensors; ``*x: [T]`` takes them one by one
    x: T = None a tensor that may be left out: the kernel gets ``None``
    axis=None   no tensor: a value known when the function is traced, passed by name
    dtype: dtype = tf.int64  a dtype, passed as NumPy's
    x: value    a value as it was given, passed by name to a composed function, which converts it itself
    name=None   ignored; it is added at the end where the signature does not place it
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final

from tenon.core.tensors import DTYPES

SCOPE: Final[Mapping[str, Any]] = {"tf": SimpleNamespace(**DTYPES)}
"""What the defaults of signatures may name."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of an operation.

    Attributes:
        name: TensorFlow's name of it.
        kind: the mark: a type variable, ``any``, ``index``, ``dtype``, ``value``, the name of a dtype, or ``None`` for
            a static value.
        many: whether it is a list of tensors.
        default: source text of the default, or ``None`` for none.
        form: how Python binds it.
    """

    name: str
    kind: str | None
    many: bool
    default: str | None
    form: Any = inspect.Parameter.POSITIONAL_OR_KEYWORD

    @property
    def is_tensor(self) -> bool:
        """Whether the argument becomes a tensor."""
        return self.kind not in (None, "dtype", "value")

    @property
    def is_attribute(self) -> bool:
        """Whether the argument is a value of Python that changes what is computed: ``name`` is none."""
        return not self.is_tensor and self.name != "name"


@dataclass(frozen=True)
class Operation:
    """One row of the table.

    Attributes:
        names: TensorFlow's paths, such as ``("math.add", "add")``.
        parameters: how it is called.
        function: the pure function of arrays that computes it.
        summary: one sentence.
        example: arguments of a call, as source text, that shows it and that the tests run.
        types: names of the dtypes that ``T`` may be; ``None`` for every one but strings.
        differentiable: whether gradients flow from its results to its tensors; where not, tapes do not see it.
        host: whether ``function`` is one of NumPy arrays that runs at once (strings), and not one that XLA compiles.
        result: makes what the public function returns of the tensors that came out; ``None`` for them as they are.
        strings: what computes it for tensors of strings, a function of NumPy arrays; ``None`` where there is nothing.
        check: looks at the values of the tensors before they are computed with, and raises where they break a rule.
        composed: whether ``function`` runs kernels itself, of its choice, instead of being one.
        step: what writes an operation on the host down as a step of a function that is saved: takes the recorder, the
            arrays by position and the rest by name; ``None`` for those that no saved function can have.
    """

    names: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    function: Callable[..., Any]
    summary: str
    example: str
    types: frozenset[str] | None = None
    differentiable: bool = True
    host: bool = False
    result: Callable[..., Any] | None = None
    strings: Callable[..., Any] | None = None
    check: Callable[..., None] | None = None
    composed: bool = False
    step: Callable[..., Any] | None = None

    @property
    def name(self) -> str:
        """The canonical path."""
        return self.names[0]

    @property
    def tensors(self) -> tuple[Parameter, ...]:
        """The parameters that become tensors."""
        return tuple([p for p in self.parameters if p.is_tensor])

    @property
    def attributes(self) -> tuple[Parameter, ...]:
        """The parameters that stay values of Python."""
        return tuple([p for p in self.parameters if p.is_attribute])


def parsed(signature: str) -> tuple[Parameter, ...]:
    """Return the parameters that a marked signature describes.

    Example:
        >>> [(p.name, p.kind, p.default) for p in parsed("x: T, axis=None")]
        [('x', 'T', None), ('axis', None, 'None'), ('name', None, 'None')]
    """
    function = ast.parse(f"def f({signature}): pass").body[0]
    assert isinstance(function, ast.FunctionDef)
    given = function.args
    missing: list[ast.expr | None] = [None] * (len(given.args) - len(given.defaults))
    parameters = [_parameter(*pair) for pair in zip(given.args, [*missing, *given.defaults], strict=True)]
    if given.vararg is not None:
        parameters.append(_parameter(given.vararg, None, inspect.Parameter.VAR_POSITIONAL))
    alone = inspect.Parameter.KEYWORD_ONLY
    parameters += [_parameter(*pair, alone) for pair in zip(given.kwonlyargs, given.kw_defaults, strict=True)]
    if not any(p.name == "name" for p in parameters):
        last = alone if given.vararg is not None else inspect.Parameter.POSITIONAL_OR_KEYWORD
        parameters.append(Parameter("name", None, False, "None", last))
    return tuple(parameters)


def _parameter(
    argument: ast.arg, default: ast.expr | None, form: Any = inspect.Parameter.POSITIONAL_OR_KEYWORD
) -> Parameter:
    mark = argument.annotation
    name = mark.elts[0] if isinstance(mark, ast.List) else mark
    kind = name.id if isinstance(name, ast.Name) else None
    text = None if default is None else ast.unparse(default)
    return Parameter(argument.arg, kind, isinstance(mark, ast.List), text, form)


def signature_of(row: Operation) -> inspect.Signature:
    """Return how the public function of a row is called.

    Example:
        >>> str(signature_of(Operation(("x.y",), parsed("x: T, axis=None"), abs, "", "")))
        '(x, axis=None, name=None)'
    """
    return inspect.Signature(
        [
            inspect.Parameter(
                p.name, p.form, default=inspect.Parameter.empty if p.default is None else _value(p.default)
            )
            for p in row.parameters
        ]
    )


def _value(text: str) -> Any:
    return eval(text, dict(SCOPE))  # noqa: S307  # our own table's text
