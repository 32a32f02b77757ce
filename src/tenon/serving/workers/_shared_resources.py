"""What all workers of a server share: its ports, and the files that they inherit."""

from __future__ import annotations

import os
import socket
from contextlib import ExitStack, suppress
from pathlib import Path

from tenon.base import FailedPreconditionError
from tenon.serving._ports import remove_stale_socket, reserve_port
from tenon.serving.configuration import ServerOptions


class SharedResources:
    """Take them, and give them back.

    Attributes:
        ports: those of gRPC and REST, once taken.
        turn_fd: the file whose lock is the turn to load.
        grpc_socket_fd: the UNIX socket that all accept from; ``None`` where there is none.
    """

    def __init__(self) -> None:
        self.ports = (0, 0)
        self.turn_fd = -1
        self.grpc_socket_fd: int | None = None
        self._stack = ExitStack()

    @property
    def inherited(self) -> tuple[int, ...]:
        """The files that a worker inherits."""
        return (self.turn_fd,) if self.grpc_socket_fd is None else (self.turn_fd, self.grpc_socket_fd)

    def take(self, options: ServerOptions) -> None:
        """Take everything that the options ask for.

        Args:
            options: of the server.

        Raises:
            FailedPreconditionError: a port or the UNIX socket cannot be had.
        """
        keep = self._stack.enter_context
        grpc, rest = (
            keep(reserve_port(options.host, getattr(options, name), name)) for name in ("port", "rest_api_port")
        )
        self.ports = (int(grpc.getsockname()[1]), int(rest.getsockname()[1]))
        self.turn_fd = os.memfd_create("tenon-load-turn")
        self._stack.callback(os.close, self.turn_fd)
        if options.grpc_socket_path:
            self.grpc_socket_fd = keep(_bound(options.grpc_socket_path)).fileno()
            self._stack.callback(_remove, options.grpc_socket_path)

    def close(self) -> None:
        """Give everything back."""
        self._stack.close()


def _bound(path: str) -> socket.socket:
    """Return a UNIX socket that listens at a path."""
    listener = socket.socket(socket.AF_UNIX)
    try:
        remove_stale_socket(path)
        listener.bind(path)
    except OSError as error:
        listener.close()
        raise FailedPreconditionError(
            f"grpc_socket_path: cannot listen on {path!r}: {error.strerror or error}. Name a file, in at most 107 "
            "bytes, that nobody listens on, in a directory that this user may write."
        ) from error
    return listener


def _remove(path: str) -> None:
    with suppress(FileNotFoundError):
        Path(path).unlink()
