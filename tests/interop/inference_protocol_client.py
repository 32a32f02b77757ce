"""The client's half of test_inference_protocol.py, run in .venv-interop with tritonclient.

tritonclient.http stands on gevent, which is not installed: its place is taken by Python's own HTTP client, so that all
bodies and headers are still made and read by tritonclient.

Usage: inference_protocol_client.py GRPC_PORT REST_PORT. Prints a JSON object: for each check the reason why it failed,
or null.
"""

import http.client
import json
import queue
import sys
import traceback
from types import ModuleType, SimpleNamespace

import ml_dtypes
import numpy as np


class HttpResponse:
    """What tritonclient uses of a response of geventhttpclient."""

    def __init__(self, response):
        self.status_code, self._headers, self._body = response.status, response.headers, response.read()

    def get(self, key):
        return self._headers.get(key)

    def read(self, length=-1):
        length = len(self._body) if length == -1 else length
        piece, self._body = self._body[:length], self._body[length:]
        return piece


class HttpClient:
    """What tritonclient uses of geventhttpclient's client."""

    @classmethod
    def from_url(cls, url, **options):
        del options
        made = cls()
        made._connection = http.client.HTTPConnection(url.host)
        return made

    def get(self, uri, headers=None):
        return self._request("GET", uri, None, headers)

    def post(self, request_uri, body, headers=None):
        return self._request("POST", request_uri, body, headers)

    def _request(self, method, uri, body, headers):
        texts = {name: str(value) for name, value in (headers or {}).items()}
        self._connection.request(method, uri, body, texts)
        return HttpResponse(self._connection.getresponse())

    def close(self):
        self._connection.close()


def module(name, **contents):
    made = ModuleType(name)
    vars(made).update(contents)
    sys.modules[name] = made
    return made


module("gevent.pool", Pool=lambda size: SimpleNamespace(join=lambda: None))
module("gevent", pool=sys.modules["gevent.pool"])
module("geventhttpclient.url", URL=lambda text: SimpleNamespace(request_uri="/", host=text.removeprefix("http://")))
module("geventhttpclient", HTTPClient=HttpClient)

import tritonclient.grpc as over_grpc  # noqa: E402  # after the modules that take gevent's place
import tritonclient.http as over_http  # noqa: E402
from tritonclient.utils import InferenceServerException, np_to_triton_dtype  # noqa: E402

GRPC = over_grpc.InferenceServerClient(f"127.0.0.1:{sys.argv[1]}")
HTTP = over_http.InferenceServerClient(f"127.0.0.1:{sys.argv[2]}")
X = np.float32([2, 4])


def inputs_of(library, **arrays):
    made = []
    for name, array in arrays.items():
        tensor = library.InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype))
        tensor.set_data_from_numpy(array)
        made.append(tensor)
    return made


def infer(library, client, model="half", signature=None, outputs=None, version="", arrays=None, **more):
    wanted = None if outputs is None else [library.InferRequestedOutput(name) for name in outputs]
    parameters = None if signature is None else {"signature_name": signature}
    inputs = inputs_of(library, **(arrays or {"x": X}))
    return client.infer(model, inputs, version, wanted, parameters=parameters, **more)


def refused(function, *args, **more):
    try:
        function(*args, **more)
    except InferenceServerException as error:
        return error.status(), error.message()
    raise AssertionError("the call succeeded")


def plain(answer):
    """Return what a client gives, message or parsed JSON, as parsed JSON."""
    if isinstance(answer, (dict, list)):
        return answer
    from google.protobuf.json_format import MessageToDict

    return MessageToDict(answer, preserving_proto_field_name=True)


def the_server_is_live_ready_and_described(library, client):
    assert client.is_server_live()
    assert client.is_server_ready()
    metadata = plain(client.get_server_metadata())
    assert metadata["name"] == "tenon"
    assert metadata["extensions"] == ["binary_tensor_data", "schedule_policy", "model_repository"]


def models_are_ready_or_not(library, client):
    assert client.is_model_ready("half")
    assert client.is_model_ready("half", "1")
    assert not client.is_model_ready("half", "2")
    assert not client.is_model_ready("none")


def metadata_is_readable(library, client):
    metadata = plain(client.get_model_metadata("half"))
    assert (metadata["name"], metadata["versions"]) == ("half", ["1", "3"]), metadata
    (tensor,) = metadata["inputs"]
    assert (tensor["name"], tensor["datatype"], [int(size) for size in tensor["shape"]]) == ("x", "FP32", [-1])


def models_answer(library, client):
    result = infer(library, client, request_id="n 1")
    assert result.as_numpy("y").tolist() == [3, 4]
    response = plain(result.get_response())
    assert (response["model_name"], response["model_version"], response["id"]) == ("half", "3", "n 1")
    a, b = np.ones((2, 2), np.float32), np.int32([1, 2])
    result = infer(library, client, "many", arrays={"a": a, "b": b})
    assert (result.as_numpy("sum").tolist(), result.as_numpy("b").tolist()) == ([3, 4], [1, 2])
    assert infer(library, client, "many", "scalar").as_numpy("total") == 6


def versions_answer(library, client):
    assert plain(infer(library, client, version="1").get_response())["model_version"] == "1"


def every_datatype_travels(library, client):
    for name in ("float32", "float64", "float16", "bool", "int8", "int64", "uint16"):
        for values in (np.array([0, 1, 1], name), np.zeros(0, name)):
            have = infer(library, client, "many", name, arrays={"x": values}).as_numpy("x")
            assert (have.dtype, have.tolist()) == (values.dtype, values.tolist()), (name, have)
    assert np_to_triton_dtype(ml_dtypes.bfloat16) == "BF16"


def strings_travel(library, client):
    values = np.array([b"a", b"\xff\x00", b"", "é".encode()], object)
    result = infer(library, client, "many", "text", arrays={"x": values})
    assert result.as_numpy("text").tolist() == values.tolist()


def outputs_are_chosen(library, client):
    result = infer(library, client, "many", "uneven", outputs=["z"])
    assert (result.as_numpy("y"), result.as_numpy("z").tolist()) == (None, [2])


def priority_and_timeout_are_taken(library, client):
    assert infer(library, client, priority=2, timeout=5_000_000).as_numpy("y").tolist() == [3, 4]


def errors_are_readable(library, client):
    not_found, invalid = ("StatusCode.NOT_FOUND", "StatusCode.INVALID_ARGUMENT") if client is GRPC else ("404", "400")
    for have, status, start in (
        (refused(infer, library, client, "none"), not_found, "Servable not found for request: Latest(none)"),
        (refused(infer, library, client, version="2"), not_found, "Servable not found for request: Specific(half, 2)"),
        (refused(infer, library, client, outputs=["q"]), invalid, "output tensor alias not found in signature: q"),
        (refused(infer, library, client, arrays={"z": X}), invalid, "input 'z': the signature has no such input"),
        (refused(infer, library, client, arrays={"x": np.int32([1])}), invalid, "input 'x': must have the datatype FP"),
        (refused(infer, library, client, signature="s"), invalid, "parameter 'signature_name': the model has no"),
        (refused(client.get_model_metadata, "none"), not_found, "Servable not found for request: Latest(none)"),
    ):
        assert have[0] == status, have
        assert have[1].startswith(start), have


def the_index_is_readable(library, client):
    index = plain(client.get_model_repository_index())
    models = index if isinstance(index, list) else index["models"]
    assert models[0] == {"name": "half", "version": "1", "state": "READY"}, models
    assert models[1] == {"name": "half", "version": "2", "state": "UNAVAILABLE", "reason": "damaged"}, models


def models_are_loaded_and_unloaded(library, client):
    client.load_model("new")
    client.unload_model("half")
    assert refused(client.load_model, "none")[1] == "model 'none' is not there"


def what_is_not_served_is_an_error(library, client):
    status = "StatusCode.UNIMPLEMENTED" if client is GRPC else "404"
    assert refused(client.get_inference_statistics)[0] == status
    assert refused(client.get_model_config, "half")[0] == status
    assert refused(client.get_system_shared_memory_status)[0] == status
    assert refused(client.load_model, "half", config="{}")[0] == (
        "StatusCode.UNIMPLEMENTED" if client is GRPC else "501"
    )
    classes = [library.InferRequestedOutput("y", class_count=2)]
    assert "'classification' is not served" in refused(client.infer, "half", inputs_of(library, x=X), "", classes)[1]


def streams_answer_in_order():
    got = queue.Queue()
    GRPC.start_stream(callback=lambda result, error: got.put((result, error)))
    for number in range(20):
        model = "none" if number == 7 else "half"
        GRPC.async_stream_infer(model, inputs_of(over_grpc, x=np.float32([number])), request_id=str(number))
    GRPC.stop_stream()
    for number in range(20):
        result, error = got.get(timeout=30)
        if number == 7:
            assert error.message() == "Servable not found for request: Latest(none)", error
        else:
            assert error is None, error
            assert result.get_response().id == str(number)
            assert result.as_numpy("y").tolist() == [number / 2 + 2]


def compressed_calls_are_answered():
    for algorithm in ("gzip", "deflate"):
        assert infer(over_grpc, GRPC, compression_algorithm=algorithm).as_numpy("y").tolist() == [3, 4]


def asynchronous_calls_are_answered():
    got = queue.Queue()
    GRPC.async_infer("half", inputs_of(over_grpc, x=X), callback=lambda result, error: got.put((result, error)))
    result, error = got.get(timeout=30)
    assert error is None
    assert result.as_numpy("y").tolist() == [3, 4]


def json_is_answered_as_json():
    for name, values in (
        ("float16", np.float16([0.5, 2])),
        ("int64", np.array([2**62, -1])),
        ("bool", np.array([True])),
    ):
        tensor = over_http.InferInput("x", list(values.shape), np_to_triton_dtype(values.dtype))
        tensor.set_data_from_numpy(values, binary_data=False)
        wanted = [over_http.InferRequestedOutput("x", binary_data=False)]
        result = HTTP.infer("many", [tensor], outputs=wanted, parameters={"signature_name": name})
        assert result.as_numpy("x").tolist() == values.tolist()
        assert "data" in result.get_output("x")
    tensor = over_http.InferInput("x", [2], "BYTES")
    tensor.set_data_from_numpy(np.array(["é", "b"], object), binary_data=False)
    wanted = [over_http.InferRequestedOutput("text", binary_data=False)]
    result = HTTP.infer("many", [tensor], outputs=wanted, parameters={"signature_name": "text"})
    assert result.get_output("text")["data"] == ["é", "b"]


def compressed_bodies_are_answered():
    for algorithm in ("gzip", "deflate"):
        more = {"request_compression_algorithm": algorithm, "response_compression_algorithm": algorithm}
        assert infer(over_http, HTTP, **more).as_numpy("y").tolist() == [3, 4]


OF_BOTH = (
    the_server_is_live_ready_and_described,
    models_are_ready_or_not,
    metadata_is_readable,
    models_answer,
    versions_answer,
    every_datatype_travels,
    strings_travel,
    outputs_are_chosen,
    priority_and_timeout_are_taken,
    errors_are_readable,
    the_index_is_readable,
    models_are_loaded_and_unloaded,
    what_is_not_served_is_an_error,
)
OF_ONE = (
    streams_answer_in_order,
    compressed_calls_are_answered,
    asynchronous_calls_are_answered,
    json_is_answered_as_json,
    compressed_bodies_are_answered,
)
PROTOCOLS = {"grpc": (over_grpc, GRPC), "http": (over_http, HTTP)}


def reason(check, *args):
    try:
        check(*args)
    except Exception:
        return traceback.format_exc()
    return None


if __name__ == "__main__":
    report = {
        f"{check.__name__}_over_{protocol}": reason(check, *args)
        for protocol, args in PROTOCOLS.items()
        for check in OF_BOTH
    }
    report.update({check.__name__: reason(check) for check in OF_ONE})
    print(json.dumps(report))
