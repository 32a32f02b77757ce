"""The HTTP load generator for machines without wrk: raw keep-alive connections in one event loop."""

from __future__ import annotations

import argparse
import asyncio
import re
import ssl
import time
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import sample
import uvloop

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Connection(asyncio.Protocol):
    """Sends the next request when the answer to the last one is complete.

    Args:
        request: the bytes of a whole request.
        deadline: the ``perf_counter`` time after which none is sent.
        latencies: takes the seconds of each request.
    """

    def __init__(self, request: bytes, deadline: float, latencies: list[float]) -> None:
        self._request, self._deadline, self._latencies = request, deadline, latencies
        self._answer = b""
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.errors = 0

    def connection_made(self, transport: Any) -> None:
        """Begin; uvloop's transports are no subclass of asyncio's."""
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        """Count a complete answer and go on."""
        self._answer += data
        head, separator, body = self._answer.partition(b"\r\n\r\n")
        if not separator:
            return
        length = _LENGTH.search(head)
        if length is None or head.split(b" ", 2)[1] != b"200":
            self.errors += 1
            self._transport.close()
        elif len(body) >= int(length[1]):
            self._finish()

    def connection_lost(self, error: Exception | None) -> None:
        """End; an answer that is cut short is an error."""
        self.errors += error is not None or bool(self._answer)
        if not self.closed.done():
            self.closed.set_result(None)

    def _send(self) -> None:
        self._answer = b""
        self._start = time.perf_counter()
        self._transport.write(self._request)

    def _finish(self) -> None:
        now = time.perf_counter()
        self._latencies.append(now - self._start)
        if now < self._deadline:
            self._send()
        else:
            self._answer = b""
            self._transport.close()


async def run(url: str, body: str, headers: list[str], connections: int, seconds: float) -> None:
    address = urlsplit(url)
    fields = dict(zip(headers[::2], headers[1::2], strict=True)) | {"Content-Type": "application/json"}
    lines = [
        f"{name}: {value}" for name, value in {"Host": address.netloc, "Content-Length": len(body), **fields}.items()
    ]
    request = "\r\n".join((f"POST {address.path} HTTP/1.1", *lines, "", body)).encode()
    tls = ssl._create_unverified_context() if address.scheme == "https" else None
    latencies: list[float] = []
    start = time.perf_counter()
    loop = asyncio.get_running_loop()
    make = partial(Connection, request, start + seconds, latencies)
    made = [
        (await loop.create_connection(make, address.hostname, address.port, ssl=tls))[1] for _ in range(connections)
    ]
    _, waiting = await asyncio.wait([connection.closed for connection in made], timeout=seconds + 10)
    sample.write(time.perf_counter() - start, latencies, len(waiting) + sum(connection.errors for connection in made))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--connections", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("body")
    parser.add_argument("headers", nargs="*", help="a name and a value, then the next name")
    uvloop.run(run(**vars(parser.parse_args())))
