"""Tensors as TensorFlow Serving writes and reads them in JSON."""

from tenon.serving.json_tensors._decode import decode_inputs, parse_predict_body
from tenon.serving.json_tensors._encode import encode_outputs, restore_constants
from tenon.serving.json_tensors._examples import encode_classifications, encode_regressions, parse_examples_body
from tenon.serving.json_tensors._parse import debug_json, parse_json
from tenon.serving.json_tensors._tensor import dense_array

__all__ = [
    "debug_json",
    "decode_inputs",
    "dense_array",
    "encode_classifications",
    "encode_outputs",
    "encode_regressions",
    "parse_examples_body",
    "parse_json",
    "parse_predict_body",
    "restore_constants",
]
