"""Requests that are read by comparison mean what protocol buffers say they mean."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError
from tenon.formats import encode_varint, make_ndarray, make_tensor_proto, message_class
from tenon.serving.grpc._predict_requests import LARGE, MAX_ALIKE, MAX_FRAME_BYTES, MAX_SIZES, PAUSE, PredictRequests

REQUEST = message_class("tensorflow.serving.PredictRequest")
VALUES = LARGE // 4


def image(seed=0, count=VALUES):
    return np.random.default_rng(seed).random((1, count)).astype(np.float32)


def message(array, name="x", model="m", **others):
    request = REQUEST(model_spec={"name": model, "signature_name": "s"}, output_filter=["y"])
    request.inputs[name].CopyFrom(make_tensor_proto(array, as_tensor_content=True))
    for key, value in others.items():
        request.inputs[key].CopyFrom(make_tensor_proto(value))
    return request.SerializeToString(deterministic=True)


def field(number, data):
    return encode_varint(number << 3 | 2) + encode_varint(len(data)) + data


def meaning(requests, data):
    """Return all that a reader says of some bytes, in words that can be compared."""
    try:
        request = requests.read(data)
        arrays = request.arrays({})
    except InvalidArgumentError as error:
        return error.message
    found = {name: (array.dtype, array.shape, array.tobytes()) for name, array in arrays.items()}
    return request.servable, request.signature_name, request.output_filter, found


def plain(data):
    return meaning(PredictRequests(), data)  # who has seen nothing before leaves all to protocol buffers


def is_view(request, data):
    array = request.arrays({})["x"]
    return "x" in request.known and np.shares_memory(array, np.frombuffer(data, np.uint8))


def test_a_second_message_of_a_kind_is_a_view_of_its_own_bytes():
    requests = PredictRequests()
    first, second = message(image(1)), message(image(2))
    assert not is_view(requests.read(first), first)
    found = requests.read(second)
    assert is_view(found, second)
    np.testing.assert_array_equal(found.arrays({})["x"], image(2))
    assert (found.servable.name, found.signature_name, found.output_filter) == ("m", "s", ("y",))
    with pytest.raises(ValueError, match="read-only"):
        found.arrays({})["x"][0, 0] = 1


def test_nothing_of_one_request_is_found_in_another():
    requests = PredictRequests()
    for seed in range(4):
        array = requests.read(message(image(seed))).arrays({})["x"]
        np.testing.assert_array_equal(array, image(seed))
        kept = [frame.request.protos["x"] for frames in requests._frames.values() for frame in frames]
        assert [proto.tensor_content for proto in kept] == [b""]


def test_models_that_differ_by_a_letter_are_told_apart():
    requests = PredictRequests()
    for seed in range(3):
        for model in ("a", "b"):
            found = requests.read(message(image(seed), model=model))
            assert found.servable.name == model
            np.testing.assert_array_equal(found.arrays({})["x"], image(seed))


def test_small_inputs_beside_the_large_one_are_there():
    requests = PredictRequests()
    for seed in range(3):
        arrays = requests.read(message(image(seed), k=np.int64([seed, 5]))).arrays({})
        np.testing.assert_array_equal(arrays["k"], [seed, 5])
        np.testing.assert_array_equal(arrays["x"], image(seed))


@pytest.mark.parametrize("dtype", [np.float32, np.uint8, np.int64, np.bool_, np.complex64, np.float16])
def test_every_dtype_of_fixed_width_is_read(dtype):
    requests = PredictRequests()
    for seed in range(2):
        array = (image(seed, LARGE) * 3).astype(dtype)
        found = requests.read(message(array)).arrays({})["x"]
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, array)


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(lambda data: data + field(2, field(1, b"x") + field(2, field(4, bytes(4)))), id="entry-again"),
        pytest.param(lambda data: data + field(2, field(2, b"")), id="entry-without-key"),
        pytest.param(lambda data: data + field(9, b"unknown"), id="unknown-field"),
        pytest.param(lambda data: data + b"\x10\x07", id="inputs-as-a-number"),
        pytest.param(lambda data: data + b"\x4b\x4c", id="a-group"),
        pytest.param(lambda data: data + field(1, field(1, b"other")), id="model-spec-again"),
        pytest.param(lambda data: data[:-1], id="cut"),
        pytest.param(lambda data: data + b"\xff", id="more"),
        pytest.param(lambda data: data + field(3, b"a") * 100, id="many-fields"),
        pytest.param(lambda data: field(3, b"a") + data, id="fields-in-another-order"),
    ],
)
def test_odd_messages_mean_what_protocol_buffers_say(odd):
    requests = PredictRequests()
    for seed in range(3):
        data = odd(message(image(seed)))
        assert meaning(requests, data) == plain(data)
        assert meaning(requests, message(image(seed))) == plain(message(image(seed)))
        requests._pause = 0


def tensors():
    """Tensors whose fields come in any order and again, their contents as long as their shape or not."""
    content = st.sampled_from([bytes([1]) * LARGE, bytes([2]) * LARGE, bytes(4), b""])
    shape = field(2, field(2, b"\x08" + encode_varint(LARGE)))
    pieces = st.one_of(
        st.just(b"\x08\x04"),  # uint8
        st.just(b"\x08\x01"),
        st.just(shape),
        content.map(lambda data: field(4, data)),
        st.just(field(7, b"\x05")),
        st.just(field(8, b"a")),
        st.just(b"\x18\x01"),
    )
    usual = content.map(lambda data: b"\x08\x04" + shape + field(4, data))
    return st.one_of(usual, st.lists(pieces, max_size=5).map(b"".join))


def entries():
    key, value = st.sampled_from([field(1, b"x"), field(1, b"z")]), tensors().map(lambda data: field(2, data))
    usual = st.tuples(key, value).map(b"".join)
    return st.one_of(usual, st.lists(st.one_of(key, value), max_size=3).map(b"".join)).map(lambda data: field(2, data))


def requests_on_the_wire():
    spec = st.sampled_from([field(1, field(1, b"m")), field(1, field(1, b"n"))])
    return st.lists(st.one_of(spec, entries(), st.just(field(3, b"y"))), max_size=4).map(b"".join)


@settings(max_examples=200, deadline=None)
@given(st.lists(requests_on_the_wire(), min_size=2, max_size=4))
def test_any_messages_one_after_the_other_mean_what_each_means_alone(messages):
    requests = PredictRequests()
    for data in [*messages, *messages]:
        requests._pause = 0
        assert meaning(requests, data) == plain(data)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_bytes_changed_anywhere_are_read_anew(data):
    requests = PredictRequests()
    usual = message(image(1))
    requests.read(usual)
    place = data.draw(st.one_of(st.integers(0, 80), st.integers(len(usual) - 8, len(usual) - 1)))
    changed = bytearray(usual)
    changed[place] ^= data.draw(st.integers(1, 255))
    assert meaning(requests, bytes(changed)) == plain(bytes(changed))
    assert meaning(requests, usual) == plain(usual)


def test_what_is_remembered_is_bounded():
    requests = PredictRequests()
    for count in range(VALUES, VALUES + MAX_SIZES + 5):
        requests.read(message(image(count=count)))
    for letter in range(MAX_ALIKE + 5):
        requests.read(message(image(), model=chr(65 + letter)))
    kept = [frame for frames in requests._frames.values() for frame in frames]
    assert len(requests._frames) <= MAX_SIZES
    assert max(map(len, requests._frames.values())) <= MAX_ALIKE
    assert all(len(frame.head) + len(frame.tail) <= MAX_FRAME_BYTES for frame in kept)


def test_messages_that_are_not_as_usual_are_looked_at_now_and_then():
    requests = PredictRequests()
    two = message(image(1), name="a") + message(image(2), name="b")
    requests.read(two)
    for _ in range(PAUSE):
        requests.read(message(image(1)))
    assert not requests._frames
    requests.read(message(image(1)))
    assert is_view(requests.read(message(image(2))), message(image(2))) or requests._frames


def test_a_tensor_of_another_size_than_its_content_is_refused_each_time():
    request = REQUEST.FromString(message(image(1)))
    request.inputs["x"].tensor_shape.dim[1].size = 3
    requests, data = PredictRequests(), request.SerializeToString()
    for _ in range(3):
        with pytest.raises(InvalidArgumentError, match="tensor parsing error: x: tensor_content"):
            requests.read(data).arrays({})
        requests._pause = 0


def test_the_arrays_are_those_of_the_message():
    request = REQUEST.FromString(message(image(3)))
    requests = PredictRequests()
    for _ in range(2):
        found = requests.read(message(image(3))).arrays({})["x"]
    np.testing.assert_array_equal(found, make_ndarray(request.inputs["x"]))
