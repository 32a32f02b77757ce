"""Whatever is sent to a server, it answers with the sender's fault or not at all, in bounded time and memory."""

from __future__ import annotations

import json
import re
import resource
import socket
from contextlib import closing
from pathlib import Path

import grpc
import httpx
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tenon.formats import make_tensor_proto, message_class
from tenon.saved_model import Program, Signature, TensorSpec, save
from tests.server_process import start_server

GROWTH_BYTES = 2**30
SECONDS = 10
FLOATS, INTS = TensorSpec((None,), "float32"), TensorSpec((None,), "int64")
SIGNATURES = {
    "serving_default": {"x": FLOATS},
    "pairs": {"a": TensorSpec((None, 2), "float32"), "b": TensorSpec((None,), "int32")},
    "ints": {"x": INTS},
    "flags": {"x": TensorSpec((None,), "bool")},
    "lengths": {"x": TensorSpec((None, None), "float32")},
}
SERVER_FAULTS = {
    grpc.StatusCode[name] for name in ("INTERNAL", "UNKNOWN", "DATA_LOSS", "UNAVAILABLE", "DEADLINE_EXCEEDED")
}
METHODS = (
    "/tensorflow.serving.PredictionService/Predict",
    "/tensorflow.serving.PredictionService/Classify",
    "/tensorflow.serving.PredictionService/MultiInference",
    "/tensorflow.serving.PredictionService/GetModelMetadata",
    "/tensorflow.serving.ModelService/GetModelStatus",
    "/inference.GRPCInferenceService/ModelInfer",
    "/inference.GRPCInferenceService/ModelMetadata",
)


def save_model(path: Path) -> None:
    functions = {
        "serving_default": lambda x: {"y": x + 1},
        "pairs": lambda a, b: {"y": a * 2, "z": b},
        "ints": lambda x: {"y": x + 1},
        "flags": lambda x: {"y": jnp.logical_not(x)},
        "lengths": lambda x: {"y": x.sum(-1)},
    }
    program = Program([], {name: Signature(taking(functions[name]), specs) for name, specs in SIGNATURES.items()})
    save(program, path)


def taking(function):
    return lambda _, inputs: function(**inputs)


@pytest.fixture(scope="module")
def server(tmp_path_factory, compile_cache):
    root = tmp_path_factory.mktemp("models")
    save_model(root / "m" / "1")
    server = start_server(compile_cache, "--model", f"m={root / 'm'}", "--max-batch-size", 2)
    limit = memory(server, "VmSize") + 2 * GROWTH_BYTES
    resource.prlimit(server.process.pid, resource.RLIMIT_AS, (limit, limit))
    peak = memory(server, "VmHWM")
    yield server
    assert memory(server, "VmHWM") - peak < GROWTH_BYTES
    assert server.predict("m", {"instances": [1.0]}).json() == {"predictions": [2.0]}
    assert server.stop() == 0
    assert not [line for line in server.lines if "Traceback" in line]


@pytest.fixture(scope="module")
def rest(server):
    with httpx.Client(base_url=server.url, timeout=SECONDS) as client:
        yield client


@pytest.fixture(scope="module")
def channel(server):
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
        yield channel


def memory(server, field):
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(rf"{field}:\s*(\d+) kB", status)[1]) * 1024


NUMBERS = st.integers() | st.floats() | st.sampled_from([0, 1, -1, 1e400, 2**63, -(2**63) - 1, 10**400])
SCALARS = (
    st.none() | st.booleans() | NUMBERS | st.text(max_size=5) | st.builds(lambda t: {"b64": t}, st.text(max_size=5))
)
NAMES = st.sampled_from(["x", "a", "b", "y", "b64", ""]) | st.text(max_size=3)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=12
)
KEYS = st.sampled_from(["instances", "inputs", "examples", "context", "signature_name", "outputs", "id", "parameters"])
SIGNATURE_NAMES = st.sampled_from(list(SIGNATURES))
DOCUMENTS = (
    st.dictionaries(KEYS, VALUES, max_size=3)
    | st.builds(lambda name, key, value: {"signature_name": name, key: value}, SIGNATURE_NAMES, KEYS, VALUES)
    | st.builds(lambda name, rows: {"signature_name": name, "instances": rows}, SIGNATURE_NAMES, st.lists(NUMBERS))
)
TARGETS = st.sampled_from(
    ["/v1/models/m:predict", "/v1/models/m:classify", "/v1/models/m:regress", "/v2/models/m/infer"]
)


@st.composite
def mutated(draw, data):
    """Bytes with some of them exchanged, removed, repeated or inserted."""
    content = bytearray(draw(data))
    for _ in range(draw(st.integers(0, 4))):
        begin = draw(st.integers(0, len(content)))
        end = draw(st.integers(begin, min(len(content), begin + 8)))
        content[begin:end] = draw(st.binary(max_size=4)) + content[begin:end] * draw(st.integers(0, 2))
    return bytes(content)


def sent(rest, path, body, **headers):
    answer = rest.post(path, content=body, headers={"connection": "keep-alive", **headers})
    assert answer.status_code < 500 or answer.status_code in (501, 503), (answer.status_code, answer.content)
    return answer


@settings(max_examples=250)
@given(TARGETS, mutated(DOCUMENTS.map(lambda value: json.dumps(value).encode())))
def test_no_body_is_the_server_s_fault(rest, path, body):
    sent(rest, path, body)


DEEP = 500_000
HARD_BODIES = {
    "deep lists": b'{"instances": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep objects": b'{"inputs": ' + b'{"x":' * DEEP + b"1" + b"}" * DEEP + b"}",
    "unfinished deep lists": b'{"instances": ' + b"[" * DEEP,
    "a number of a million digits": b'{"instances": [' + b"1" * 10**6 + b"]}",
    "a fraction of a million digits": b'{"instances": [0.' + b"1" * 10**6 + b"]}",
    "an enormous exponent": b'{"instances": [1e999999999999]}',
    "a hundred thousand keys": b'{"inputs": {' + b",".join(b'"%d": 1' % number for number in range(10**5)) + b"}}",
    "one key a hundred thousand times": b"{" + b",".join([b'"instances": [1]'] * 10**5) + b"}",
    "a hundred thousand rows of nothing": b'{"instances": [' + b"[]," * 10**5 + b"[]]}",
    "ten thousand objects": b'{"instances": [' + b'{"x": 1},' * 10**4 + b'{"x": 1}]}',
    "long text": b'{"instances": ["' + b"\\u0000" * 10**6 + b'"]}',
    "half a character": b'{"instances": ["\\ud800"]}',
    "no UTF-8": b'{"instances": ["\xff\xfe"]}',
    "an enormous shape": b'{"inputs": [{"name": "x", "shape": [9223372036854775807, 9223372036854775807], '
    b'"datatype": "FP32", "data": [1]}]}',
    "a negative shape": b'{"inputs": [{"name": "x", "shape": [-1], "datatype": "FP32", "data": [1]}]}',
}


@pytest.mark.parametrize("path", ["/v1/models/m:predict", "/v1/models/m:classify", "/v2/models/m/infer"])
@pytest.mark.parametrize("case", HARD_BODIES)
def test_hard_bodies_are_read_or_refused_in_time(rest, case, path):
    sent(rest, path, HARD_BODIES[case])


def predict_request(signature, **inputs):
    request = message_class("tensorflow.serving.PredictRequest")()
    request.model_spec.name, request.model_spec.signature_name = "m", signature
    for name, value in inputs.items():
        request.inputs[name].CopyFrom(value)
    return bytes(request.SerializeToString())


SIZES = st.sampled_from([-1, 0, 1, 2, 3, 2**20, 2**31, 2**40, 2**62, 2**63 - 1, -(2**63)]) | st.integers(-3, 5)
CONTENT = {
    "tensor_content": st.binary(max_size=24),
    "float_val": st.lists(st.floats(width=32), max_size=4),
    "int_val": st.lists(st.integers(-(2**31), 2**31 - 1), max_size=4),
    "int64_val": st.lists(st.integers(-(2**63), 2**63 - 1), max_size=4),
    "bool_val": st.lists(st.booleans(), max_size=4),
    "string_val": st.lists(st.binary(max_size=3), max_size=4),
}


@st.composite
def tensors(draw):
    """A TensorProto in which nothing need fit anything."""
    made = message_class("tensorflow.TensorProto")(dtype=draw(st.integers(0, 33)))
    made.tensor_shape.unknown_rank = draw(st.booleans()) and draw(st.booleans())
    for size in draw(st.lists(SIZES, max_size=3)):
        made.tensor_shape.dim.add(size=size)
    for field in draw(st.lists(st.sampled_from(list(CONTENT)), max_size=2, unique=True)):
        value = draw(CONTENT[field])
        setattr(made, field, value) if isinstance(value, bytes) else getattr(made, field).extend(value)
    return made


REQUESTS = st.builds(predict_request, SIGNATURE_NAMES, x=tensors()) | st.builds(
    predict_request, st.just("pairs"), a=tensors(), b=tensors()
)
GOOD_REQUEST = predict_request("serving_default", x=make_tensor_proto(np.ones(2, "f4")))


def called(channel, method, data):
    """Call, and expect an answer or a refusal that is the caller's fault."""
    assert outcome(channel, method, data) not in SERVER_FAULTS


def outcome(channel, method, data):
    try:
        channel.unary_unary(method)(data, timeout=SECONDS)
    except grpc.RpcError as error:
        return error.code()
    return grpc.StatusCode.OK


@settings(max_examples=250)
@given(REQUESTS)
def test_no_tensor_is_the_server_s_fault(channel, data):
    called(channel, "/tensorflow.serving.PredictionService/Predict", data)


@settings(max_examples=250)
@given(st.sampled_from(METHODS), mutated(st.just(GOOD_REQUEST) | REQUESTS))
def test_no_bytes_are_the_server_s_fault(channel, method, data):
    called(channel, method, data)


HEADS = [
    b"POST /v1/models/m:predict HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n" + b'{"instances": [1.0]}',
    b"GET /v1/models/m HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\nX-Tenon-Priority: low\r\n\r\n",
    b'POST /v1/models/m:predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"ins\r\n0\r\n\r\n',
    b"POST /v2/models/m/infer HTTP/1.1\r\nInference-Header-Content-Length: 9\r\nContent-Length: 3\r\n\r\n{}x",
    b"OPTIONS * HTTP/1.0\r\nOrigin: http://x\r\nTraceparent: 00-0-0-0\r\n\r\n",
]


def answered(server, data):
    """Return what the server says to these bytes, and nothing more."""
    with closing(socket.create_connection(("127.0.0.1", server.rest_port), timeout=SECONDS)) as peer:
        answer = b""
        try:
            peer.sendall(data)
            peer.shutdown(socket.SHUT_WR)
            while part := peer.recv(2**16):
                answer += part
        except OSError:  # it has heard enough
            pass
    return answer


@settings(max_examples=200)
@given(mutated(st.sampled_from(HEADS)))
@example(b"GET " + b"/" * 2**20 + b" HTTP/1.1\r\n\r\n")
@example(b"GET /v1/models/m HTTP/1.1\r\n" + b"A: b\r\n" * 10**5 + b"\r\n")
@example(b"GET /v1/models/%ff%00%2f HTTP/1.1\r\nHost: x\r\n\r\n")
@example(b"GET /v1/models/m HTTP/1.1\r\nHost: x\r\nx-request-id: \xff\xfe\r\nAuthorization: \x80\r\n\r\n")
@example(b"POST /v1/models/m:predict HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n")
@example(b"POST /v1/models/m:predict HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n")
@example(b"POST /v1/models/m:predict HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}")
@example(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
def test_no_head_is_the_server_s_fault(server, data):
    for status in re.findall(rb"HTTP/1\.[01] (\d+)", answered(server, data)):
        assert int(status) < 500 or int(status) == 501, data
