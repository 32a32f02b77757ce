"""What a ``.tflite`` file says about its signatures."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tenon.base import DataLossError, InvalidArgumentError, TensorSpec, UnimplementedError, require_extra
from tenon.formats import data_type, message_class
from tenon.serving.engines import Flatbuffer

TFLITE_FILE = "model.tflite"
"""Where TensorFlow Serving looks for a TFLite model, below the version's directory."""

METHOD_NAME = "tensorflow/serving/predict"
DEFAULT_SIGNATURE = "serving_default"

_METADATA = "signature_defs_metadata"
"""The metadata entry in which converters of old wrote SignatureDefs: a FlexBuffer map of serialized messages."""


@dataclass(frozen=True)
class TfLiteSignature:
    """One signature of a TFLite model.

    Args:
        inputs: a spec per input name, with the sizes that the file names and ``None`` for open ones.
        outputs: a spec per output name.
        definition: as a ``tensorflow.SignatureDef``.
        flatbuffer: the program.
    """

    inputs: Mapping[str, TensorSpec]
    outputs: Mapping[str, TensorSpec]
    definition: Any
    flatbuffer: Flatbuffer


def read_tflite(path: Path) -> dict[str, TfLiteSignature]:
    """Return the signatures of a TFLite model by name.

    They are those of the file; of its metadata, where older converters put them; or one, ``serving_default``, with the
    tensors' names without a ``:0`` at the end.

    Args:
        path: the ``.tflite`` file.

    Raises:
        DataLossError: the file cannot be read or is no TFLite model that LiteRT can run.
        UnimplementedError: it needs a custom operation that LiteRT has not.
        MissingExtraError: the extra ``lite`` is not installed.
    """
    require_extra("lite")
    module = importlib.import_module("ai_edge_litert.interpreter")
    try:
        content = path.read_bytes()
        interpreter = module.Interpreter(model_content=content, num_threads=1)
        _check_operations(path, content, interpreter)
        if names := list(interpreter.get_signature_list()):
            return {name: _own(content, name, interpreter.get_signature_runner(name)) for name in names}
        tensors = _Tensors(interpreter.get_input_details(), interpreter.get_output_details())
        stored = _stored_definitions(content)
        return {name: tensors.signature(content, *_aliases(each)) for name, each in stored.items()} or {
            DEFAULT_SIGNATURE: tensors.signature(content, *tensors.generated())
        }
    except UnimplementedError:
        raise
    except OSError as error:
        raise DataLossError(f"{path}: the file cannot be read ({error.strerror}).") from error
    except (ValueError, RuntimeError, KeyError, InvalidArgumentError) as error:
        reason = " ".join(str(error).split())[:400]
        raise DataLossError(f"{path}: is no TFLite model that LiteRT can run: {reason}") from error


def _check_operations(path: Path, content: bytes, interpreter: Any) -> None:
    """Refuse a model with operations that nobody registered: LiteRT tells it only when the model is prepared.

    A model that cannot be prepared for another reason is none of this: sizes that requests bring may do better.
    """
    names = _custom_operations(content)
    if not names:
        return
    try:
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        missing = [name for name in names if name in str(error)]
        if missing:
            raise UnimplementedError(
                f"{path}: needs the custom operation {missing[0]!r}, which LiteRT does not have here. Convert the "
                "model without it: parse examples, and run what only TensorFlow has, outside of the model."
            ) from error


def _custom_operations(content: bytes) -> list[str]:
    schema = importlib.import_module("ai_edge_litert.schema_py_generated")
    model = schema.Model.GetRootAs(content, 0)
    codes = (model.OperatorCodes(index) for index in range(model.OperatorCodesLength()))
    return [code.CustomCode().decode() for code in codes if code.CustomCode()]


def _own(content: bytes, name: str, runner: Any) -> TfLiteSignature:
    inputs = {key: _spec(key, each) for key, each in runner.get_input_details().items()}
    outputs = {key: _spec(key, each) for key, each in runner.get_output_details().items()}
    flatbuffer = Flatbuffer(content, name, tuple(inputs), tuple(outputs), _dtypes(inputs))
    return TfLiteSignature(inputs, outputs, _definition(inputs, outputs, {}), flatbuffer)


class _Tensors:
    """The inputs and outputs of a model without signatures, by the names of their tensors."""

    def __init__(self, inputs: Sequence[Mapping[str, Any]], outputs: Sequence[Mapping[str, Any]]) -> None:
        self._inputs = {each["name"]: each for each in inputs}
        self._outputs = {each["name"]: each for each in outputs}

    def generated(self) -> tuple[dict[str, str], dict[str, str]]:
        """Return tensor names by the names of a signature made for them, of inputs and of outputs."""
        inputs, outputs = ({name.removesuffix(":0"): name for name in each} for each in (self._inputs, self._outputs))
        return inputs, outputs

    def signature(self, content: bytes, inputs: Mapping[str, str], outputs: Mapping[str, str]) -> TfLiteSignature:
        """Return the signature with these tensor names by alias."""
        own_inputs = {alias: _spec(alias, self._inputs[name]) for alias, name in inputs.items()}
        own_outputs = {alias: _spec(alias, self._outputs[name]) for alias, name in outputs.items()}
        definition = _definition(own_inputs, own_outputs, {**inputs, **outputs})
        flatbuffer = Flatbuffer(content, None, tuple(inputs.values()), tuple(outputs.values()), _dtypes(own_inputs))
        return TfLiteSignature(own_inputs, own_outputs, definition, flatbuffer)


def _stored_definitions(content: bytes) -> dict[str, Any]:
    """Return the SignatureDefs in the metadata of a flatbuffer."""
    schema = importlib.import_module("ai_edge_litert.schema_py_generated")
    flexbuffers = importlib.import_module("flatbuffers.flexbuffers")
    model = schema.Model.GetRootAs(content, 0)
    for index in range(model.MetadataLength()):
        entry = model.Metadata(index)
        if (entry.Name() or b"").decode() == _METADATA:
            stored = flexbuffers.GetRoot(model.Buffers(entry.Buffer()).DataAsNumpy().tobytes()).AsMap
            parse = message_class("tensorflow.SignatureDef").FromString
            texts = [bytes(each.AsStringBytes if each.IsString else each.AsBlob) for each in stored.Values]
            return {key.AsKey: parse(text) for key, text in zip(stored.Keys, texts, strict=True)}
    return {}


def _aliases(definition: Any) -> tuple[dict[str, str], dict[str, str]]:
    return _names(definition.inputs), _names(definition.outputs)


def _names(infos: Mapping[str, Any]) -> dict[str, str]:
    return {alias: info.name for alias, info in infos.items()}


def _spec(name: str, details: Mapping[str, Any]) -> TensorSpec:
    shape = tuple(None if size < 0 else int(size) for size in details["shape_signature"])
    dtype = np.dtype(details["dtype"])
    return TensorSpec(shape, np.dtype(object) if dtype.kind in "SUO" else dtype, name)


def _dtypes(specs: Mapping[str, TensorSpec]) -> tuple[np.dtype, ...]:
    return tuple(spec.dtype for spec in specs.values())


def _definition(inputs: Mapping[str, TensorSpec], outputs: Mapping[str, TensorSpec], names: Mapping[str, str]) -> Any:
    definition = message_class("tensorflow.SignatureDef")(method_name=METHOD_NAME)
    for field, specs in ((definition.inputs, inputs), (definition.outputs, outputs)):
        for alias, spec in specs.items():
            info = field[alias]
            info.name, info.dtype = names.get(alias, alias), data_type(spec.dtype)
            info.tensor_shape.SetInParent()
            for size in spec.shape:
                info.tensor_shape.dim.add(size=-1 if size is None else size)
    return definition
