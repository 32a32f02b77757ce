"""Ports that several processes share."""

import socket

import pytest

from tenon.base import FailedPreconditionError
from tenon.serving._ports import reserve_port, shared_address


def listening(port):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen()
    return listener


def test_a_reserved_port_gets_no_connections_and_is_listened_on_by_many():
    with reserve_port("127.0.0.1", 0, "port") as reserved:
        port = reserved.getsockname()[1]
        with listening(port), listening(port):
            for _ in range(20):
                socket.create_connection(("127.0.0.1", port), timeout=5).close()


def test_a_port_that_somebody_listens_on_is_not_reserved():
    with reserve_port("127.0.0.1", 0, "port") as reserved:
        port = reserved.getsockname()[1]
        with listening(port), pytest.raises(FailedPreconditionError, match="port: cannot listen on 127"):
            reserve_port("127.0.0.1", port, "port")


def test_the_address_of_a_shared_port_is_in_digits():
    assert shared_address("127.0.0.1", 1, "port") == "127.0.0.1"
    with pytest.raises(FailedPreconditionError, match=r"port: cannot listen on a\.\.b:1"):
        shared_address("a..b", 1, "port")
