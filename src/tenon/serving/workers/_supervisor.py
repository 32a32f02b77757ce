"""The process around a fleet of workers, from its first signal handler to the end of the last worker."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import uvloop

from tenon.serving._signals import stop_signal
from tenon.serving.configuration import ServerOptions
from tenon.serving.workers._fleet import Fleet

if TYPE_CHECKING:
    from tenon.serving.workers._admin_port import AdminPort

_log = logging.getLogger("tenon.serving")


def serve_workers(options: ServerOptions, on_ready: Callable[[Fleet], None] | None = None) -> None:
    """Serve with several processes until SIGTERM or SIGINT, then have them answer what is in flight, and return.

    This process only supervises: it holds no model and answers no request. When it dies, its workers end.

    Args:
        options: what and where; ``workers`` says how many.
        on_ready: called once, when all workers serve.

    Raises:
        FailedPreconditionError: a port is taken, or no model can be served.
        UnavailableError: workers die as soon as they begin.
        TenonError: a file that the options name cannot be used.
    """
    uvloop.run(_serve(options, on_ready))


async def _serve(options: ServerOptions, on_ready: Callable[[Fleet], None] | None) -> None:
    fleet = Fleet(options)
    admin = None if options.admin_port is None else _admin_port(options, fleet)
    stopped = asyncio.create_task(stop_signal(fleet.kill).wait())
    starting = asyncio.create_task(fleet.start())
    try:
        if admin is not None:
            await admin.start()
        await asyncio.wait((starting, stopped), return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            if on_ready is not None:
                on_ready(fleet)
            await stopped
        _log.info("stopping: requests in flight are answered, new ones refused; a second Ctrl-C stops at once.")
    finally:
        stopped.cancel()
        starting.cancel()
        await asyncio.gather(fleet.stop(), *([] if admin is None else [admin.stop()]))


def _admin_port(options: ServerOptions, fleet: Fleet) -> AdminPort:
    from tenon.serving.workers._admin_port import AdminPort  # JAX comes with it: 100 MB that a bare supervisor saves

    return AdminPort(options, fleet)
