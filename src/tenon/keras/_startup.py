"""Python does not look for garbage among the modules that are just being imported.

Keras and JAX are half a million objects, all of which stay. Python looks through them about five times while they are
imported and once more in a short program's first ``fit``: half a second, and a quarter of a small model's second start.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

SECONDS: Final = 60.0
"""After so long a start is over, and all objects are looked through again."""


@contextmanager
def without_looking_for_garbage() -> Iterator[None]:
    """Leave cycles where they are inside the block; nothing changes where somebody else has decided so."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def leave_out_what_is_there(seconds: float = SECONDS) -> None:
    """Do not look for garbage among the objects that exist now, until some time has passed.

    The first full collection after that takes them into account again, so that what the program had before, and drops,
    is found at last. Nothing happens where objects were frozen by others, or the collector is off.

    Args:
        seconds: how long a start takes at most.
    """
    if gc.isenabled() and not gc.get_freeze_count():
        gc.freeze()
        gc.callbacks.append(_until(time.monotonic() + seconds, gc.get_freeze_count()))


def _until(end: float, frozen: int) -> Callable[[str, dict[str, int]], Any]:
    """Return what Python calls at every collection: it takes all objects into account again when it is time.

    Where others have frozen more in the meantime, it is theirs to say when.
    """

    def look(phase: str, info: dict[str, int]) -> None:
        if phase != "start" or info["generation"] < 2 or time.monotonic() < end:
            return
        gc.callbacks.remove(look)
        if gc.get_freeze_count() <= frozen:
            gc.unfreeze()

    return look
