"""Bytes on disk and wire: TensorFlow's protocol buffers and file formats, without TensorFlow."""

from tenon.formats._dtypes import data_type, data_type_name, numpy_dtype
from tenon.formats._protos import descriptor_pool, message_class
from tenon.formats._tensor_proto import make_ndarray, make_tensor_proto

__all__ = [
    "data_type",
    "data_type_name",
    "descriptor_pool",
    "make_ndarray",
    "make_tensor_proto",
    "message_class",
    "numpy_dtype",
]
