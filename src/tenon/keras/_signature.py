"""Which inputs a model takes: their structure, names, shapes and dtypes."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from tenon.base import FailedPreconditionError, InvalidArgumentError, TensorSpec, UnimplementedError
from tenon.keras._backend import keras
from tenon.keras._keras_internals import build_shapes, first_call, functional_of, input_struct, producer

Path = tuple[Any, ...]


@dataclass(frozen=True)
class CallSignature:
    """How to call a model with inputs by name.

    Args:
        names: the names of the inputs, in the order in which ``keras.tree`` flattens ``arguments``.
        arguments: the arguments of the call, in order, with a ``TensorSpec`` at every leaf.
    """

    names: Sequence[str]
    arguments: Mapping[str, Any]

    @property
    def specs(self) -> dict[str, TensorSpec]:
        """The spec of every input by name."""
        flat = keras.tree.flatten(list(self.arguments.values()))
        return {name: TensorSpec(spec.shape, spec.dtype, name) for name, spec in zip(self.names, flat, strict=True)}

    @property
    def named_arguments(self) -> dict[str, Any]:
        """The arguments with the name of an input at every leaf."""
        packed = keras.tree.pack_sequence_as(list(self.arguments.values()), list(self.names))
        return dict(zip(self.arguments, packed, strict=True))

    def call(self, model: Any, inputs: Mapping[str, Any]) -> Any:
        """Call ``model`` for inference with arrays by name."""
        flat = [inputs[name] for name in self.names]
        first, *others = keras.tree.pack_sequence_as(list(self.arguments.values()), flat)
        return model(first, **dict(zip(list(self.arguments)[1:], others, strict=True)), training=False)


def call_signature(model: Any, input_signature: Any = None) -> CallSignature:
    """Find the inputs of a model.

    An input is named by its key where the model takes a dict; else, in Functional and Sequential models, by its
    ``InputLayer`` (``keras.Input(name=...)``), and in subclassed models by the argument of ``call``, with the position
    appended where the argument is a list (``inputs_0``). The first dimension is the batch. The shapes of a subclassed
    model are those that it was built with; its dtypes are those of ``input_signature``, else of ``model.input_spec``,
    else of its first call, but of its variables where that was in floats.

    Args:
        model: a built ``keras.Model``.
        input_signature: replaces shapes and dtypes; anything with ``shape`` and ``dtype``, in a structure with as many
            leaves as the model has inputs.

    Raises:
        FailedPreconditionError: the model is not built, or its inputs are not known.
        InvalidArgumentError: ``input_signature`` has another number of leaves, or a leaf lacks shape or dtype.
        UnimplementedError: an input is a string.
    """
    if not model.built:
        raise FailedPreconditionError(
            f"model: {model.name!r} is not built, so its variables do not exist yet. Call it on a batch of data, or "
            "call model.build(input_shape), first."
        )
    functional = functional_of(model)
    found = _subclassed(model) if functional is None else _functional(functional)
    if isinstance(model, keras.Sequential) and functional is not None:
        found = _as_first_called(model, _unmixed(model, found))
    return found if input_signature is None else _replaced(found, input_signature)


def names_of(paths: Sequence[Path], unnamed: Sequence[str]) -> list[str]:
    """Name the leaves of a structure: by their keys, or as ``unnamed`` says where no key leads to them.

    Keys (and positions behind them) are joined by ``_``; a name that is taken gets ``_1``, ``_2``, ...

    Example:
        >>> names_of([("a",), ("b", 0), (1,)], ["x", "y", "z"])
        ['a', 'b_0', 'z']
    """
    return unique(_keyed(path) or other for path, other in zip(paths, unnamed, strict=True))


def unique(names: Any) -> list[str]:
    """Append ``_1``, ``_2``, ... to names that are taken, in order.

    Example:
        >>> unique(["a", "b", "a"])
        ['a', 'b', 'a_1']
    """
    taken: dict[str, None] = {}
    for name in names:
        free, count = name, 0
        while free in taken:
            count += 1
            free = f"{name}_{count}"
        taken[free] = None
    return list(taken)


def _keyed(path: Path) -> str:
    start = next((index for index, part in enumerate(path) if isinstance(part, str)), len(path))
    return "_".join(str(part) for part in path[start:])


def _functional(functional: Any) -> CallSignature:
    struct = input_struct(functional)
    leaves = keras.tree.flatten_with_path(struct)
    names = names_of([path for path, _ in leaves], [producer(tensor).name for _, tensor in leaves])
    return CallSignature(names, {"inputs": keras.tree.map_structure(_spec_like, struct)})


def _unmixed(model: Any, found: CallSignature) -> CallSignature:
    """Give clients float32 where Keras made the input of a mixed-precision Sequential model in its compute dtype."""
    wide, narrow = (np.dtype(keras.backend.standardize_dtype(d)) for d in (model.variable_dtype, model.compute_dtype))
    specs = [TensorSpec(spec.shape, wide if spec.dtype == narrow else spec.dtype) for spec in found.specs.values()]
    return _with_specs(found, specs, "input_spec")


def _as_first_called(model: Any, found: CallSignature) -> CallSignature:
    """Give clients the integers that a Sequential model without an ``Input`` was first called with."""
    called = [_spec_of_call(model, tensor) for tensor in keras.tree.flatten(list(first_call(model).values()))]
    if len(called) != 1:
        return found
    return _with_specs(found, [replace(spec, dtype=called[0].dtype) for spec in found.specs.values()], "input_spec")


def _subclassed(model: Any) -> CallSignature:
    called = first_call(model)
    if _parameters(model)[0] <= set(called) and called:
        specs = {name: keras.tree.map_structure(partial(_spec_of_call, model), value) for name, value in called.items()}
    else:
        default = keras.backend.standardize_dtype(model.variable_dtype)
        specs = {name: _specs_of_shapes(shapes, default) for name, shapes in _argument_shapes(model).items()}
    names = [name for argument, struct in specs.items() for name in _argument_names(argument, struct)]
    found = CallSignature(unique(names), specs)
    return found if not model.input_spec else _declared(found, model.input_spec)


def _spec_of_call(model: Any, tensor: Any) -> TensorSpec:
    floats = keras.backend.is_float_dtype(tensor.dtype)
    dtype = keras.backend.standardize_dtype(model.variable_dtype) if floats else tensor.dtype
    return TensorSpec((None, *tensor.shape[1:]), np.dtype(dtype))


def _argument_shapes(model: Any) -> dict[str, Any]:
    """Return the shapes of the tensors that ``model.call`` takes, by the names of its arguments."""
    shapes = build_shapes(model)
    shapes = shapes.get("shapes_dict", shapes)
    needed, names = _parameters(model)
    if not shapes or not names or not all(shapes.values()):
        raise FailedPreconditionError(
            f"model: the shapes of the inputs of {model.name!r} are not known. Call it on a batch of data once, or "
            "build it with model.build(input_shape), first."
        )
    if len(shapes) == 1:
        shapes = {names[0]: next(iter(shapes.values()))}
    found = {name.removesuffix("_shape"): shape for name, shape in shapes.items()}
    if not needed <= set(found):
        raise FailedPreconditionError(
            f"model: Keras recorded the shapes of {sorted(found)} only, and {model.name!r}.call() also needs "
            f"{sorted(needed - set(found))}. Give the class build({', '.join(f'{name}_shape' for name in names)}), or "
            "let call() take one dict of tensors."
        )
    return found


def _parameters(model: Any) -> tuple[set[str], list[str]]:
    """Return the arguments of ``call`` that have no default, and all that may be tensors."""
    parameters = inspect.signature(model.call).parameters.values()
    usable = [
        p
        for p in parameters
        if p.name not in ("training", "mask") and p.kind in (p.POSITIONAL_OR_KEYWORD, p.POSITIONAL_ONLY)
    ]
    return {p.name for p in usable if p.default is p.empty}, [p.name for p in usable]


def _argument_names(argument: str, struct: Any) -> list[str]:
    paths = [path for path, _ in keras.tree.flatten_with_path(struct)]
    return names_of(paths, ["_".join([argument, *map(str, path)]) for path in paths])


def _specs_of_shapes(shapes: Any, dtype: str) -> Any:
    """Replace every shape in a structure (a list or tuple of sizes) by a spec with an open batch."""
    if isinstance(shapes, Mapping):
        return {key: _specs_of_shapes(value, dtype) for key, value in shapes.items()}
    if all(size is None or isinstance(size, int) for size in shapes):
        return TensorSpec((None, *shapes[1:]), np.dtype(dtype))
    return [_specs_of_shapes(value, dtype) for value in shapes]


def _spec_like(leaf: Any) -> TensorSpec:
    """Return the spec of anything with a shape and a dtype; the batch is open."""
    shape, dtype = getattr(leaf, "shape", None), getattr(leaf, "dtype", None)
    if shape is None or dtype is None:
        raise InvalidArgumentError(
            f"input_signature: every leaf needs a shape and a dtype, as keras.InputSpec(shape=(None, 4), "
            f"dtype='float32') has; received {leaf!r}."
        )
    name = keras.backend.standardize_dtype(dtype)
    if name == "string":
        raise UnimplementedError(
            "model: string inputs cannot be compiled by XLA; look the strings up before the model and feed it integers."
        )
    return TensorSpec((None, *tuple(shape)[1:]), np.dtype(name))


def _replaced(found: CallSignature, input_signature: Any) -> CallSignature:
    specs = [_spec_like(leaf) for leaf in keras.tree.flatten(input_signature)]
    return _with_specs(found, specs, "input_signature")


def _declared(found: CallSignature, input_spec: Any) -> CallSignature:
    """Take over what ``model.input_spec`` says: the dtype, and the shape when it is written out."""
    declared = keras.tree.flatten(input_spec)
    flat = list(found.specs.values())
    if len(declared) != len(flat):
        return found
    merged = [
        TensorSpec(spec.shape if leaf.shape is None else (None, *leaf.shape[1:]), np.dtype(leaf.dtype or spec.dtype))
        for leaf, spec in zip(declared, flat, strict=True)
    ]
    return _with_specs(found, merged, "input_spec")


def _with_specs(found: CallSignature, specs: Sequence[TensorSpec], source: str) -> CallSignature:
    if len(specs) != len(found.names):
        raise InvalidArgumentError(
            f"{source}: must describe the {len(found.names)} inputs {list(found.names)}; received {len(specs)} specs."
        )
    packed = keras.tree.pack_sequence_as(list(found.arguments.values()), specs)
    return CallSignature(found.names, dict(zip(found.arguments, packed, strict=True)))
