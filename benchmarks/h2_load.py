"""The gRPC load generator that takes little of the processor: h2load, of Debian's package nghttp2-client.

gRPC is HTTP/2 with five bytes before each message, which h2load is given in a file. It knows nothing of gRPC's codes;
an answer with an error has no message, so errors show in the bytes that came back.

Without ``--rate`` each of ``--clients`` times ``--streams`` callers waits for its answer before its next call. With it,
calls begin at fixed times on one connection, whether or not answers came, and a call's time counts from when it should
have begun.
"""

from __future__ import annotations

import argparse
import math
import re
import resource
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import grpc
import numpy as np
import sample

MOST_LATE = 1000
"""Calls that may be under way where they begin at fixed times."""

_PREFIX = 5
_HEADERS = ("content-type: application/grpc", "te: trailers")
_SUCCEEDED = re.compile(r"^requests: .* (\d+) succeeded", re.MULTILINE)
_DATA = re.compile(r"^traffic: .*\((\d+)\) data", re.MULTILINE)


@dataclass(frozen=True)
class Shape:
    """When calls begin.

    Args:
        clients: connections.
        streams: calls under way on each of them.
        seconds: how long.
        rate: calls a second; ``None`` for as many as are answered.
    """

    clients: int
    streams: int
    seconds: float
    rate: float | None

    def words(self, url: str, folder: Path) -> list[str]:
        """Return the arguments of h2load; what it reads is written to a folder."""
        if self.rate is None:
            shape = ["-c", str(self.clients), "-m", str(self.streams), "-D", f"{round(self.seconds * 1000)}ms"]
            return [*shape, url]
        script = folder / "script"
        calls = max(int(self.seconds * self.rate), 1)
        script.write_text("".join(f"{index / self.rate * 1000:.3f}\t{url}\n" for index in range(calls)))
        return ["-c", "1", "-m", str(MOST_LATE), f"--timing-script-file={script}"]

    def latencies(self, log: Path) -> list[float]:
        """Return the seconds of each call from the file in which h2load notes when it began and how long it took."""
        starts, taken = np.loadtxt(log, dtype=np.int64, usecols=(0, 2), ndmin=2).T / 1e6
        if self.rate is None:
            return [float(each) for each in taken]
        order = np.argsort(starts)
        due = starts[order[0]] + np.arange(len(order)) / self.rate
        return [float(each) for each in (starts + taken)[order] - due]


def run(port: int, method: str, request: Path, shape: Shape) -> None:
    data = request.read_bytes()
    size = _PREFIX + answer_bytes(port, method, data)
    with tempfile.TemporaryDirectory() as folder:
        message, log = Path(folder) / "message", Path(folder) / "log"
        message.write_bytes(b"\0" + len(data).to_bytes(4, "big") + data)
        headers = [word for header in _HEADERS for word in ("--header", header)]
        url = f"http://127.0.0.1:{port}{method}"
        words = ["h2load", f"--log-file={log}", *headers, "-d", str(message), *shape.words(url, Path(folder))]
        text = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout
        latencies = shape.latencies(log)
    succeeded, received = (int(pattern.search(text)[1]) for pattern in (_SUCCEEDED, _DATA))  # type: ignore[index]
    without_message = max(math.ceil(succeeded - received / size), 0)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    load = (used.ru_utime + used.ru_stime) / max(len(latencies), 1) * 1e6
    sample.write(shape.seconds, latencies, without_message, load)


def answer_bytes(port: int, method: str, request: bytes) -> int:
    """Return the length of the right answer, which is the same each time."""
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        return len(channel.unary_unary(method)(request, timeout=60))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--method", required=True)
    parser.add_argument("--request", type=Path, required=True)
    parser.add_argument("--clients", type=int, required=True)
    parser.add_argument("--streams", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--rate", type=float, help="calls a second, over all callers")
    flags = parser.parse_args()
    run(flags.port, flags.method, flags.request, Shape(flags.clients, flags.streams, flags.seconds, flags.rate))
