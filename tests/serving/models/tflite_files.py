"""Small TFLite files: with signatures, without, and with those of older converters."""

from __future__ import annotations

import flatbuffers
from ai_edge_litert import schema_py_generated as schema
from flatbuffers import flexbuffers

from tests.serving.engines.signatures import flatbuffer


def modern(name: str) -> bytes:
    """One signature, ``signature``, from ``input_0`` to ``output_0``, whose open sizes are said to be open."""
    model = schema.ModelT.InitFromPackedBuf(flatbuffer(name).content, 0)
    [graph] = model.subgraphs
    for tensor in (graph.tensors[index] for index in (*graph.inputs, *graph.outputs)):
        if tensor.shapeSignature is None and len(tensor.shape):  # a file of ours that is converted for one row
            tensor.shapeSignature = [-1, *tensor.shape[1:]]
    return _packed(model)


def without_signatures(name: str, batch: int | None = None) -> bytes:
    """No signatures, tensors called ``x:0`` and ``y:0``, and the batch size said to be 1 if asked for."""
    return _packed(_plain(name, batch))


def with_custom_operation(called: str) -> bytes:
    """A model whose first operation is one that only the program that wrote it knows."""
    model = schema.ModelT.InitFromPackedBuf(modern("depthwise"), 0)
    code = model.operatorCodes[model.subgraphs[0].operators[0].opcodeIndex]
    code.customCode = called
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
    return _packed(model)


def with_metadata(name: str, definitions: dict[str, bytes]) -> bytes:
    """SignatureDefs in the metadata, where converters wrote them before flatbuffers had signatures."""
    model = _plain(name, None)
    buffer = schema.BufferT()
    stored = flexbuffers.Builder()
    with stored.Map():
        for key, definition in definitions.items():
            stored.Key(key)
            stored.String(definition.decode())
    buffer.data = list(stored.Finish())
    entry = schema.MetadataT()
    entry.name, entry.buffer = "signature_defs_metadata", len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or []), entry]
    return _packed(model)


def _plain(name: str, batch: int | None) -> schema.ModelT:
    model = schema.ModelT.InitFromPackedBuf(modern(name), 0)
    model.signatureDefs = None
    [graph] = model.subgraphs
    for index, called in ((graph.inputs[0], "x:0"), (graph.outputs[0], "y:0")):
        tensor = graph.tensors[index]
        tensor.name = called
        if batch is not None:
            tensor.shape, tensor.shapeSignature = [batch, *tensor.shape[1:]], None
    return model


def _packed(model: schema.ModelT) -> bytes:
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())
