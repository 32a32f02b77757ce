"""Clients that ask all the time, and a record of which version might answer when."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import numpy as np

from tenon.formats import make_ndarray, make_tensor_proto, message_class
from tenon.saved_model import TensorSpec, save


def save_answering(path: Path, value: float, function: Callable[..., object] | None = None) -> None:
    """Save a model that answers ``value`` for every row; the program is the same for all values."""
    save(
        function or (lambda value, x: {"y": value + 0 * x}),
        path,
        {"serving_default": {"x": TensorSpec((None,), "float32")}},
        variables=np.float32(value),
    )


def publish(template: Path, path: Path) -> None:
    """Put a version in its place as an operator should: copied beside it, then renamed."""
    hidden = path.with_name(f".{path.name}")
    shutil.copytree(template, hidden)
    hidden.rename(path)


@dataclass
class Allowed:
    """What may answer, change by change.

    A change happens at some time between ``begin`` and ``finish``; in between, the old and the new may answer.
    """

    values: list[object]
    begun: list[float] = field(default_factory=lambda: [0.0])
    finished: list[float] = field(default_factory=lambda: [0.0])

    def begin(self, value: object) -> None:
        self.values.append(value)
        self.begun.append(time.monotonic())

    def finish(self) -> None:
        self.finished.append(time.monotonic())

    def at(self, sent: float, received: float) -> list[object]:
        """Return what a request that was under way from ``sent`` to ``received`` may have been answered by."""
        ends = [*self.finished[1:], *[float("inf")] * len(self.values)]
        return [
            value
            for value, begin, end in zip(self.values, self.begun, ends, strict=False)
            if received >= begin and sent <= end
        ]


@dataclass
class Load:
    """Ask over and over until told to stop, and keep every answer with its times.

    Args:
        rest_port: where REST is.
        grpc_port: where gRPC is.
    """

    rest_port: int
    grpc_port: int
    answers: list[tuple[str, float, float, float]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    is_over: bool = False

    async def over_rest(self, target: str) -> None:
        """One keep-alive connection."""
        body = json.dumps({"instances": [1.0]}).encode()
        head = f"POST /v1/models/{target}:predict HTTP/1.1\r\nHost: tenon\r\nContent-Length: {len(body)}\r\n\r\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", self.rest_port)
        while not self.is_over:
            sent = time.monotonic()
            writer.write(head.encode() + body)
            try:
                status, content = await read_response(reader)
            except (OSError, EOFError) as error:
                self.failures.append(f"{target}: {error!r}")
                break
            if status == 200:
                self.answers.append((target, sent, time.monotonic(), json.loads(content)["predictions"][0]))
            else:
                self.failures.append(f"{target}: {status} {content!r}")
            await asyncio.sleep(0.002)  # the machine is shared by the server, its compiler and these clients
        writer.close()

    async def over_grpc(self, channel: grpc.aio.Channel, target: str) -> None:
        """One call after the other; ``target`` is written as in REST."""
        name, _, label = target.partition("/labels/")
        request = message_class("tensorflow.serving.PredictRequest")()
        request.model_spec.name = name
        if label:
            request.model_spec.version_label = label
        request.inputs["x"].CopyFrom(make_tensor_proto(np.ones(1, "f4")))
        call = channel.unary_unary("/tensorflow.serving.PredictionService/Predict")
        response = message_class("tensorflow.serving.PredictResponse")
        data = request.SerializeToString()
        while not self.is_over:
            sent = time.monotonic()
            try:
                answer = response.FromString(await call(data, timeout=30))
            except grpc.aio.AioRpcError as error:
                self.failures.append(f"{target}: {error.code()} {error.details()}")
            else:
                value = float(make_ndarray(answer.outputs["y"])[0])
                self.answers.append((target, sent, time.monotonic(), value))
            await asyncio.sleep(0.002)

    def wrong(self, allowed: dict[str, Allowed]) -> list[str]:
        """Return the answers that came from what was not allowed to give them."""
        return [
            f"{target}: {value} at {received}, allowed {may}"
            for target, sent, received, value in self.answers
            if value not in (may := allowed[target].at(sent, received))
        ]


async def read_response(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Read one HTTP response that has a content-length."""
    status, body, _ = await read_last_response(reader)
    return status, body


async def read_last_response(reader: asyncio.StreamReader) -> tuple[int, bytes, bool]:
    """Read one HTTP response that has a content-length, and whether it says that the connection ends with it."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
    return int(head.split(b" ", 2)[1]), await reader.readexactly(length), b"connection: close" in head
