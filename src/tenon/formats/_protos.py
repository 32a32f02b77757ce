"""TensorFlow's protocol buffers without TensorFlow, in a descriptor pool of Tenon's own.

The core messages (GraphDef, TensorProto, Event, ...) are TensorBoard's copies put back under their real package
``tensorflow``; what TensorBoard lacks is compiled from the ``.proto`` files beside this module (``make protos``).
The pool is private so that Tenon and TensorFlow (or tensorflow-serving-api) can be imported into one process: in
protobuf's default pool two definitions of ``tensorflow.TensorProto`` refuse each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import Any

from google.protobuf import descriptor_pb2, message_factory
from google.protobuf.descriptor_pool import DescriptorPool

from tenon.base import NotFoundError

_TENSORBOARD = "tensorboard.compat.proto."
_ROOTS = ("event", "meta_graph", "saved_object_graph", "trackable_object_graph")


def message_class(name: str) -> type[Any]:
    r"""Return the message class of a full name.

    Args:
        name: the message's full name in TensorFlow's own package, such as ``"tensorflow.GraphDef"``.

    Returns:
        A protobuf message class; the same class at every call.

    Raises:
        NotFoundError: Tenon knows no such message.

    Example:
        >>> spec = message_class("tensorflow.serving.ModelSpec")(name="digits")
        >>> spec.SerializeToString()
        b'\n\x06digits'
    """
    found = _pool_and_classes()[1].get(name)
    if found is None:
        raise NotFoundError(f"name: Tenon knows no protocol message {name!r}; write its full name.")
    return found


@cache
def core_descriptors() -> descriptor_pb2.FileDescriptorSet:
    """Return TensorBoard's protos under the package ``tensorflow``, each file after those it imports."""
    ordered: dict[str, descriptor_pb2.FileDescriptorProto] = {}

    def add(descriptor: Any) -> None:
        if descriptor.name in ordered:
            return
        for dependency in descriptor.dependencies:
            add(dependency)
        ordered[descriptor.name] = _renamed(descriptor)

    for root in _ROOTS:
        add(import_module(f"{_TENSORBOARD}{root}_pb2").DESCRIPTOR)
    return descriptor_pb2.FileDescriptorSet(file=ordered.values())


def _renamed(descriptor: Any) -> descriptor_pb2.FileDescriptorProto:
    proto = descriptor_pb2.FileDescriptorProto()
    descriptor.CopyToProto(proto)
    proto.name = _renamed_file(proto.name)
    proto.package = proto.package.replace("tensorboard", "tensorflow")
    proto.dependency[:] = [_renamed_file(name) for name in proto.dependency]
    for message in proto.message_type:
        _rename_types(message)
    return proto


def _renamed_file(name: str) -> str:
    return name.replace("tensorboard/compat/proto/", "tensorflow/proto/")


def _rename_types(message: descriptor_pb2.DescriptorProto) -> None:
    for field in (field for field in message.field if field.type_name):
        field.type_name = field.type_name.replace(".tensorboard.", ".tensorflow.")
    for nested in message.nested_type:
        _rename_types(nested)


def descriptor_pool() -> DescriptorPool:
    """Return the private pool, for JSON and text formats that must resolve an ``Any``.

    Example:
        >>> descriptor_pool().FindMessageTypeByName("tensorflow.TensorProto").name
        'TensorProto'
    """
    return _pool_and_classes()[0]


@cache
def _pool_and_classes() -> tuple[DescriptorPool, dict[str, type[Any]]]:
    """Return the pool and the classes of all its messages.

    The classes live as long as the pool, as those of generated modules do: protobuf finds a class again by a weak
    reference, also while the garbage collector takes it apart, and what makes a message of it then ends the process
    (``PyUpb_MessageMeta_Clear`` in protobuf 7.36).
    """
    pool = DescriptorPool()
    own = descriptor_pb2.FileDescriptorSet.FromString(
        files("tenon.formats").joinpath("protos/descriptors.binpb").read_bytes()
    )
    for file in (*core_descriptors().file, *own.file):
        pool.AddSerializedFile(file.SerializeToString())
    files_in_pool = (pool.FindFileByName(file.name) for file in (*core_descriptors().file, *own.file))
    top = (message for file in files_in_pool for message in file.message_types_by_name.values())
    return pool, {message.full_name: message_factory.GetMessageClass(message) for message in _with_nested(top)}


def _with_nested(messages: Iterable[Any]) -> Iterator[Any]:
    for message in messages:
        yield message
        yield from _with_nested(message.nested_types)
