"""The client asks real servers, over both protocols, and gets the same."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import ml_dtypes
import numpy as np
import pytest

from tenon.base import (
    DataLossError,
    DeadlineExceededError,
    FailedPreconditionError,
    InternalError,
    InvalidArgumentError,
    NotFoundError,
    ResourceExhaustedError,
    TenonError,
    TensorSpec,
    UnavailableError,
    UnimplementedError,
)
from tenon.serving import Client, ServableId, ServableRequest, ServableState, State
from tenon.serving.client import ModelMetadata, RetryPolicy, SignatureInfo, TensorInfo
from tenon.serving.testing import FakeServable, StaticManager, fake_signature, half_plus_two
from tests.serving.client.servers import relayed, serving
from tests.serving.doubles import SIGNATURES, echo, manager
from tests.serving.servers import free_port

ONCE = RetryPolicy(attempts=1)
F4 = np.dtype("f4")


def models():
    return StaticManager(
        {
            "half": {1: half_plus_two(), 3: half_plus_two()},
            "many": {
                7: FakeServable(SIGNATURES | {"bfloat16": echo(ml_dtypes.bfloat16), "cube": echo("f4", (None, 2, 3))})
            },
        },
        {"half": {2: DataLossError("damaged")}},
    )


@pytest.fixture(scope="module", params=["grpc", "http"])
def client(request):
    with serving(request.param, models) as url, Client(url, retry=ONCE) as made:
        yield made


def test_arrays_go_in_and_come_out(client):
    answer = client.predict("half", {"x": np.float32([1, 2, 5])})
    assert list(answer) == ["y"]
    assert answer["y"].dtype == F4
    assert answer["y"].tolist() == [2.5, 3, 4.5]


def test_the_only_input_needs_no_name_and_lists_are_arrays(client):
    assert client.predict("half", [1.0, 2, np.inf])["y"].tolist() == [2.5, 3, np.inf]
    assert client.predict("half", {"x": [1, 2]}, version=1)["y"].tolist() == [2.5, 3]
    with pytest.raises(InvalidArgumentError, match=r"must be values by name, of \['a', 'b'\]; received list"):
        client.predict("many", [1.0])


def test_several_inputs_and_outputs_and_a_choice_of_them(client):
    inputs = {"a": np.ones((2, 2)), "b": [10, 20]}
    answer = client.predict("many", inputs)
    assert {name: array.tolist() for name, array in answer.items()} == {"sum": [12, 22], "b": [10, 20]}
    assert answer["b"].dtype == np.int32
    assert list(client.predict("many", inputs, outputs=["b"])) == ["b"]
    with pytest.raises(InvalidArgumentError, match="output tensor alias not found in signature: c"):
        client.predict("many", inputs, outputs=["c"])


@pytest.mark.parametrize(
    ("signature", "values"),
    [
        ("float32", [0.1, -0.0, 3.4e38, np.nan, np.inf, -np.inf]),
        ("float64", [0.1, 1e-308, np.nan]),
        ("bool", [True, False]),
        ("int8", [-128, 127]),
        ("int64", [-(2**63), 2**63 - 1]),
        ("uint16", [0, 65535]),
    ],
)
def test_every_value_comes_back_in_its_dtype(client, signature, values):
    array = np.array(values, signature)
    if signature == "uint16" and client.url.startswith("http"):  # as in TensorFlow Serving
        with pytest.raises(UnimplementedError, match="uint16 is not supported"):
            client.predict("many", {"x": array}, signature=signature)
        return
    (answer,) = client.predict("many", {"x": array}, signature=signature).values()
    assert answer.dtype == array.dtype
    assert answer.tobytes() == array.tobytes()


def test_strings_are_bytes_whatever_they_hold(client):
    if client.url.startswith("http"):  # TensorFlow Serving writes text there
        assert client.predict("many", {"x": ["ä", b"b"]}, signature="text")["raw_bytes"].tolist() == [
            "ä".encode(),
            b"b",
        ]
        assert client.predict("many", {"x": ["ä", b"b"]}, signature="text")["text"].tolist() == ["ä".encode(), b"b"]
    else:
        answer = client.predict("many", {"x": np.array(["ä", b"\xff\0"], object)}, signature="object")
        assert answer["x"].tolist() == ["ä".encode(), b"\xff\0"]
    for values in (["a", "b"], np.array(["a", "b"]), np.array([b"a", b"b"])):
        assert client.predict("many", {"x": values}, signature="object")["x"].tolist() == [b"a", b"b"]


def test_types_without_a_json_form_go_over_grpc_and_say_so(client):
    array = np.array([1.5, 2], ml_dtypes.bfloat16)
    if client.url.startswith("http"):
        with pytest.raises(UnimplementedError, match="JSON has no form for bfloat16"):
            client.predict("many", {"x": array}, signature="bfloat16")
    else:
        answer = client.predict("many", {"x": np.float32([1.5, 2])}, signature="bfloat16")["x"]
        assert (answer.dtype, answer.tolist()) == (array.dtype, [1.5, 2])


def test_a_scalar_comes_back_as_one(client):
    assert client.predict("many", [1.0, 2.0], signature="scalar")["total"].shape == ()


def test_answers_without_rows_keep_their_rank(client):
    if client.url.startswith("http"):  # JSON has no shapes, so a server cannot know this one
        with pytest.raises(InvalidArgumentError, match="must fit"):
            client.predict("many", {"x": np.zeros((0, 2, 3), "f4")}, signature="cube")
        assert client.predict("many", {"x": np.zeros(0, "f4")}, signature="float32")["x"].shape == (0,)
    else:
        assert client.predict("many", {"x": np.zeros((0, 2, 3), "f4")}, signature="cube")["x"].shape == (0, 2, 3)


@pytest.mark.parametrize(
    ("inputs", "signature", "text"),
    [
        ({"x": [1.5]}, "int64", "input 'x': must be int64; received float64"),
        ({"x": [-1, 2**63]}, "int64", "must hold int64; received values between -1 and 9223372036854775808"),
        ({"x": [2**70]}, "int64", "must hold int64; received values between 1180591620717411303424"),
        ({"x": [300]}, "int8", "input 'x': must hold int8; received values between 300 and 300"),
        ({"x": [-1]}, "uint16", "must hold uint16; received values between -1"),
        ({"x": ["a"]}, "float32", "must be float32; received strings"),
        ({"x": [1.0]}, "text", "holds? (text|str)"),
        ({"x": [[1.0], [1.0, 2.0]]}, "float32", "input 'x': must be an array; its rows differ in length"),
    ],
)
def test_values_of_another_kind_are_refused_before_anything_is_lost(client, inputs, signature, text):
    with pytest.raises(InvalidArgumentError, match=text):
        client.predict("many", inputs, signature=signature)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda c: c.predict("none", [1.0]), NotFoundError, r"Servable not found for request: Latest\(none\)"),
        (lambda c: c.predict("half", [1.0], version=9), NotFoundError, r"Specific\(half, 9\)"),
        (lambda c: c.predict("half", [1.0], label="gold"), InvalidArgumentError, "label"),
        (lambda c: c.predict("many", {"q": [1.0]}), InvalidArgumentError, "a"),
        (lambda c: c.predict("half", {"x": [[1.0]]}), InvalidArgumentError, "x"),
        (lambda c: c.predict("many", {"x": [1.0]}, signature="full"), ResourceExhaustedError, "the queue is full"),
        (lambda c: c.predict("many", {"x": [1.0]}, signature="away"), UnavailableError, "not now"),
        (lambda c: c.predict("many", {"x": [1.0]}, signature="broken"), InternalError, "The server's log"),
        (lambda c: c.predict("half", {"x": [1.0]}, signature="s"), TenonError, '"s" not found'),
        (lambda c: c.predict("half", [1.0], version=1, label="a"), InvalidArgumentError, "give one of them"),
        (lambda c: c.predict("", [1.0]), InvalidArgumentError, "model: must be a name"),
        (lambda c: c.predict("half", [1.0], timeout=0), InvalidArgumentError, "timeout: must be"),
        (lambda c: c.predict("half", [1.0], headers={"a": "b\r\nc: d"}), InvalidArgumentError, "headers: must be"),
        (lambda c: c.predict("half", [1.0], headers={"a:b": ""}), InvalidArgumentError, "headers: must be"),
        (lambda c: c.status("none"), NotFoundError, "Could not find any versions of model none"),
        (lambda c: c.metadata("none"), NotFoundError, "Servable not found"),
    ],
)
def test_refusals_have_their_class_and_the_servers_words(client, call, error, text):
    with pytest.raises(error, match=text):
        call(client)


def test_the_codes_of_an_unknown_signature_are_the_protocols(client):
    expected = InvalidArgumentError if client.url.startswith("http") else FailedPreconditionError
    with pytest.raises(expected, match="not found"):
        client.predict("half", {"x": [1.0]}, signature="s")


def test_the_status_tells_every_version(client):
    states = {state.id.version: state for state in client.status("half")}
    assert states[3] == ServableState(ServableId("half", 3), State.AVAILABLE)
    assert states[2].state is State.END
    assert isinstance(states[2].error, DataLossError)
    assert str(states[2].error) == "damaged"
    assert [state.id.version for state in client.status("half", version=1)] == [1]


def test_the_metadata_tell_the_signatures(client):
    found = client.metadata("half")
    assert found.id == ServableId("half", 3)
    vector = TensorInfo(F4, (None,))
    assert found.signatures["serving_default"] == SignatureInfo(
        {"x": vector}, {"y": vector}, "tensorflow/serving/predict"
    )
    assert client.metadata("many").signatures["text"].inputs["x"].dtype == np.dtype(object)
    assert client.metadata("half", version=1).id.version == 1


@pytest.mark.parametrize("scheme", ["grpc", "http"])
def test_a_model_may_have_any_name(scheme):
    name = "ein Modell ä%?#"
    with serving(scheme, lambda: StaticManager({name: {1: half_plus_two()}})) as url, Client(url) as client:
        assert client.predict(name, [1.0])["y"].tolist() == [2.5]


def test_threads_share_a_client(client):
    def ask(number):
        return client.predict("half", [float(number)] * (number % 7 + 1))["y"].tolist()

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(ask, range(300))) == [[number / 2 + 2] * (number % 7 + 1) for number in range(300)]


@pytest.mark.parametrize("scheme", ["grpc", "http"])
def test_a_call_ends_at_its_deadline(scheme):
    gate = []

    def gated():
        gate.append(asyncio.Event())
        return manager(gate[0])

    with serving(scheme, gated) as url, Client(url) as client:
        client.metadata("many")
        with pytest.raises(DeadlineExceededError):
            client.predict("many", {"x": [1.0]}, signature="float32", timeout=0.05)


@pytest.mark.parametrize("scheme", ["grpc", "http"])
def test_a_server_that_comes_up_later_is_waited_for(scheme):
    port, answers = free_port(), []
    with Client(f"{scheme}://127.0.0.1:{port}", timeout=20, retry=RetryPolicy(100, 0.02, 0.05)) as client:
        asked = threading.Thread(target=lambda: answers.append(client.predict("half", [1.0])["y"].tolist()))
        asked.start()
        with relayed(scheme, port):
            asked.join()
    assert answers == [[2.5]]


@pytest.mark.parametrize("scheme", ["grpc", "http"])
def test_nobody_listening_is_unavailable(scheme):
    client = Client(f"{scheme}://127.0.0.1:{free_port()}", retry=RetryPolicy(3, 0.001, 0.001))
    with client, pytest.raises(UnavailableError, match="onnect"):
        client.predict("half", [1.0])


@pytest.mark.parametrize("scheme", ["grpc", "http"])
def test_a_closed_client_says_so(scheme):
    client = Client(f"{scheme}://127.0.0.1:1")
    client.close()
    client.close()
    with pytest.raises(TenonError, match="closed"):
        client.status("m")


@pytest.mark.parametrize("scheme", ["grpc", "http"])
def test_a_new_version_with_another_signature_is_noticed(scheme):
    """The first version takes and returns floats, the second integers; nobody tells the client."""
    servables = {1: FakeServable({"serving_default": echo("f4")})}

    with serving(scheme, lambda: StaticManager({"m": servables})) as url, Client(url) as client:
        assert client.predict("m", [1.5])["x"].dtype == F4

    ints = TensorSpec((None,), "int64")
    changed = fake_signature({"x": ints}, {"x": ints, "z": ints}, lambda x: {"x": x, "z": x})
    later = StaticManager({"m": {2: FakeServable({"serving_default": changed})}})
    with serving(scheme, lambda: later) as url, Client(url) as fresh:
        fresh._metadata.update(client._metadata)
        try:
            answer = fresh.predict("m", [3])
        except InvalidArgumentError:  # gRPC: the floats that it remembers are refused, and forgotten
            answer = fresh.predict("m", [3])
        assert {name: array.dtype.name for name, array in answer.items()} == {"x": "int64", "z": "int64"}


def test_signatures_of_thousands_of_versions_are_not_all_remembered():
    with Client("http://127.0.0.1:1") as client:
        for version in range(5000):
            client._remember(ServableRequest("m", version), ModelMetadata(ServableId("m", version), {}))
        assert len(client._metadata) <= 1024


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("127.0.0.1:8500", "the scheme must be one of"),
        ("ftp://a", "the scheme must be one of"),
        ("grpc://", "the host is missing"),
        ("grpc://a/path", "nothing may follow the port"),
        ("http://a:x", "Port"),
        ("http://a:70000", "Port"),
        ("http://me:secret@a", "it holds too much"),
        ("http://a?b=c", "it holds too much"),
        ("http://[::1", "Invalid IPv6"),
    ],
)
def test_an_address_that_is_none_is_refused(url, text):
    with pytest.raises(InvalidArgumentError, match=text):
        Client(url)


def test_the_client_needs_no_jax():
    code = "import sys, tenon.serving.client, tenon.serving; tenon.serving.Client; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"jax", "keras", "uvloop", "tenon.saved_model"} & set(loaded) == set()
