"""Concrete functions become programs, with names for their tensors and the form of what they take and return."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import jax

from tenon.base import InvalidArgumentError, TenonError, TensorSpec, UnimplementedError
from tenon.core.functions import ConcreteFunction, PureForm
from tenon.core.nest import flatten
from tenon.core.tensors import TensorSpec as StructuredSpec
from tenon.saved_model._contents import Structures
from tenon.saved_model._gradients import with_gradients
from tenon.saved_model._lowering import ExportedFunction, lower, static_shape, symbolic_shape
from tenon.saved_model._structures import encoded

Paths = Callable[[Any], str]
"""Tells where a variable is in what is saved."""


@dataclass(frozen=True)
class ExportedConcrete:
    """A concrete function after export.

    Attributes:
        function: the program.
        structures: how arguments and results are nested, as it is written.
        structured_outputs: the same of the results, with specs for tensors.
        keywords: a name for each tensor that it takes.
    """

    function: ExportedFunction
    structures: Structures
    structured_outputs: Any
    keywords: tuple[str, ...]


def export_concrete(
    concrete: ConcreteFunction, label: str, paths: Callable[[PureForm], Paths], has_gradients: bool
) -> ExportedConcrete:
    """Trace a concrete function anew, for whatever sizes its signature leaves open, and lower it for every platform.

    Args:
        concrete: the function.
        label: what messages call it.
        paths: tells, for the form that is exported, where its variables are.
        has_gradients: whether to export its gradients too.

    Raises:
        InvalidArgumentError: a value of Python that it was traced for, or returns, cannot stand in a SavedModel.
        UnimplementedError: it calls Python, does with strings what no steps around a program can, or JAX cannot export
            it for the open sizes.
    """
    structured = concrete.structured_input_signature
    form, exported = _lowered(concrete, label)
    where = paths(form)
    function = ExportedFunction(
        exported=exported,
        variables=tuple([where(variable) for variable in form.variables]),
        inputs=tuple([_plain(spec) for spec in _specs(structured)]),
        outputs=tuple([TensorSpec(static_shape(output.shape), output.dtype) for output in form.returned]),
        input_shapes=tuple([symbolic_shape(argument.shape) for argument in form.inputs]),
        output_shapes=tuple([symbolic_shape(output.shape) for output in form.returned]),
        written=tuple([where(variable) for variable in form.written]),
        no_gradient=_STRINGS_HAVE_NONE if form.host else "",
        host=form.host,
    )
    if has_gradients and form.host is None:
        with jax.enable_x64(True):
            function = with_gradients(label, form.function, function, form.reached)
    with _explained(label):
        structures = Structures(encoded(structured), encoded(form.structured_outputs))
    return ExportedConcrete(function, structures, form.structured_outputs, _keywords(structured, concrete))


_STRINGS_HAVE_NONE = "it takes or returns strings"


@contextmanager
def _explained(label: str) -> Iterator[None]:
    """Say of which function an error tells."""
    try:
        yield
    except TenonError as error:
        raise type(error)(f"{label}: {error}") from error


def _lowered(concrete: ConcreteFunction, label: str) -> tuple[PureForm, Any]:
    """Return the freest form that JAX lowers, and what it is lowered to."""
    failure: Exception | None = None
    with _explained(label):
        try:
            for form in concrete.pure_forms():
                if form.calls_python:
                    raise UnimplementedError(
                        "calls Python while it runs (tf.print, tf.py_function, an assertion on tensors), which no "
                        "other process could do. Leave that out of functions that are saved."
                    )
                try:
                    with jax.enable_x64(True):
                        return form, lower(label, form.function, [*form.values, *form.arguments])
                except Exception as error:  # whatever JAX says: less free sizes may do
                    failure = error
        except TenonError:
            raise
        except Exception as error:
            failure = error
        raise UnimplementedError(
            f"cannot be exported for {concrete.structured_input_signature}: {type(failure).__name__}: {failure} Give "
            "dimensions that are None a size in its signature, or rewrite the operation that needs to know it."
        ) from failure


def _specs(structured: Any) -> list[Any]:
    return [leaf for leaf in flatten(structured, True) if isinstance(leaf, StructuredSpec)]


def _plain(spec: Any) -> TensorSpec:
    return TensorSpec(tuple(spec.shape.as_list()), spec.dtype.dtype, spec.name)


def _keywords(structured: tuple[tuple[Any, ...], dict[str, Any]], concrete: ConcreteFunction) -> tuple[str, ...]:
    """Name the tensors as TensorFlow does: by their specs, inside nested arguments by the parameter."""
    args, kwargs = structured
    names = [
        p.name for p in concrete.python_signature.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    names += [names[-1] if names else "args"] * (len(args) - len(names))
    found = [
        _keyword(name, value, spec)
        for name, value in [*zip(names, args, strict=False), *[(key, kwargs[key]) for key in sorted(kwargs)]]
        for spec in _specs(value)
    ]
    return tuple(unique(found))


def _keyword(parameter: str, value: Any, spec: Any) -> str:
    nested = value is not spec and spec.name.startswith(f"{parameter}_")
    return parameter if nested else str(spec.name)


def unique(names: Sequence[str]) -> list[str]:
    """Return names of which the second, third, ... of a kind have a number.

    Example:
        >>> unique(["x", "x", "y"])
        ['x', 'x_1', 'y']
    """
    found: dict[str, None] = {}
    for name in names:
        free, count = name, 0
        while free in found:
            count += 1
            free = f"{name}_{count}"
        found[free] = None
    return list(found)


def named_outputs(outputs: Any, label: str) -> dict[str, Any]:
    """Return the outputs of a signature by name, as TensorFlow names them.

    Args:
        outputs: what a function returns, with specs for tensors.
        label: what messages call the function.

    Raises:
        InvalidArgumentError: they are no tensor, list or tuple of tensors, or dict of tensors.
    """
    if isinstance(outputs, dict):
        found = dict(outputs)
    elif hasattr(outputs, "_asdict"):
        found = dict(outputs._asdict())
    else:
        listed = outputs if isinstance(outputs, list | tuple) else [outputs]
        found = {f"output_{place}": output for place, output in enumerate(listed)}
    for key, value in found.items():
        if not isinstance(key, str) or not isinstance(value, StructuredSpec):
            raise InvalidArgumentError(
                f"{label}: what a signature returns must be a tensor, a list or tuple of tensors, or a dict of tensors "
                f"with text as keys; received {value!r} at {key!r}."
            )
    return found
