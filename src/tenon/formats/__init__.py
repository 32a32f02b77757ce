"""Bytes on disk and wire: TensorFlow's protocol buffers and file formats, without TensorFlow."""

from tenon.formats._bundle_reader import BundleReader
from tenon.formats._bundle_writer import BundleWriter
from tenon.formats._checksum import masked_crc32c
from tenon.formats._dtypes import data_type, data_type_name, numpy_dtype
from tenon.formats._events import EventFileWriter, read_events
from tenon.formats._fingerprint import fingerprint64
from tenon.formats._protos import descriptor_pool, message_class
from tenon.formats._table import decode_table, encode_table
from tenon.formats._tensor_proto import make_ndarray, make_tensor_proto
from tenon.formats._tfrecord import RecordWriter, read_records

__all__ = [
    "BundleReader",
    "BundleWriter",
    "EventFileWriter",
    "RecordWriter",
    "data_type",
    "data_type_name",
    "decode_table",
    "descriptor_pool",
    "encode_table",
    "fingerprint64",
    "make_ndarray",
    "make_tensor_proto",
    "masked_crc32c",
    "message_class",
    "numpy_dtype",
    "read_events",
    "read_records",
]
