"""Tensors as TensorFlow Serving writes and reads them in JSON."""

from tenon.serving.json_tensors._decode import decode_inputs, parse_predict_body
from tenon.serving.json_tensors._encode import encode_outputs
from tenon.serving.json_tensors._examples import encode_classifications, encode_regressions, parse_examples_body

__all__ = [
    "decode_inputs",
    "encode_classifications",
    "encode_outputs",
    "encode_regressions",
    "parse_examples_body",
    "parse_predict_body",
]
