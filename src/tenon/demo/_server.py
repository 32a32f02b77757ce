"""A real server beside this process: ``python -m tenon serve``."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from tenon.base import DeadlineExceededError, FailedPreconditionError, UnavailableError

START_SECONDS = 60.0
"""How long a server may take until its model answers."""

STOP_SECONDS = 40.0
"""How long it may take to stop; it gives requests in flight 30 s."""

_HOST = "127.0.0.1"
_LOG_LINES = 20
_NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Endpoint:
    """Where a model answers.

    Args:
        model: its name.
        port: gRPC.
        rest_api_port: REST.
    """

    model: str
    port: int
    rest_api_port: int

    @property
    def target(self) -> str:
        """The gRPC target."""
        return f"{_HOST}:{self.port}"

    @property
    def url(self) -> str:
        """The model's REST address, without ``:predict``."""
        return f"http://{_HOST}:{self.rest_api_port}/v1/models/{self.model}"


def serve_command(endpoint: Endpoint, base: Path, python: str = sys.executable) -> list[str]:
    """Return the command that serves the versions in ``base`` at ``endpoint``."""
    ports = ["--port", str(endpoint.port), "--rest-api-port", str(endpoint.rest_api_port)]
    return [python, "-m", "tenon", "serve", "--model", f"{endpoint.model}={base}", *ports]


def choose_endpoint(model: str, port: int = 0, rest_api_port: int = 0) -> Endpoint:
    """Return an endpoint with a free port in the place of every 0.

    Raises:
        FailedPreconditionError: a port that was asked for is taken.
    """
    with ExitStack() as probes:
        return Endpoint(model, *(_probe(probes, wanted) for wanted in (port, rest_api_port)))


def _probe(probes: ExitStack, port: int) -> int:
    probe = probes.enter_context(socket.socket())
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind((_HOST, port))
    except OSError as error:
        raise FailedPreconditionError(
            f"port {port}: cannot listen on {_HOST}: {error.strerror}. Stop what uses it, or choose 0 for a free one."
        ) from error
    return int(probe.getsockname()[1])


@contextmanager
def served(endpoint: Endpoint, base: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Serve the versions in ``base`` while the block runs; the newest answers when the block begins.

    The server is a process of its own session: Ctrl-C at the terminal reaches this process only. It gets SIGTERM when
    the block ends, however that comes about, SIGTERM and SIGHUP to this process included.

    Args:
        endpoint: where.
        base: directory of numbered versions.
        log: file for everything that the server prints.

    Raises:
        UnavailableError: the server ended early, or with an error; the message holds the end of its log.
        DeadlineExceededError: its model did not answer in ``START_SECONDS``; the message holds the end of its log.
    """
    with open(log, "wb") as output, _signals_as_exits():
        process = subprocess.Popen(
            serve_command(endpoint, base),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _wait_until_available(process, endpoint, log)
            yield process
        except BaseException:
            _stop(process)
            raise
        code = _stop(process)
    if code:
        raise UnavailableError(f"the server ended with the code {code}; its log, {log}, ends:\n{_tail(log)}")


def _wait_until_available(process: subprocess.Popen[bytes], endpoint: Endpoint, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while not _is_available(endpoint):
        if process.poll() is not None:
            raise UnavailableError(
                f"the server ended with the code {process.returncode} before its model answered; its log, {log}, "
                f"ends:\n{_tail(log)}"
            )
        if time.monotonic() > until:
            raise DeadlineExceededError(
                f"the server's model did not answer in {START_SECONDS:g} s; its log, {log}, ends:\n{_tail(log)}"
            )
        time.sleep(0.05)


def _is_available(endpoint: Endpoint) -> bool:
    try:
        status = get_json(endpoint.url)
    except (OSError, ValueError):  # not listening yet, or another program answers there
        return False
    return any(version.get("state") == "AVAILABLE" for version in status.get("model_version_status", ()))


def get_json(url: str, body: bytes | None = None, timeout: float = 60.0) -> Any:
    """Return the JSON that a URL answers to GET, or to POST of ``body``.

    Raises:
        urllib.error.HTTPError: the answer is an error.
        OSError: nobody answers.
        ValueError: the answer is not JSON.
    """
    with _NO_PROXY.open(url, body, timeout) as response:  # the scheme is always http
        return json.load(response)


def _stop(process: subprocess.Popen[bytes]) -> int:
    process.terminate()
    try:
        return process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-_LOG_LINES:]) or "(nothing)"


_ENDING: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def _signals_as_exits() -> Iterator[None]:
    """Let the signals that end this process unwind it, so that it leaves no server behind."""
    if threading.current_thread() is not threading.main_thread():  # only there may handlers be set
        yield
        return
    before = {number: signal.signal(number, _exit) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _exit(number: int, frame: FrameType | None) -> NoReturn:
    del frame
    raise SystemExit(128 + number)
