"""Two processes call each other over a socket that one inherited from the other."""

from __future__ import annotations

import asyncio
import itertools
import logging
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

from tenon.base import InternalError, TenonError, UnavailableError
from tenon.serving.workers._values import dumps, loads

MAX_FRAME_BYTES = 2**30
"""A longer message is a fault of ours: nothing that workers tell each other is as long."""

Handler = Callable[..., Awaitable[Any]]
"""What answers one kind of call; its arguments are those of the call."""

_LENGTH = struct.Struct(">I")

_log = logging.getLogger("tenon.serving")


class Channel:
    """Both ends call and answer, many calls at a time, in the order that suits them.

    A message is four bytes of length and JSON. Who holds the other end is known, for it was inherited. Belongs to one
    event loop.

    Args:
        connection: the connected socket; it belongs to the channel from now on.
        handlers: what answers the calls of the other end, by name.

    Example:
        >>> async def double(number):
        ...     return 2 * number
        >>> async def main():
        ...     ours, theirs = socket.socketpair()
        ...     channel, other = Channel(ours, {}), Channel(theirs, {"double": double})
        ...     running = [asyncio.create_task(each.run()) for each in (channel, other)]
        ...     answer = await channel.call("double", number=21)
        ...     channel.close()
        ...     await asyncio.gather(*running)
        ...     return answer
        >>> asyncio.run(main())
        42
    """

    def __init__(self, connection: socket.socket, handlers: Mapping[str, Handler]) -> None:
        connection.setblocking(False)
        self._connection, self._handlers = connection, handlers
        self._writer: asyncio.StreamWriter | None = None
        self._opened = asyncio.Event()
        self._is_closed = False
        self._numbers = itertools.count()
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._answering: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Read and answer until either end closes; then calls that wait fail."""
        try:
            reader, self._writer = await asyncio.open_unix_connection(sock=self._connection)
            self._opened.set()
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
                    self._received(loads(await reader.readexactly(length)))
        finally:
            self.close()

    async def call(self, name: str, **arguments: Any) -> Any:
        """Have the other end do something, and return its answer.

        Args:
            name: what.
            **arguments: with what.

        Raises:
            TenonError: as the other end raised it.
            UnavailableError: the other end is gone, or goes before it answers.
        """
        number, answer = next(self._numbers), asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            await self._send({"call": number, "name": name, "arguments": arguments})
            return await answer
        finally:
            del self._waiting[number]

    def close(self) -> None:
        """Send and answer nothing more."""
        self._is_closed = True
        self._opened.set()
        if self._writer is not None:
            self._writer.close()
        else:
            self._connection.close()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(_gone())
        for task in self._answering:
            task.cancel()

    def _received(self, message: dict[str, Any]) -> None:
        if "call" in message:
            task = asyncio.create_task(self._answer(message))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)
            return
        answer = self._waiting.get(message["answer"])
        if answer is None or answer.done():
            return  # whoever asked has given up
        if message["error"] is None:
            answer.set_result(message["result"])
        else:
            answer.set_exception(message["error"])

    async def _answer(self, message: dict[str, Any]) -> None:
        result, error = None, None
        try:
            result = await self._handlers[message["name"]](**message["arguments"])
        except TenonError as failure:
            error = failure
        except Exception as failure:  # the other end must not wait for ever for a fault of ours
            _log.exception("%s failed, by a fault of Tenon: report it", message["name"])
            error = InternalError(f"{message['name']}: {type(failure).__name__}: {failure}")
        with suppress(UnavailableError):
            await self._send({"answer": message["call"], "result": result, "error": error})

    async def _send(self, message: dict[str, Any]) -> None:
        data = dumps(message)
        await self._opened.wait()
        if self._is_closed or self._writer is None:
            raise _gone()
        if len(data) > MAX_FRAME_BYTES:
            raise InternalError(f"a message between workers of {len(data)} bytes is too long. Report it.")
        self._writer.write(_LENGTH.pack(len(data)) + data)
        with suppress(ConnectionError):  # the reader sees it too, and tells all who wait
            await self._writer.drain()


def _gone() -> UnavailableError:
    return UnavailableError("The process that was asked is gone. Ask again when another has taken its place.")
