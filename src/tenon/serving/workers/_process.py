"""One worker as its supervisor sees it: a process, and the channel to it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from tenon.base import processor_count
from tenon.serving.workers._channel import Channel, Handler

_MEMORY_FRACTION = "XLA_PYTHON_CLIENT_MEM_FRACTION"
_THREADS = "PJRT_NPROC"


class WorkerProcess:
    """A process that ``spawn`` started.

    Args:
        number: which worker it is.
        process: the process.
        channel: the channel to it.

    Attributes:
        number: what was given.
        started: when, by ``time.monotonic``.
    """

    def __init__(self, number: int, process: asyncio.subprocess.Process, channel: Channel) -> None:
        self.number, self.started = number, time.monotonic()
        self._process, self._channel = process, channel
        self._running = asyncio.create_task(channel.run())

    @classmethod
    async def spawn(
        cls, number: int, handlers: Mapping[str, Handler], inherited: Sequence[int], environment: Mapping[str, str]
    ) -> WorkerProcess:
        """Start a worker, which waits for its assignment.

        Args:
            number: which worker it is.
            handlers: what answers its calls.
            inherited: the files that it inherits.
            environment: its environment.

        Raises:
            OSError: no process can be started.
        """
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                descriptor = theirs.fileno()
                process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", "tenon.serving.workers", str(descriptor)),
                    stdin=asyncio.subprocess.DEVNULL,
                    pass_fds=(descriptor, *inherited),
                    env=dict(environment),
                )
        except BaseException:
            ours.close()  # a process that was started all the same ends with it
            raise
        return cls(number, process, Channel(ours, handlers))

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether it is known to have ended."""
        return self._process.returncode is not None or self._running.done()

    async def call(self, name: str, **arguments: Any) -> Any:
        """Have it do something; see ``Channel.call``."""
        return await self._channel.call(name, **arguments)

    async def ended(self) -> str:
        """Wait until it ends, and return how: its signal or its exit code."""
        code = await self._process.wait()
        await asyncio.wait([self._running])
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended.

        Args:
            number: the signal.
        """
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)

    async def stop(self, seconds: float) -> None:
        """Have it answer what it has and end; after some time it is killed.

        Args:
            seconds: how long it may take.
        """
        self.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.ended(), seconds)
        except TimeoutError:
            self.send_signal(signal.SIGKILL)
            await self.ended()


def worker_environment(given: Mapping[str, str], cpus: int, count: int) -> dict[str, str]:
    """Return the environment of a worker: its share of processors and of the memory of a GPU; what is set, stays.

    Args:
        given: the environment of the supervisor.
        cpus: how many threads XLA's programs may use in one worker.
        count: how many workers there are.

    Example:
        >>> worker_environment({"PATH": "/bin"}, 4, 2)
        {'PJRT_NPROC': '4', 'XLA_PYTHON_CLIENT_MEM_FRACTION': '0.3750', 'PATH': '/bin'}
    """
    return {_THREADS: str(cpus), _MEMORY_FRACTION: f"{0.75 / count:.4f}", **given}


def share_of_cpus(count: int) -> int:
    """Return how many processors each of some workers has for itself, at least one.

    Args:
        count: how many workers.
    """
    return max(1, processor_count() // count)
