"""A process that serves, from its first signal handler to its last answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import uvloop

from tenon.serving._open_files import raise_open_files_limit
from tenon.serving._server import ModelServer
from tenon.serving._signals import stop_signal
from tenon.serving.configuration import ServerOptions
from tenon.xla import (
    choose_convolution_library,
    enable_compile_cache,
    limit_program_threads,
    run_in_calling_thread,
)

_log = logging.getLogger("tenon.serving")


def serve(options: ServerOptions, on_ready: Callable[[ModelServer], None] | None = None) -> None:
    """Serve until SIGTERM or SIGINT, then answer what is in flight and return; a second SIGINT ends the process.

    A load in progress is not awaited, but Python waits for its thread when the process ends (unless by ``os._exit``).

    Args:
        options: what and where.
        on_ready: called once, when every model answers.

    Raises:
        FailedPreconditionError: a port is taken, or no model can be served.
        TenonError: a file that the options name cannot be used.
    """
    raise_open_files_limit()
    run_in_calling_thread()
    limit_program_threads()
    choose_convolution_library()
    enable_compile_cache(options.compile_cache)
    uvloop.run(_serve(options, on_ready))


async def _serve(options: ServerOptions, on_ready: Callable[[ModelServer], None] | None) -> None:
    stopped = asyncio.create_task(stop_signal().wait())
    server = ModelServer(options)
    loading: asyncio.Task[None] | None = None
    try:
        await server.start()
        loading = asyncio.create_task(server.load())
        await asyncio.wait((loading, stopped), return_when=asyncio.FIRST_COMPLETED)
        if loading.done():
            loading.result()
            if on_ready is not None:
                on_ready(server)
            await stopped
        _log.info("stopping: requests in flight are answered, new ones refused; a second Ctrl-C stops at once.")
    finally:
        stopped.cancel()
        if loading is not None:
            loading.cancel()
        await server.stop()
