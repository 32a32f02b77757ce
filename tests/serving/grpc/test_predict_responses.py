"""The bytes of answers are those that protocol buffers would write."""

import numpy as np
import pytest

from tenon.formats import make_tensor_proto, message_class
from tenon.serving.answering import Prediction, model_spec
from tenon.serving.grpc._predict_responses import predict_response
from tenon.serving.servables import ServableId

RESPONSE = message_class("tensorflow.serving.PredictResponse")
ARRAYS = [
    np.float32([[1.5, np.nan, -np.inf]]),
    np.float64(3),
    np.int64([1, -1]),
    np.uint8([0, 255]),
    np.array([True, False]),
    np.complex64([1j]),
    np.float16([[0.5]]),
    np.zeros((0, 3), np.float32),
    np.array([b"a", b""], object),
    np.arange(6, dtype=np.float32).reshape(2, 3).T,
    np.float32([1, 2]).astype(">f4"),
]


@pytest.mark.parametrize("tensor_content", [False, True])
@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: f"{array.dtype}{list(array.shape)}")
def test_an_answer_is_what_protocol_buffers_write(array, tensor_content):
    prediction = Prediction(ServableId("m", 3), "serving_default", {"\u00e9" * 70: array})
    want = RESPONSE(model_spec=model_spec(prediction.id, prediction.signature_name))
    as_content = tensor_content and not array.dtype.hasobject
    want.outputs["\u00e9" * 70].CopyFrom(make_tensor_proto(array, as_tensor_content=as_content))
    assert predict_response(prediction, tensor_content=tensor_content) == want.SerializeToString()


def test_an_answer_may_have_any_number_of_outputs():
    for names in ((), ("a", "b", "c")):
        outputs = {name: np.float32([index]) for index, name in enumerate(names)}
        found = RESPONSE.FromString(predict_response(Prediction(ServableId("m", 1), "s", outputs)))
        assert {name: list(proto.float_val) for name, proto in found.outputs.items()} == {
            name: [float(index)] for index, name in enumerate(names)
        }
        assert (found.model_spec.name, found.model_spec.version.value, found.model_spec.signature_name) == ("m", 1, "s")
