"""The gRPC load generator that takes little of the processor: h2load, of Debian's package nghttp2-client.

gRPC is HTTP/2 with five bytes before each message, which h2load is given in a file. It knows nothing of gRPC's codes;
an answer with an error has no message, so errors show in the bytes that came back.
"""

from __future__ import annotations

import argparse
import math
import re
import subprocess
import tempfile
from pathlib import Path

import grpc
import numpy as np
import sample

_PREFIX = 5
_HEADERS = ("content-type: application/grpc", "te: trailers")
_SUCCEEDED = re.compile(r"^requests: .* (\d+) succeeded", re.MULTILINE)
_DATA = re.compile(r"^traffic: .*\((\d+)\) data", re.MULTILINE)


def run(port: int, method: str, request: Path, clients: int, streams: int, seconds: float) -> None:
    size = _PREFIX + answer_bytes(port, method, request.read_bytes())
    with tempfile.TemporaryDirectory() as folder:
        message, log = Path(folder) / "message", Path(folder) / "log"
        data = request.read_bytes()
        message.write_bytes(b"\0" + len(data).to_bytes(4, "big") + data)
        headers = [word for header in _HEADERS for word in ("--header", header)]
        shape = ["-c", str(clients), "-m", str(streams), "-D", f"{round(seconds * 1000)}ms", f"--log-file={log}"]
        words = ["h2load", *shape, *headers, "-d", str(message), f"http://127.0.0.1:{port}{method}"]
        text = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout
        latencies = np.loadtxt(log, dtype=np.int64, usecols=2, ndmin=1) / 1e6
    succeeded, received = (int(pattern.search(text)[1]) for pattern in (_SUCCEEDED, _DATA))  # type: ignore[index]
    without_message = max(math.ceil(succeeded - received / size), 0)
    sample.write(seconds, latencies.tolist(), without_message)


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
    run(**vars(parser.parse_args()))
