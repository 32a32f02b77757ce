import subprocess
import sys
from importlib.resources import files

import pytest
from google.protobuf import json_format

from tenon.base import NotFoundError
from tenon.formats import descriptor_pool, message_class
from tools.compile_protos import compile_protos


def test_the_descriptor_set_is_what_the_proto_files_compile_to():
    stored = files("tenon.formats").joinpath("protos/descriptors.binpb").read_bytes()
    assert stored == compile_protos(), "run `make protos`"


@pytest.mark.parametrize(
    "name",
    [
        *("tensorflow.TensorProto", "tensorflow.GraphDef", "tensorflow.Event", "tensorflow.MetaGraphDef"),
        *("tensorflow.SavedModel", "tensorflow.FingerprintDef", "tensorflow.SavedObjectGraph"),
        *("tensorflow.BundleHeaderProto", "tensorflow.BundleEntryProto", "tensorflow.TrackableObjectGraph"),
        *("tensorflow.Example", "tensorflow.SequenceExample", "tensorflow.Features", "tensorflow.Int64List"),
        *("tensorflow.serving.PredictRequest", "tensorflow.serving.GetModelMetadataResponse"),
    ],
)
def test_a_message_is_found_under_tensorflows_name(name):
    message = message_class(name)
    assert message.DESCRIPTOR.full_name == name
    assert message_class(name) is message
    assert message.FromString(message().SerializeToString()) == message()


def test_no_message_keeps_tensorboards_package():
    fields = message_class("tensorflow.GraphDef").DESCRIPTOR.fields
    assert {field.message_type.full_name for field in fields if field.message_type} == {
        "tensorflow.NodeDef",
        "tensorflow.VersionDef",
        "tensorflow.FunctionDefLibrary",
        "tensorflow.GraphDebugInfo",
    }


def test_an_unknown_message_is_refused_by_name():
    with pytest.raises(NotFoundError, match=r"no protocol message 'tensorflow.Tensor'; write its full name"):
        message_class("tensorflow.Tensor")


def test_the_pool_resolves_an_any_in_json():
    signature_map = message_class("tensorflow.serving.SignatureDefMap")()
    signature_map.signature_def["serving_default"].method_name = "tensorflow/serving/predict"
    response = message_class("tensorflow.serving.GetModelMetadataResponse")()
    response.metadata["signature_def"].Pack(signature_map)
    text = json_format.MessageToJson(response, descriptor_pool=descriptor_pool())
    assert "tensorflow/serving/predict" in text
    assert json_format.Parse(text, type(response)(), descriptor_pool=descriptor_pool()) == response


COEXIST = """
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from tenon.formats import message_class
mine = message_class("tensorflow.TensorProto")
file = descriptor_pb2.FileDescriptorProto(name="tensorflow/core/framework/tensor.proto", package="tensorflow")
file.message_type.add(name="TensorProto")
descriptor_pool.Default().AddSerializedFile(file.SerializeToString())
theirs = message_factory.GetMessageClass(
    descriptor_pool.Default().FindMessageTypeByName("tensorflow.TensorProto"))
assert theirs is not mine and not theirs.DESCRIPTOR.fields and mine(dtype=1).dtype == 1
assert message_class("tensorflow.TensorProto") is mine
"""


def test_the_same_names_may_live_in_the_default_pool():
    subprocess.run([sys.executable, "-c", COEXIST], check=True)


COLLECT = """
import ctypes, gc
from google.protobuf import message_factory
from tenon.formats import descriptor_pool, message_class

NAMES = "serving.ModelSpec", "serving.PredictRequest", "serving.PredictRequest.InputsEntry", "Features.FeatureEntry"
caught = []

def find(name):
    return message_factory.GetMessageClass(descriptor_pool().FindMessageTypeByName("tensorflow." + name))

@ctypes.CFUNCTYPE(None, ctypes.c_void_p)
def meanwhile(_):  # as another thread, when what is collected lets it run
    caught.extend(find(name) for name in NAMES)

new_capsule = ctypes.pythonapi.PyCapsule_New
new_capsule.restype, new_capsule.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
[find(name)() for name in NAMES]
gc.collect()
gc.disable()
garbage = [new_capsule(1, None, ctypes.cast(meanwhile, ctypes.c_void_p))]
garbage.append(garbage)
[find(name)() for name in NAMES]
message_class("tensorflow.serving.PredictRequest")().model_spec.name = "digits"
del garbage
gc.collect()
assert len(caught) == len(NAMES)
[found() for found in caught]
"""


def test_classes_outlive_a_garbage_collection_that_another_thread_runs_into():
    subprocess.run([sys.executable, "-c", COLLECT], check=True)
