"""Addresses and ports: which are free, and how they are written."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

from tenon.base import FailedPreconditionError


def free_port(host: str, port: int, name: str) -> tuple[str, int]:
    """Return the address of ``host`` in digits, and ``port`` if it can be bound there or a free port for 0.

    Args:
        host: a name or an address.
        port: the port wanted.
        name: the option's name, for errors.

    Raises:
        FailedPreconditionError: the port is taken, or the host is not an address of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            return str(address[0]), int(probe.getsockname()[1])
    except OSError as error:
        raise cannot_listen(name, host, port, error.strerror or str(error)) from error
    except ValueError as error:  # no host name at all, such as "a..b"
        raise cannot_listen(name, host, port, str(error)) from error


def shared_address(host: str, port: int, name: str) -> str:
    """Return the address of ``host`` in digits, for a port that processes of one server share: it is not tried.

    Args:
        host: a name or an address.
        port: the port.
        name: the option's name, for errors.

    Raises:
        FailedPreconditionError: the host is none.
    """
    try:
        return str(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0])
    except (OSError, ValueError) as error:
        raise cannot_listen(name, host, port, str(error)) from error


def reserve_port(host: str, port: int, name: str) -> socket.socket:
    """Take a port for several processes: they may listen there as long as the socket returned stays open.

    The socket does not listen, so no connection comes to it; who listens sets ``SO_REUSEPORT`` and is of the same user.

    Args:
        host: a name or an address.
        port: the port wanted; 0 takes a free one.
        name: the option's name, for errors.

    Raises:
        FailedPreconditionError: the port is taken, by a process that shares its port too, or the host is not an
            address of this machine.
    """
    address, number = free_port(host, port, name)
    family, kind, protocol, _, where = socket.getaddrinfo(address, number, type=socket.SOCK_STREAM)[0]
    reserved = socket.socket(family, kind, protocol)
    try:
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        reserved.bind(where)
    except OSError as error:
        reserved.close()
        raise cannot_listen(name, host, port, error.strerror or str(error)) from error
    return reserved


def listening_socket(host: str, port: int, backlog: int, *, reuse_port: bool = False) -> socket.socket:
    """Return a socket that listens and does not block; ``::`` takes IPv4 too, where the system has it so.

    asyncio's own sockets for ``::`` take IPv6 alone.

    Args:
        host: the address in digits.
        port: the port; 0 takes a free one.
        backlog: connections that may wait to be accepted.
        reuse_port: share the port with other processes that do so too.

    Raises:
        OSError: the port is taken, or the host is no address of this machine.
    """
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuse_port:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.bind((host, port))
        made.listen(backlog)
    except OSError:
        made.close()
        raise
    return made


def remove_stale_socket(path: str) -> None:
    """Remove what a server left behind that did not end well; one that listens keeps its socket.

    Args:
        path: of the UNIX socket.

    Raises:
        OSError: somebody listens on it (asyncio would take the path away from it), or the path cannot be looked at.
    """
    if Path(path).is_socket():
        with socket.socket(socket.AF_UNIX) as probe:
            if not probe.connect_ex(path):
                raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
        Path(path).unlink()


def cannot_listen(name: str, host: str, port: int, reason: str) -> FailedPreconditionError:
    """Return the error of a port that cannot be had; the arguments are those of ``free_port``, and why."""
    return FailedPreconditionError(
        f"{name}: cannot listen on {host_and_port(host, port)}: {reason}. "
        "Stop what uses it, or choose another port or host."
    )


def host_and_port(host: str, port: int) -> str:
    """Return an address as it stands in a URL.

    Args:
        host: a name, or an address in digits.
        port: the port.

    Example:
        >>> host_and_port("127.0.0.1", 8500), host_and_port("::1", 8500)
        ('127.0.0.1:8500', '[::1]:8500')
    """
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
