"""What is asked of a server: how one answer is checked, and how a load is put on it."""

from __future__ import annotations

import http.client
import json
import shutil
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import mlp
import numpy as np
from grpc_echo import SERVICE

from tenon.formats import make_ndarray, make_tensor_proto, message_class

HERE = Path(__file__).parent
MODEL = "mlp"


class Load(ABC):
    """One way to put load on one port."""

    label: str

    @abstractmethod
    def ask(self, port: int) -> bool:
        """Send one request and check its answer; return False where nothing answers yet.

        Raises:
            SystemExit: the answer is wrong.
        """

    @abstractmethod
    def command(self, port: int, seconds: float, folder: Path) -> list[str]:
        """Return the load generator that prints a sample; what it needs is written to ``folder``."""


@dataclass(frozen=True)
class HttpLoad(Load):
    """The row as JSON over keep-alive connections.

    Args:
        label: what the report calls it.
        path: where to POST.
        connections: each waits for its answer before the next request.
        check: refuses a wrong answer, given the parsed body.
    """

    label: str
    path: str
    connections: int
    check: Callable[[Any], None]

    def ask(self, port: int) -> bool:
        """See ``Load.ask``."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("POST", self.path, mlp.BODY, {"Content-Type": "application/json"})
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

    def command(self, port: int, seconds: float, folder: Path) -> list[str]:
        """See ``Load.command``."""
        del folder
        if (wrk := shutil.which("wrk")) is None:
            flags = {"--port": port, "--path": self.path, "--connections": self.connections, "--seconds": seconds}
            return _python("http_load.py", flags)
        shape = ["--threads", "1", "--connections", str(self.connections), "--duration", f"{max(round(seconds), 1)}s"]
        url = f"http://127.0.0.1:{port}{self.path}"
        return [wrk, *shape, "--script", str(HERE / "wrk_post.lua"), url, "--", mlp.BODY.decode()]


@dataclass(frozen=True)
class GrpcLoad(Load):
    """The row as a ``PredictRequest``, in concurrent unary calls.

    Args:
        label: what the report calls it.
        method: the full name of the method.
        concurrency: calls in flight.
        check: refuses a wrong answer, given its bytes.
    """

    label: str
    method: str
    concurrency: int
    check: Callable[[bytes], None]

    def ask(self, port: int) -> bool:
        """See ``Load.ask``."""
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            try:
                answer = channel.unary_unary(self.method)(predict_request(), timeout=10)
            except grpc.RpcError:
                return False
        self.check(answer)
        return True

    def command(self, port: int, seconds: float, folder: Path) -> list[str]:
        """See ``Load.command``."""
        request = folder / "predict_request.binpb"
        request.write_bytes(predict_request())
        flags = {
            "--port": port,
            "--method": self.method,
            "--request": request,
            "--concurrency": self.concurrency,
            "--seconds": seconds,
        }
        return _python("grpc_load.py", flags)


def _python(script: str, flags: dict[str, Any]) -> list[str]:
    return [sys.executable, str(HERE / script), *(str(word) for pair in flags.items() for word in pair)]


def predict_request() -> bytes:
    """Return the row as the bytes of a ``tensorflow.serving.PredictRequest``."""
    request = message_class("tensorflow.serving.PredictRequest")(model_spec={"name": MODEL})
    request.inputs["x"].CopyFrom(make_tensor_proto(np.asarray(mlp.INSTANCES, np.float32)))
    return bytes(request.SerializeToString())


def check_predictions(document: Any) -> None:
    """Check the answer of a server that has the model; batching BentoML sends the rows alone."""
    mlp.check(document["predictions"] if isinstance(document, dict) else document)


def check_predict_response(data: bytes) -> None:
    """Check the answer of Tenon's gRPC."""
    response = message_class("tensorflow.serving.PredictResponse").FromString(data)
    mlp.check(make_ndarray(response.outputs["y"]))


def check_http_echo(document: Any) -> None:
    """Check that the body came back."""
    if document != json.loads(mlp.BODY):
        raise SystemExit(f"the HTTP echo answers {document}")


def check_grpc_echo(data: bytes) -> None:
    """Check that the request came back."""
    if data != predict_request():
        raise SystemExit(f"the gRPC echo answers {data!r}")


REST = HttpLoad("REST", f"/v1/models/{MODEL}:predict", 32, check_predictions)
REST_ALONE = HttpLoad("REST, 1 connection", f"/v1/models/{MODEL}:predict", 1, check_predictions)
GRPC = GrpcLoad("gRPC", "/tensorflow.serving.PredictionService/Predict", 32, check_predict_response)
PEER = HttpLoad("REST", "/predict", 32, check_predictions)
HTTP_ECHO = HttpLoad("REST", "/", 32, check_http_echo)
GRPC_ECHO = GrpcLoad("gRPC", f"/{SERVICE}/Echo", 32, check_grpc_echo)
