"""Whether a server's memory stays flat: a million requests, then hundreds of versions loaded and unloaded.

    .venv/bin/python benchmarks/soak.py                              # a million requests, 500 cycles
    .venv/bin/python benchmarks/soak.py --requests 100000 --cycles 100

Prints a table of resident memory, and exits with 1 when it has grown by more than 5 % after the warm-up, or a request
failed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import httpx
import jax.numpy as jnp
import numpy as np
import uvloop
from processes import free_port, running

from tenon.formats import make_tensor_proto, message_class
from tenon.saved_model import TensorSpec, save

CONNECTIONS = 32
SAMPLES = 20
"""Lines of each table."""

WARM_UP = 0.2
"""The share of a phase after which memory has to be flat."""

MAX_GROWTH = 0.05
SETTLE_SECONDS = 1.0
"""How long a version that went has, before a sample, until the server has looked for what it left."""

PARAMETERS = 5_000_000
"""Of the model that is loaded and unloaded: 20 MB of float32."""

BODY = json.dumps({"instances": [1.0]}).encode()
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


@dataclass
class Memory:
    """Resident memory of one process, sampled.

    Args:
        pid: the process.
    """

    pid: int
    samples: list[tuple[str, float, float]] = field(default_factory=list)

    def sample(self, label: str, share: float) -> None:
        """Look, and print a line.

        Args:
            label: of the phase.
            share: how much of the phase is over.
        """
        resident = _resident_bytes(self.pid) / 2**20
        self.samples.append((label, share, resident))
        print(f"{label:12s} {share:6.0%} {resident:10.1f} MiB", flush=True)

    def growth(self, label: str) -> float:
        """Return by how much the last quarter of a phase is above the first quarter after its warm-up, on average.

        Single samples differ by a version or two: one that just went, one whose weights needed a copy.
        """
        after = [resident for name, share, resident in self.samples if name == label and share >= WARM_UP]
        quarter = max(len(after) // 4, 1)
        return sum(after[-quarter:]) / sum(after[:quarter]) - 1


def _resident_bytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


def _listener(port: int) -> int:
    """Return the process that ``running`` started to listen on a port: the newest whose command names it."""
    for folder in sorted(Path("/proc").glob("[0-9]*"), key=lambda path: -int(path.name)):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if str(port).encode() in words and b"serve" in words:
            return int(folder.name)
    raise SystemExit("the server's process is gone")


async def ask_rest(port: int, next_request: Callable[[], bool]) -> None:
    """Ask over one connection, kept alive."""
    head = f"POST /v1/models/small:predict HTTP/1.1\r\nHost: x\r\nContent-Length: {len(BODY)}\r\n\r\n".encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while next_request():
        writer.write(head + BODY)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(answer)
        if not answer.startswith(b"HTTP/1.1 200") or length is None:
            raise SystemExit(f"a request failed: {answer!r}")
        await reader.readexactly(int(length[1]))
    writer.close()


async def ask_grpc(port: int, next_request: Callable[[], bool]) -> None:
    """Ask over one channel."""
    request = message_class("tensorflow.serving.PredictRequest")(model_spec={"name": "small"})
    request.inputs["x"].CopyFrom(make_tensor_proto(np.ones(1, np.float32)))
    data = request.SerializeToString()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        call = channel.unary_unary("/tensorflow.serving.PredictionService/Predict")
        while next_request():
            await call(data, timeout=60)


async def ask(ports: tuple[int, int], count: int, memory: Memory) -> None:
    """Send so many requests, half of the connections over each protocol.

    Args:
        ports: of REST and gRPC.
        count: how many.
        memory: sampled on the way.
    """
    left = count
    step = max(count // SAMPLES, 1)

    def next_request() -> bool:
        nonlocal left
        if left and (count - left) % step == 0:
            memory.sample("requests", (count - left) / count)
        left -= left > 0
        return left > 0

    kinds: tuple[Callable[[int, Callable[[], bool]], Awaitable[None]], ...] = (ask_rest, ask_grpc)
    await asyncio.gather(*(kinds[number % 2](ports[number % 2], next_request) for number in range(CONNECTIONS)))


def cycle(port: int, base: Path, count: int, memory: Memory) -> None:
    """Publish version after version of a model, and remove the one before.

    Args:
        port: of REST.
        base: the model's directory, with a version 1 that answers.
        count: how many.
        memory: sampled on the way.
    """
    step = max(count // SAMPLES, 1)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        for version in range(2, count + 2):
            if (version - 2) % step == 0:
                time.sleep(SETTLE_SECONDS)
                memory.sample("cycles", (version - 2) / count)
            shutil.copytree(base / str(version - 1), base / f".{version}")
            (base / f".{version}").rename(base / str(version))
            while not _answers(client, f"/v1/models/large/versions/{version}", "AVAILABLE"):
                time.sleep(0.02)
            if client.post("/v1/models/large:predict", content=BODY).status_code != 200:
                raise SystemExit("a request failed")
            while not _answers(client, f"/v1/models/large/versions/{version - 1}", "END"):
                time.sleep(0.02)
            shutil.rmtree(base / str(version - 1))


def _answers(client: httpx.Client, path: str, state: str) -> bool:
    answer = client.get(path)
    return answer.status_code == 200 and answer.json()["model_version_status"][0]["state"] == state


def save_models(root: Path) -> None:
    """Save the small model that is asked and the large one that comes and goes."""
    signature = {"serving_default": {"x": TensorSpec((None,), "float32")}}
    save(lambda x: {"y": x * jnp.float32(2)}, root / "small" / "1", signature)
    weights = np.random.default_rng(1).standard_normal(PARAMETERS).astype(np.float32)
    save(lambda w, x: {"y": x * w.sum()}, root / "large" / "1", signature, variables=weights)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--cycles", type=int, default=500)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(_soak(Path(folder), arguments.requests, arguments.cycles))


def _soak(root: Path, requests: int, cycles: int) -> int:
    save_models(root)
    rest, rpc = free_port(), free_port()
    models = (f"--model={name}={root / name}" for name in ("small", "large"))
    flags = ["--port", str(rpc), "--rest-api-port", str(rest), "--file-system-poll-wait-seconds", "0.05", *models]
    command = [sys.executable, "-m", "tenon", "serve", *flags]
    environment = {"TENON_CACHE_DIR": str(root / "cache"), "JAX_PLATFORMS": "cpu"}
    with running(command, environment, root / "log", lambda: _is_ready(rest)):
        memory = Memory(_listener(rest))
        begin = time.monotonic()
        uvloop.run(ask((rest, rpc), requests, memory))
        memory.sample("requests", 1)
        print(f"{requests} requests in {time.monotonic() - begin:.1f} s")
        cycle(rest, root / "large", cycles, memory)
        time.sleep(SETTLE_SECONDS)
        memory.sample("cycles", 1)
    growths = {label: memory.growth(label) for label in ("requests", "cycles")}
    print("growth after warm-up: " + ", ".join(f"{label} {growth:+.1%}" for label, growth in growths.items()))
    return int(max(growths.values()) > MAX_GROWTH)


def _is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
    except httpx.TransportError:
        return False


if __name__ == "__main__":
    main()
