"""What is in cycles goes soon after versions changed, and not before somebody said so."""

import asyncio
import gc
import weakref

import pytest

from tenon.serving import _garbage
from tenon.serving._garbage import Garbage


class Version:
    """Something large in a cycle."""

    def __init__(self):
        self.itself = self


def lost():
    return weakref.ref(Version())


@pytest.fixture
def garbage():
    """The collector as a server sets it up, and afterwards as it was; what all tests keep was frozen before."""
    threshold = gc.get_threshold()
    made = Garbage()
    made.start()
    yield made
    gc.set_threshold(*threshold)


async def until(predicate):
    while not predicate():
        await asyncio.sleep(0.01)


def test_what_a_version_left_is_gone_soon_after_it_went(garbage):
    async def main():
        version = lost()
        assert version() is not None
        garbage.look_soon()
        garbage.look_soon()
        await asyncio.wait_for(until(lambda: version() is None), 30)

    asyncio.run(main())


def test_a_look_may_be_called_off(garbage):
    async def main():
        garbage.look_soon()
        timer = garbage._timer
        garbage.stop()
        assert timer.cancelled()
        garbage.stop()

    asyncio.run(main())


def test_long_looks_are_rare(garbage):
    async def main():
        garbage._took = 1.0
        garbage.look_soon()
        wait = garbage._timer.when() - asyncio.get_running_loop().time()
        assert wait == pytest.approx(1 / _garbage.SHARE, abs=1)
        garbage.stop()

    asyncio.run(main())
