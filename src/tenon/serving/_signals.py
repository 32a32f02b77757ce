"""What tells a process to stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable


def stop_signal(on_second: Callable[[], None] | None = None) -> asyncio.Event:
    """Return an event that SIGTERM and SIGINT set; a second SIGINT ends the process, for whoever presses Ctrl-C twice.

    SIGHUP sets it too (a terminal that closes loses no requests either), unless it was ignored before, as by nohup.

    Args:
        on_second: called before a second SIGINT ends the process, if the event loop still turns; by default SIGINT
            needs no event loop to do it.
    """
    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def interrupted() -> None:
        if on_second is None:
            _let_kill(loop)
        elif stop.is_set():
            on_second()
            _let_kill(loop)
            signal.raise_signal(signal.SIGINT)
        stop.set()

    loop.add_signal_handler(signal.SIGTERM, stop.set)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        loop.add_signal_handler(signal.SIGHUP, stop.set)
    loop.add_signal_handler(signal.SIGINT, interrupted)
    return stop


def _let_kill(loop: asyncio.AbstractEventLoop) -> None:
    loop.remove_signal_handler(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
