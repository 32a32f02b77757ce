"""Bytes on disk and wire: TensorFlow's protocol buffers and file formats, without TensorFlow."""

from tenon.formats._protos import descriptor_pool_of_tenon, message_class

__all__ = ["descriptor_pool_of_tenon", "message_class"]
