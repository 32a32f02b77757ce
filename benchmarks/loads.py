"""What is asked of a server: how one answer is checked, and how a load is put on it."""

from __future__ import annotations

import http.client
import json
import shutil
import ssl
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import mlp
import numpy as np
import security
from in_process import CLIENTS
from mobilenet import MobileNet
from sample import Sample

from tenon.formats import make_ndarray, make_tensor_proto, message_class

HERE = Path(__file__).parent
MODEL = "mlp"
PREDICT = "/tensorflow.serving.PredictionService/Predict"


class Load(ABC):
    """One way to put load on one port."""

    label: str

    @abstractmethod
    def ask(self, port: int, folder: Path) -> bool:
        """Send one request and check its answer; return False where nothing answers yet.

        Args:
            port: where.
            folder: what was written for all contenders.

        Raises:
            SystemExit: the answer is wrong.
        """

    @abstractmethod
    def command(self, port: int, seconds: float, folder: Path, before: Sample | None) -> list[str]:
        """Return the load generator that prints a sample.

        Args:
            port: where.
            seconds: how long.
            folder: as for ``ask``; what the generator needs is written there too.
            before: the sample of the load that the same server had before this one.
        """


@dataclass(frozen=True)
class HttpLoad(Load):
    """One row as JSON over keep-alive connections.

    Args:
        label: what the report calls it.
        path: where to POST.
        connections: each waits for its answer before the next request.
        check: refuses a wrong answer, given the parsed body.
        body: what is sent.
        secured: whether over TLS and with a token.
    """

    label: str
    path: str
    connections: int
    check: Callable[[Any], None]
    body: bytes = mlp.BODY
    secured: bool = False

    def ask(self, port: int, folder: Path) -> bool:
        """See ``Load.ask``."""
        connection = _connection(port, self.secured, folder)
        try:
            headers = {"Content-Type": "application/json", **self._headers(folder)}
            connection.request("POST", self.path, self.body, headers)
            response = connection.getresponse()
            document = json.loads(response.read()) if response.status == 200 else None
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        if document is None:
            return False
        self.check(document)
        return True

    def command(self, port: int, seconds: float, folder: Path, before: Sample | None) -> list[str]:
        """See ``Load.command``."""
        del before
        url = f"http{'s' * self.secured}://127.0.0.1:{port}{self.path}"
        words = [self.body.decode(), *(word for pair in self._headers(folder).items() for word in pair)]
        if (wrk := shutil.which("wrk")) is None:
            flags = {"--url": url, "--connections": self.connections, "--seconds": seconds}
            return [*_python("http_load.py", flags), *words]
        shape = ["--threads", "1", "--connections", str(self.connections), "--duration", f"{max(round(seconds), 1)}s"]
        return [wrk, *shape, "--script", str(HERE / "wrk_post.lua"), url, "--", *words]

    def _headers(self, folder: Path) -> dict[str, str]:
        return security.headers(folder) if self.secured else {}


@dataclass(frozen=True)
class GrpcLoad(Load):
    """One message in concurrent unary calls.

    Args:
        label: what the report calls it.
        method: the full name of the method.
        clients: connections.
        streams: calls under way on each of them.
        request: makes the message.
        check: refuses a wrong answer, given its bytes and the folder of all contenders.
        generator: ``h2_load.py``, where h2load is installed, or ``grpc_load.py``.
        share: of the rate of the load before; calls then begin at that rate, whether or not answers come.
    """

    label: str
    method: str
    clients: int
    streams: int
    request: Callable[[], bytes]
    check: Callable[[bytes, Path], None]
    generator: str = "grpc_load.py"
    share: float | None = None

    def ask(self, port: int, folder: Path) -> bool:
        """See ``Load.ask``."""
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            try:
                answer = channel.unary_unary(self.method)(self.request(), timeout=10)
            except grpc.RpcError:
                return False
        self.check(answer, folder)
        return True

    def command(self, port: int, seconds: float, folder: Path, before: Sample | None) -> list[str]:
        """See ``Load.command``."""
        request = folder / "request.binpb"
        request.write_bytes(self.request())
        flags = {"--port": port, "--method": self.method, "--request": request, "--seconds": seconds}
        shape = {"--clients": self.clients, "--streams": self.streams}
        rate = {} if self.share is None or before is None else {"--rate": self.share * before.requests_per_second}
        return _python(self.generator, {**flags, **shape, **rate})


def grpc_generator() -> str:
    """Return the load generator of gRPC that takes the least of the processor."""
    return "h2_load.py" if shutil.which("h2load") else "grpc_load.py"


def answers_http(port: int, path: str) -> bool:
    """Return whether a GET is answered with 200."""
    connection = _connection(port, False, HERE)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def predict_request() -> bytes:
    """Return the MLP's row as the bytes of a ``tensorflow.serving.PredictRequest``."""
    request = message_class("tensorflow.serving.PredictRequest")(model_spec={"name": MODEL})
    request.inputs["x"].CopyFrom(make_tensor_proto(np.asarray(mlp.INSTANCES, np.float32)))
    return bytes(request.SerializeToString())


def image_request(model: MobileNet) -> bytes:
    """Return one image as a ``PredictRequest``, its numbers as raw bytes (``tensor_content``)."""
    image = model.image()
    request = message_class("tensorflow.serving.PredictRequest")(model_spec={"name": model.name})
    tensor = request.inputs["input_layer"]
    tensor.CopyFrom(make_tensor_proto(np.zeros((0,), np.float32)))
    tensor.tensor_content = image.tobytes()
    del tensor.tensor_shape.dim[:]
    for size in image.shape:
        tensor.tensor_shape.dim.add(size=size)
    return bytes(request.SerializeToString())


def check_predictions(document: Any) -> None:
    """Check the answer of a server that has the MLP; batching BentoML sends the rows alone."""
    mlp.check(document["predictions"] if isinstance(document, dict) else document)


def check_inference(document: Any) -> None:
    """Check the answer of a server that speaks the Open Inference Protocol."""
    output = document["outputs"][0]
    mlp.check(np.reshape(output["data"], output["shape"]))


def check_predict_response(data: bytes, folder: Path) -> None:
    """Check the answer of Tenon's gRPC."""
    del folder
    response = message_class("tensorflow.serving.PredictResponse").FromString(data)
    mlp.check(make_ndarray(response.outputs["y"]))


def check_http_echo(document: Any) -> None:
    """Check that the body came back."""
    if document != json.loads(mlp.BODY):
        raise SystemExit(f"the HTTP echo answers {document}")


def check_grpc_echo(data: bytes, folder: Path) -> None:
    """Check that the request came back."""
    del folder
    if data != predict_request():
        raise SystemExit(f"the gRPC echo answers {data!r}")


def image_loads(model: MobileNet) -> tuple[GrpcLoad, GrpcLoad]:
    """Return eight clients that take all a server has, and calls at half the rate that they got."""

    def request() -> bytes:
        return image_request(model)

    def check(data: bytes, folder: Path) -> None:
        response = message_class("tensorflow.serving.PredictResponse").FromString(data)
        model.check(folder, make_ndarray(response.outputs["output_0"]))

    saturated, half = saturation(model), half_rate(model)
    return (
        GrpcLoad(saturated, PREDICT, CLIENTS, 1, request, check, grpc_generator()),
        GrpcLoad(half, PREDICT, CLIENTS, 1, request, check, grpc_generator(), share=0.5),
    )


def saturation(model: MobileNet) -> str:
    """Return what the report calls as many images as can be answered."""
    return f"MobileNetV2 {model.size}, saturated"


def half_rate(model: MobileNet) -> str:
    """Return what the report calls half as many."""
    return f"MobileNetV2 {model.size}, half of that"


def _connection(port: int, secured: bool, folder: Path) -> http.client.HTTPConnection:
    if not secured:
        return http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    context = ssl.create_default_context(cafile=folder / security.CERTIFICATE)
    return http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=context)


def _python(script: str, flags: Mapping[str, Any]) -> list[str]:
    return [sys.executable, str(HERE / script), *(str(word) for pair in flags.items() for word in pair)]
