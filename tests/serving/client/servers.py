"""Servers for the client: real ones in threads of their own, and sockets that misbehave."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import ExitStack, contextmanager, suppress
from functools import partial

from tests.serving.doubles import manager
from tests.serving.servers import grpc_serving, rest_serving

SERVING = {"grpc": grpc_serving, "http": rest_serving}


@contextmanager
def serving(scheme, make=manager):
    """Yield the URL of a real server that runs in a thread; ``make`` is called in its loop."""
    started, stop, found = threading.Event(), None, {}

    async def main():
        nonlocal stop
        stop, found["loop"] = asyncio.Event(), asyncio.get_running_loop()
        async with SERVING[scheme](make()) as server:
            found["port"] = server[1] if isinstance(server, tuple) else server
            started.set()
            await stop.wait()

    thread = threading.Thread(target=partial(asyncio.run, main()))
    thread.start()
    started.wait(30)
    try:
        yield f"{scheme}://127.0.0.1:{found['port']}"
    finally:
        found["loop"].call_soon_threadsafe(stop.set)
        thread.join()


@contextmanager
def relayed(scheme, port):
    """Serve on a port that was chosen before: a plain relay to a real server."""
    with serving(scheme) as url, socket.create_server(("127.0.0.1", port)) as listener:
        target = int(url.rsplit(":", 1)[1])

        def accept():
            with suppress(OSError):
                while True:
                    one, _ = listener.accept()
                    threading.Thread(target=_relay, args=[one, target], daemon=True).start()

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _relay(one, port):
    with one, socket.create_connection(("127.0.0.1", port)) as other:
        back = threading.Thread(target=_pump, args=[other, one])
        back.start()
        _pump(one, other)
        back.join()


def _pump(source, target):
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


METADATA = (
    b'{"model_spec":{"name":"m","version":"1"},"metadata":{"signature_def":{"@type":"type.googleapis.com/'
    b'tensorflow.serving.SignatureDefMap","signature_def":{"serving_default":{"inputs":{"x":{"dtype":"%s",'
    b'"tensor_shape":{"dim":[{"size":"-1"}]}}},"outputs":{"y":{"dtype":"%s","tensor_shape":{"dim":[{"size":"-1"}]}}}}}}}}'
)


def answer(body, status=b"200 OK", *headers):
    """An HTTP answer."""
    lines = [b"HTTP/1.1 " + status, b"content-length: %d" % len(body), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def metadata(inputs=b"DT_FLOAT", outputs=b"DT_FLOAT"):
    """The answer that tells the signature of model ``m``."""
    return answer(METADATA % (inputs, outputs))


class Script(ExitStack):
    """A server that does what it is told, one step a request, in the order of the requests; it keeps what was asked.

    A step is bytes to send, ``None`` to close without an answer, or a function of the connection.

    Attributes:
        requests: heads and bodies of the requests, as bytes.
        connections: how many there were.
    """

    def __init__(self, *steps):
        super().__init__()
        self._steps = iter(steps)
        self.requests: list[bytes] = []
        self.connections = 0
        self._listener = self.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()
        self.callback(self._end)

    def _end(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join()

    def _accept(self):
        threads = []
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                break
            self.connections += 1
            self._open.append(connection)
            threads.append(threading.Thread(target=self._serve, args=[connection]))
            threads[-1].start()
        for thread in threads:
            thread.join()

    def _serve(self, connection):
        with connection, connection.makefile("rb") as stream:
            try:
                while self._one(connection, stream):
                    pass
            except OSError:
                return

    def _one(self, connection, stream):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = stream.readline()
            if not line:
                return False
            head += line
        length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        self.requests.append(head + (stream.read(int(length[0].split(b":")[1])) if length else b""))
        step = next(self._steps, None)
        if step is None:
            return False
        if callable(step):
            return step(connection)
        connection.sendall(step)
        return True
