"""The gRPC load generator that takes little of the processor: h2load, of Debian's package nghttp2-client.

gRPC is HTTP/2 with five bytes before each message, which h2load is given in a file. It knows nothing of gRPC's codes;
an answer with an error has no message, so errors show in the bytes that came back.

Without ``--rate`` each of ``--clients`` times ``--streams`` callers waits for its answer before its next call. With it,
calls begin one after the other on one connection, whether or not answers came. h2load's timer is late by most of a
millisecond each time; how late is measured first, and the calls are planned as much closer together.
"""

from __future__ import annotations

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
from grpc_calls import Calls, told

MOST_LATE = 1000
"""Calls that may be under way where they begin at fixed times."""

TRIAL_CALLS = 100
"""Calls by which the timer's lateness is measured."""

_PREFIX = 5
_HEADERS = ("content-type: application/grpc", "te: trailers")
_SUCCEEDED = re.compile(r"^requests: .* (\d+) succeeded", re.MULTILINE)
_DATA = re.compile(r"^traffic: .*\((\d+)\) data", re.MULTILINE)


@dataclass(frozen=True)
class Noted:
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

    def make(self, calls: Calls) -> Noted:
        """Make calls."""
        if calls.rate is None:
            spans = ["-c", str(calls.clients), "-m", str(calls.streams), "-D", f"{round(calls.seconds * 1000)}ms"]
            return self._run([*spans, self._url])
        wanted = 1 / calls.rate
        late = self._call_every(wanted, TRIAL_CALLS).interval - wanted
        return self._call_every(max(wanted - late, 0.0), max(int(calls.seconds * calls.rate), 2))

    def _call_every(self, seconds: float, calls: int) -> Noted:
        script = self._folder / "script"
        script.write_text("".join(f"{index * seconds * 1000:.3f}\t{self._url}\n" for index in range(calls)))
        return self._run(["-c", "1", "-m", str(MOST_LATE), f"--timing-script-file={script}"])

    def _run(self, words: list[str]) -> Noted:
        log = self._folder / "log"
        log.unlink(missing_ok=True)
        headers = [word for header in _HEADERS for word in ("--header", header)]
        command = ["h2load", f"--log-file={log}", *headers, "-d", str(self._message), *words]
        text = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
        starts, taken = np.loadtxt(log, dtype=np.int64, usecols=(0, 2), ndmin=2).T / 1e6
        order = np.argsort(starts)
        return Noted(text, starts[order], taken[order])


def run(calls: Calls) -> None:
    size = _PREFIX + answer_bytes(calls)
    message = b"\0" + len(calls.message).to_bytes(4, "big") + calls.message
    with tempfile.TemporaryDirectory() as folder:
        noted = Loader(f"http://127.0.0.1:{calls.port}{calls.method}", message, Path(folder)).make(calls)
    succeeded, received = (_number(pattern, noted.text) for pattern in (_SUCCEEDED, _DATA))
    without_message = max(math.ceil(succeeded - received / size), 0)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    load = (used.ru_utime + used.ru_stime) / max(len(noted.taken), 1) * 1e6
    seconds = calls.seconds if calls.rate is None else noted.interval * len(noted.taken)
    sample.write(seconds, [float(each) for each in noted.taken], without_message, load)


def _number(pattern: re.Pattern[str], text: str) -> int:
    found = pattern.search(text)
    if found is None:
        raise SystemExit(f"h2load printed nothing like {pattern.pattern!r}; it is another version:\n{text}")
    return int(found[1])


def answer_bytes(calls: Calls) -> int:
    """Return the length of the right answer, which is the same each time."""
    with grpc.insecure_channel(f"127.0.0.1:{calls.port}") as channel:
        return len(channel.unary_unary(calls.method)(calls.message, timeout=60))


if __name__ == "__main__":
    run(told(__doc__))
