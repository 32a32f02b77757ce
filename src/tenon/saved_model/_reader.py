"""Read a SavedModel that Tenon wrote: verified first, then callable by signature."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax import export as jax_export

from tenon.base import DataLossError, InvalidArgumentError, TensorSpec
from tenon.formats import BundleReader, message_class, numpy_dtype
from tenon.host_steps import HostSteps, steps_from_json
from tenon.saved_model._layout import EXTRAS, PROGRAM, PROGRAM_FORMAT, VARIABLES
from tenon.saved_model._lowering import BATCH, SymbolicShape, static_shape, symbolic_shape
from tenon.saved_model._manifest import verify_manifest


@dataclass(frozen=True)
class LoadedSignature:
    """A signature read back: call it with arrays, by name or in order.

    Attributes:
        name: the signature's name.
        definition: its ``tensorflow.SignatureDef``.
        inputs: a spec per input, in argument order.
        outputs: a spec per output, in result order.
        input_shapes: the symbolic shape of each input; dimensions with one symbol have one size.
        output_shapes: the symbolic shape of each output.
        variables: names of the variables that it reads, in argument order.
        function: the pure function ``function(*variables, *inputs) -> tuple of outputs``, to be jitted or lowered;
            its arguments have the dtypes of ``argument_dtypes``.
        values: NumPy arrays of ``variables``, in that order.
        dtypes: the dtype in which ``function`` takes each argument, variables first.
        written: names of the variables that the signature assigns when it runs in TensorFlow; here they keep their
            values.
        host: what happens with strings before and after ``function``; ``None`` where there are no strings. With it,
            ``function`` and ``dtypes`` are those of ``program``.
        device: what ``program`` is where there are strings.
    """

    name: str
    definition: Any
    inputs: Mapping[str, TensorSpec]
    outputs: Mapping[str, TensorSpec]
    input_shapes: tuple[SymbolicShape, ...]
    output_shapes: tuple[SymbolicShape, ...]
    variables: tuple[str, ...]
    function: Callable[..., tuple[Any, ...]]
    values: tuple[Any, ...]
    dtypes: tuple[np.dtype, ...]
    written: tuple[str, ...] = ()
    host: HostSteps | None = None
    device: LoadedSignature | None = None

    @property
    def program(self) -> LoadedSignature:
        """What of the signature a device computes: a signature without strings; itself where it has none.

        Else its inputs are called ``argument_0``, ``argument_1`` and so on, and its outputs ``result_0``, ``result_1``:
        what ``host.before`` returns and ``host.after`` takes. It has none where a signature only moves strings.
        """
        return self if self.device is None else self.device

    @property
    def is_wide(self) -> bool:
        """Whether ``function`` computes with types of 64 bits, and has to be lowered and called with JAX's x64 mode."""
        return any((dtype.itemsize == 8 and dtype.kind in "iuf") or dtype.itemsize > 8 for dtype in self._all_dtypes)

    @property
    def _all_dtypes(self) -> tuple[np.dtype, ...]:
        return (*self.dtypes, *[spec.dtype for spec in self.outputs.values()])

    @property
    def argument_dtypes(self) -> tuple[np.dtype, ...]:
        """The dtype in which ``function`` takes each input; 64-bit inputs are narrowed where JAX computes in 32."""
        return self.dtypes[len(self.variables) :]

    @property
    def variable_dtypes(self) -> tuple[np.dtype, ...]:
        """The dtype in which ``function`` takes each variable."""
        return self.dtypes[: len(self.variables)]

    @property
    def batched(self) -> bool:
        """Whether the first dimension of every input and output is the batch, and no other dimension depends on it."""
        return all(
            shape and shape[0] == BATCH and not any(_mentions(size, BATCH) for size in shape[1:])
            for shape in (*self.input_shapes, *self.output_shapes)
        )

    def __call__(self, /, *arguments: Any, **named: Any) -> dict[str, Any]:
        """Run the signature.

        Args:
            *arguments: arrays in the order of ``inputs``.
            **named: arrays by input name.

        Returns:
            The outputs by name; where there are strings, they are NumPy arrays.

        Raises:
            InvalidArgumentError: an input is missing, unknown or given twice, or its shape does not fit; or a step on
                the host refuses a string.
        """
        given = self._bind(arguments, named)
        if self.host is not None:
            return self._with_steps(self.host, given)
        with jax.enable_x64(self.is_wide):
            arrays = [
                self._convert(*pair, dtype) for pair, dtype in zip(given.items(), self.argument_dtypes, strict=True)
            ]
            return dict(zip(self.outputs, self._jitted(*self._device_values, *arrays), strict=True))

    def _with_steps(self, host: HostSteps, given: Mapping[str, Any]) -> dict[str, Any]:
        inputs = [np.asarray(self._convert(*pair, self.inputs[pair[0]].dtype)) for pair in given.items()]
        arguments, found = host.before(inputs)
        results = [np.asarray(result) for result in self.program(*arguments).values()]
        return dict(zip(self.outputs, host.after(found, results), strict=True))

    @cached_property
    def _jitted(self) -> Callable[..., tuple[Any, ...]]:
        return jax.jit(self.function)

    @cached_property
    def _device_values(self) -> tuple[jax.Array, ...]:
        pairs = zip(self.values, self.variable_dtypes, strict=True)
        return tuple(jax.device_put(np.asarray(value, dtype)) for value, dtype in pairs)

    def _bind(self, arguments: Sequence[Any], named: Mapping[str, Any]) -> dict[str, Any]:
        given = dict(zip(self.inputs, arguments, strict=False)) | dict(named)
        if len(arguments) + len(named) != len(self.inputs) or set(given) != set(self.inputs):
            raise InvalidArgumentError(
                f"signature {self.name!r}: takes exactly the inputs {list(self.inputs)}; received "
                f"{len(arguments)} by position and {sorted(named)} by name."
            )
        return {name: given[name] for name in self.inputs}

    def _convert(self, name: str, value: Any, dtype: np.dtype) -> Any:
        spec = self.inputs[name]
        array = value if isinstance(value, jax.Array) else np.asarray(value, spec.dtype)
        if dtype.hasobject:
            array = _bytes(np.asarray(array))
        if not spec.accepts(array.shape):
            raise InvalidArgumentError(
                f"signature {self.name!r}, input {name!r}: must have the shape {spec.shape}; received {array.shape}."
            )
        return array.astype(dtype)


@dataclass(frozen=True)
class LoadedModel:
    """A SavedModel read back.

    Attributes:
        path: the directory.
        signatures: callables by name.
        variables: NumPy arrays by variable name, read from the checkpoint.
        trainable: names of the trainable variables.
        extras: the verified folder ``assets.extra/tenon``.
    """

    path: Path
    signatures: Mapping[str, LoadedSignature]
    variables: Mapping[str, np.ndarray]
    trainable: frozenset[str]
    extras: Path


def read(path: str | os.PathLike[str]) -> LoadedModel:
    """Read a SavedModel that ``save`` wrote as pure functions and arrays, after checking every file.

    ``load`` gives objects, variables and functions, as TensorFlow does; this is for those who run signatures.

    Args:
        path: the directory.

    Returns:
        The model; nothing of it is compiled until a signature is called.

    Raises:
        NotFoundError: there is no such directory.
        PermissionDeniedError: a file may not be read.
        DataLossError: a file is missing, truncated or altered, the directory is half copied, or it was not written
            by Tenon; the message names the file.

    Example:
        >>> import tempfile
        >>> from tenon.saved_model import save
        >>> folder = tempfile.mkdtemp() + "/1"
        >>> save(lambda x: 2 * x, folder, {"serving_default": {"x": TensorSpec((None,), "float32")}})
        >>> read(folder).signatures["serving_default"](np.ones(3, "float32"))["output_0"].tolist()
        [2.0, 2.0, 2.0]
    """
    root = Path(path)
    verify_manifest(root)
    described = read_program(root)
    reader = BundleReader(root / VARIABLES)
    variables = {entry["name"]: reader.read(entry["key"]) for entry in described["variables"]}
    definitions = read_meta_graph(root).signature_def
    return LoadedModel(
        path=root,
        signatures={
            name: _signature(name, entry, root / EXTRAS, definitions[name], variables)
            for name, entry in described["signatures"].items()
        },
        variables=variables,
        trainable=frozenset(entry["name"] for entry in described["variables"] if entry["trainable"]),
        extras=root / EXTRAS,
    )


def read_program(root: Path) -> dict[str, Any]:
    """Return what the SavedModel at ``root`` says about its programs; each signature tells its program.

    Raises:
        DataLossError: a newer Tenon wrote it.
    """
    path = root / PROGRAM
    program: dict[str, Any] = json.loads(path.read_bytes())
    if program["format"] not in range(1, PROGRAM_FORMAT + 1):
        raise DataLossError(
            f"{path}: must have format {PROGRAM_FORMAT}; it has {program['format']}. "
            "It was written by a newer Tenon: upgrade this one."
        )
    functions = program.setdefault("functions", {})
    for signature in program["signatures"].values():
        signature.update(functions.get(signature.get("function"), {}))
    return program


def read_meta_graph(root: Path) -> Any:
    """Return the ``MetaGraphDef`` of the SavedModel at ``root``."""
    saved_model = message_class("tensorflow.SavedModel").FromString((root / "saved_model.pb").read_bytes())
    return saved_model.meta_graphs[0]


def _signature(
    name: str, entry: Mapping[str, Any], extras: Path, definition: Any, variables: Mapping[str, np.ndarray]
) -> LoadedSignature:
    exported = jax_export.deserialize(bytearray((extras / entry["file"]).read_bytes()))
    written = tuple(entry.get("written", ()))
    count = len(exported.out_avals) - len(written)
    loaded = LoadedSignature(
        name=name,
        definition=definition,
        inputs={key: _spec(key, definition.inputs[key]) for key in entry["inputs"]},
        outputs={key: _spec(key, definition.outputs[key]) for key in entry["outputs"]},
        input_shapes=tuple(tuple(shape) for shape in entry["input_shapes"]),
        output_shapes=tuple(tuple(shape) for shape in entry["output_shapes"]),
        variables=tuple(entry["variables"]),
        function=_first_results(exported.call, count) if written else exported.call,
        values=tuple(variables[variable] for variable in entry["variables"]),
        dtypes=tuple(np.dtype(aval.dtype) for aval in exported.in_avals),
        written=written,
    )
    if "host" not in entry:
        return loaded
    device = _on_device(loaded, exported.in_avals[len(loaded.variables) :], exported.out_avals[:count])
    return replace(loaded, host=steps_from_json(entry["host"]), device=device)


def _on_device(loaded: LoadedSignature, arguments: Sequence[Any], results: Sequence[Any]) -> LoadedSignature:
    """Return what a device computes of a signature with strings."""
    return replace(
        loaded,
        inputs=_specs("argument", arguments),
        outputs=_specs("result", results),
        input_shapes=tuple(symbolic_shape(aval.shape) for aval in arguments),
        output_shapes=tuple(symbolic_shape(aval.shape) for aval in results),
    )


def _specs(name: str, avals: Sequence[Any]) -> dict[str, TensorSpec]:
    names = [f"{name}_{place}" for place in range(len(avals))]
    return {key: TensorSpec(static_shape(aval.shape), aval.dtype, key) for key, aval in zip(names, avals, strict=True)}


def _bytes(array: np.ndarray) -> np.ndarray:
    """Return strings as ``bytes`` objects."""
    found = np.empty(array.shape, object)
    found.ravel()[:] = [item.encode() if isinstance(item, str) else item for item in array.ravel().tolist()]
    return found


def _first_results(function: Callable[..., Sequence[Any]], count: int) -> Callable[..., tuple[Any, ...]]:
    return lambda *arguments: tuple(function(*arguments)[:count])


def _spec(name: str, info: Any) -> TensorSpec:
    shape = tuple(None if dim.size < 0 else dim.size for dim in info.tensor_shape.dim)
    return TensorSpec(shape, numpy_dtype(info.dtype), name)


def _mentions(size: int | str, symbol: str) -> bool:
    return isinstance(size, str) and symbol in re.findall(r"[A-Za-z_]\w*", size)
