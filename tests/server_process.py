"""Real servers in processes of their own, on free ports of the loopback."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

import httpx


@dataclass
class ServerProcess:
    """``tenon serve`` as a user starts it."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    host: str = "127.0.0.1"
    rest_port: int = 0
    grpc_port: int = 0
    reader: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.rest_port}"

    def predict(self, model: str, body: object, suffix: str = "", timeout: float = 60) -> httpx.Response:
        return httpx.post(f"{self.url}/v1/models/{model}{suffix}:predict", json=body, timeout=timeout)

    def stop(self, number: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(60)
        if self.reader is not None:
            self.reader.join()
        self.process.stdout.close()
        return code


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "tenon", "serve", *map(str, arguments)]


def environment(cache: Path) -> dict[str, str]:
    return {**os.environ, "TENON_CACHE_DIR": str(cache), "JAX_PLATFORMS": "cpu"}


def start_server(cache: Path, *arguments: object) -> ServerProcess:
    """Start a server and wait until it says that it serves."""
    flags = ("--port", 0, "--rest-api-port", 0, *arguments)
    process = subprocess.Popen(
        command(*flags), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment(cache)
    )
    server = ServerProcess(process)
    for line in process.stdout:
        server.lines.append(line)
        if ready := re.match(r"serving: gRPC (.+):(\d+), REST .+:(\d+)", line):
            server.host, server.grpc_port, server.rest_port = ready[1], int(ready[2]), int(ready[3])
            server.reader = threading.Thread(target=lambda: server.lines.extend(process.stdout), daemon=True)
            server.reader.start()
            return server
    raise AssertionError("the server ended:\n" + "".join(server.lines))
