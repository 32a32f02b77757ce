"""Tensors as TensorFlow Serving writes and reads them in JSON."""

from tenon.serving.json_tensors._decode import decode_inputs, parse_predict_body
from tenon.serving.json_tensors._encode import encode_outputs

__all__ = [
    "decode_inputs",
    "encode_outputs",
    "parse_predict_body",
]
