"""TLS between a transport and a protocol, at the price of the cryptography."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from typing import Any, cast

_MAX_RECORD = 2**14
_TROUBLE = (ssl.SSLError, ssl.CertificateError)


class TlsTransport(asyncio.Transport, asyncio.Protocol):
    """Speak TLS as a server; to the network it is a protocol, to another protocol a transport.

    asyncio's and uvloop's own TLS read until OpenSSL has no more, which it tells by an exception, into new buffers of
    256 KiB: for requests of some hundred bytes, that is several times the price of decrypting them.

    Args:
        protocol: what speaks inside; it hears of the connection before the handshake.
        context: certificates and rules.
        handshake_seconds: how long the handshake may take.
    """

    def __init__(self, protocol: asyncio.Protocol, context: ssl.SSLContext, handshake_seconds: float) -> None:
        super().__init__()
        self._protocol, self._context, self._seconds = protocol, context, handshake_seconds
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._has_shaken_hands = self._is_closed = False
        self._transport: asyncio.Transport
        self._timer: asyncio.TimerHandle

    # What the network says

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the client's hello."""
        self._transport = cast(asyncio.Transport, transport)
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self.abort)
        self._protocol.connection_made(self)

    def connection_lost(self, error: Exception | None) -> None:
        """Pass it on."""
        self._timer.cancel()
        self._is_closed = True
        self._protocol.connection_lost(error)

    def data_received(self, data: bytes) -> None:
        """Decrypt, and pass it on."""
        if self._is_closed:
            return
        self._incoming.write(data)
        try:
            if self._has_shaken_hands or self._shake_hands():
                self._read()
        except ssl.SSLWantReadError:
            pass
        except _TROUBLE:
            self._is_closed = True
            self._send()  # the alert
            self._transport.close()
            return
        self._send()

    def eof_received(self) -> bool:
        """Close: a client that breaks off without a word of TLS may have been cut off by somebody else."""
        self._protocol.eof_received()
        return False

    def pause_writing(self) -> None:
        """Pass it on."""
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        """Pass it on."""
        self._protocol.resume_writing()

    def _shake_hands(self) -> bool:
        self._tls.do_handshake()
        self._timer.cancel()
        self._has_shaken_hands = True
        return bool(self._incoming.pending)

    def _read(self) -> None:
        """Decrypt record by record; as a read has room for the largest, OpenSSL keeps nothing of one."""
        tls, incoming = self._tls, self._incoming
        while not self._is_closed:
            data = tls.read(_MAX_RECORD)
            if not data:
                self._protocol.eof_received()
                self.close()
                return
            self._protocol.data_received(data)
            if not incoming.pending:
                return

    def _send(self) -> None:
        if self._outgoing.pending:
            self._transport.write(self._outgoing.read())

    # What the protocol asks

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Encrypt and send."""
        if self._is_closed or not data:
            return
        try:
            self._tls.write(data)
        except _TROUBLE:  # before the handshake there is nobody to tell
            self.abort()
            return
        self._transport.write(self._outgoing.read())

    def close(self) -> None:
        """Say goodbye, and close when all is sent."""
        if not self._is_closed:
            self._is_closed = True
            with suppress(*_TROUBLE, ValueError):  # nobody waits for the client's goodbye, or says it without handshake
                self._tls.unwrap()
            self._send()
        self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        self._is_closed = True
        self._transport.abort()

    def is_closing(self) -> bool:
        """Whether it is closed, or will be."""
        return self._is_closed or self._transport.is_closing()

    def can_write_eof(self) -> bool:
        """TLS has no half of a connection."""
        return False

    def pause_reading(self) -> None:
        """Take no more from the network; what has come is still passed on."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Go on."""
        self._transport.resume_reading()

    def get_write_buffer_size(self) -> int:
        """Return how many bytes wait to be sent."""
        return self._transport.get_write_buffer_size()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return the TLS context, or what the network knows."""
        return self._context if name == "sslcontext" else self._transport.get_extra_info(name, default)
