"""The gRPC load generator that takes little of the processor: h2load, of Debian's package nghttp2-client.

gRPC is HTTP/2 with five bytes before each message, which h2load is given in a file. It knows nothing of gRPC's codes;
an answer with an error has no message, so errors show in the bytes that came back.

Without ``--rate`` each of ``--clients`` times ``--streams`` callers waits for its answer before its next call. With it,
calls begin one after the other on one connection, whether or not answers came. h2load's timer is late by most of a
millisecond each time; how late is measured first, and the calls are planned as much closer together.
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

TRIAL_CALLS = 100
"""Calls by which the timer's lateness is measured."""

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


@dataclass(frozen=True)
class Calls:
    """What h2load noted.

    Args:
        text: what it printed.
        starts: seconds at which calls began, ascending.
        taken: seconds that each took.
    """

    text: str
    starts: np.ndarray
    taken: np.ndarray

    @property
    def interval(self) -> float:
        """Seconds between calls, on average."""
        return float(self.starts[-1] - self.starts[0]) / max(len(self.starts) - 1, 1)


class Loader:
    """Runs h2load with one request.

    Args:
        url: what is called.
        message: the request, with its prefix.
        folder: for its files.
    """

    def __init__(self, url: str, message: bytes, folder: Path) -> None:
        self._url, self._folder = url, folder
        self._message = folder / "message"
        self._message.write_bytes(message)

    def call(self, shape: Shape) -> Calls:
        """Make calls of some shape."""
        if shape.rate is None:
            spans = ["-c", str(shape.clients), "-m", str(shape.streams), "-D", f"{round(shape.seconds * 1000)}ms"]
            return self._run([*spans, self._url])
        wanted = 1 / shape.rate
        late = self._call_every(wanted, TRIAL_CALLS).interval - wanted
        return self._call_every(max(wanted - late, 0.0), max(int(shape.seconds * shape.rate), 2))

    def _call_every(self, seconds: float, calls: int) -> Calls:
        script = self._folder / "script"
        script.write_text("".join(f"{index * seconds * 1000:.3f}\t{self._url}\n" for index in range(calls)))
        return self._run(["-c", "1", "-m", str(MOST_LATE), f"--timing-script-file={script}"])

    def _run(self, words: list[str]) -> Calls:
        log = self._folder / "log"
        log.unlink(missing_ok=True)
        headers = [word for header in _HEADERS for word in ("--header", header)]
        command = ["h2load", f"--log-file={log}", *headers, "-d", str(self._message), *words]
        text = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
        starts, taken = np.loadtxt(log, dtype=np.int64, usecols=(0, 2), ndmin=2).T / 1e6
        order = np.argsort(starts)
        return Calls(text, starts[order], taken[order])


def run(port: int, method: str, request: Path, shape: Shape) -> None:
    data = request.read_bytes()
    size = _PREFIX + answer_bytes(port, method, data)
    with tempfile.TemporaryDirectory() as folder:
        loader = Loader(f"http://127.0.0.1:{port}{method}", b"\0" + len(data).to_bytes(4, "big") + data, Path(folder))
        calls = loader.call(shape)
    succeeded, received = (int(pattern.search(calls.text)[1]) for pattern in (_SUCCEEDED, _DATA))  # type: ignore[index]
    without_message = max(math.ceil(succeeded - received / size), 0)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    load = (used.ru_utime + used.ru_stime) / max(len(calls.taken), 1) * 1e6
    seconds = shape.seconds if shape.rate is None else calls.interval * len(calls.taken)
    sample.write(seconds, [float(each) for each in calls.taken], without_message, load)


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
