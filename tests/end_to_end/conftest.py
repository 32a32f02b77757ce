"""Servers that end with the test that started them."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests.server_process import ServerProcess, start_server


@pytest.fixture
def serve(compile_cache) -> Iterator[object]:
    """Start servers that are stopped when the test ends."""
    started: list[ServerProcess] = []

    def start(*arguments: object) -> ServerProcess:
        started.append(start_server(compile_cache, *arguments))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def heeding_hangups() -> Iterator[None]:
    """Programs that start meanwhile do not ignore SIGHUP, though the tests may run under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)
