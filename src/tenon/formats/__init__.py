"""Bytes on disk and wire: TensorFlow's protocol buffers and file formats, without TensorFlow."""

from tenon.formats._bundle_reader import BundleReader
from tenon.formats._bundle_writer import BundleWriter
from tenon.formats._checksum import masked_crc32c
from tenon.formats._dtypes import data_type, data_type_name, numpy_dtype
from tenon.formats._events import EventFileWriter, read_events
from tenon.formats._fingerprint import fingerprint64
from tenon.formats._protos import descriptor_pool, message_class
from tenon.formats._table import decode_table, encode_table
from tenon.formats._tensor_proto import encode_tensor_proto, make_ndarray, make_tensor_proto
from tenon.formats._tfrecord import RecordWriter, read_records
from tenon.formats._varint import decode_varint, encode_varint

__all__ = [
    "BundleReader",
    "BundleWriter",
    "EventFileWriter",
    "RecordWriter",
    "data_type",
    "data_type_name",
    "decode_table",
    "decode_varint",
    "descriptor_pool",
    "encode_table",
    "encode_tensor_proto",
    "encode_varint",
    "fingerprint64",
    "make_ndarray",
    "make_tensor_proto",
    "masked_crc32c",
    "message_class",
    "numpy_dtype",
    "read_events",
    "read_records",
]
