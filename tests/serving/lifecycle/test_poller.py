"""The poller carries what a source finds to the manager, and tells each trouble once."""

import asyncio
import logging
import threading
from pathlib import Path

import pytest

from tenon.base import InvalidArgumentError, NotFoundError, UnavailableError, UnknownError
from tenon.serving import AspiredVersionsManager, FileSystemSource, PollResult, ServableToMonitor, Source, SourcePoller
from tenon.serving.testing import FakeLoader

MISSING = NotFoundError("no such directory")


class ScriptedSource(Source):
    """Give one scripted result after another (an exception is raised), then the last for ever."""

    def __init__(self, *script):
        self.script = list(script)
        self.polls = 0
        self.done = threading.Event()

    def poll(self, failed=None):
        step = self.script[min(self.polls, len(self.script) - 1)]
        self.polls += 1
        if self.polls >= len(self.script) + 2:
            self.done.set()
        if isinstance(step, Exception):
            raise step
        return step


def load_anything(id_, path):
    return FakeLoader()


def found(*versions, **more):
    return PollResult({"m": {version: Path(f"/m/{version}") for version in versions}}, **more)


def poll_through(source, make_loader=load_anything):
    """Poll until the script has been played and its last step seen three times; return the manager's states."""

    async def main():
        manager = AspiredVersionsManager()
        polling = asyncio.create_task(SourcePoller(source, manager, make_loader, interval=1e-4).run())
        await asyncio.to_thread(source.done.wait)
        polling.cancel()
        await asyncio.gather(polling, return_exceptions=True)
        await manager.first_outcomes(["m"])
        states = {state.id.version: state.state.name for state in manager.states("m")}
        await manager.shutdown()
        return states

    return asyncio.run(main())


def warnings_in(caplog):
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


def test_what_is_found_is_served_from_its_path():
    made = []

    def make_loader(id_, path):
        made.append((str(id_), path))
        return FakeLoader()

    assert poll_through(ScriptedSource(found(1)), make_loader) == {1: "AVAILABLE"}
    assert made == [("{name: m version: 1}", Path("/m/1"))]


def test_a_name_that_cannot_be_looked_up_keeps_what_it_has():
    assert poll_through(ScriptedSource(found(1), PollResult({}, errors={"m": MISSING}))) == {1: "AVAILABLE"}


def test_a_source_that_fails_keeps_everything_and_is_polled_again():
    failures = [UnavailableError("the network is down"), RuntimeError("not even a proper error")]
    assert poll_through(ScriptedSource(found(1), *failures, found(1, 2))) == {1: "AVAILABLE", 2: "AVAILABLE"}


def test_a_trouble_is_logged_when_it_comes_changes_and_goes_and_not_in_between(caplog):
    caplog.set_level(logging.INFO, "tenon.serving")
    missing = PollResult({}, errors={"m": MISSING})
    odd = found(1, warnings={"m": "7 and 007 are one number"})
    poll_through(ScriptedSource(missing, missing, odd, odd, found(1)))
    assert warnings_in(caplog) == ["m: no such directory", "m: 7 and 007 are one number"]
    assert "m: no longer so: 7 and 007 are one number" in caplog.text


def test_a_source_that_keeps_failing_is_logged_once_and_hides_no_other_trouble(caplog):
    down = UnavailableError("the network is down")
    missing = PollResult({}, errors={"m": MISSING})
    poll_through(ScriptedSource(missing, down, down, missing))
    assert warnings_in(caplog) == ["m: no such directory", "source: the network is down"]


@pytest.mark.parametrize(
    ("stamps", "loads"),
    [("aaaa", 1), ("abab", 1), ("abcd", 1), ("abb", 2), ("abbbb", 2), ("abbcc", 3), ("aab", 1), ("aba", 1)],
)
def test_a_failed_version_is_tried_again_once_per_change_that_has_come_to_rest(stamps, loads):
    async def main():
        loader = FakeLoader(error=MISSING)
        manager = AspiredVersionsManager()
        source = ScriptedSource(*(found(1, stamps={"m": {1: stamp}}) for stamp in stamps))
        poller = SourcePoller(source, manager, lambda id_, path: loader)
        for _ in stamps:
            await poller.poll_once()
            await manager.first_outcomes(["m"])
        await manager.shutdown()
        return loader.loads

    assert asyncio.run(main()) == loads


def test_a_version_that_went_away_is_compared_with_its_own_past_only():
    script = (found(1, stamps={"m": {1: "a"}}), found(), found(1, stamps={"m": {1: "b"}}))
    made = []

    def make_loader(id_, path):
        made.append(id_.version)
        return FakeLoader(error=MISSING)

    assert poll_through(ScriptedSource(*script), make_loader) == {1: "END"}
    assert made == [1, 1]


def test_polling_once_returns_what_was_found_and_whose_look_failed(tmp_path):
    (tmp_path / "good" / "3").mkdir(parents=True)
    (tmp_path / "good" / "3" / "saved_model.pb").touch()
    source = FileSystemSource({name: ServableToMonitor(tmp_path / name) for name in ("good", "bad")})

    async def main():
        manager = AspiredVersionsManager()
        result = await SourcePoller(source, manager, load_anything).poll_once()
        assert list(result.versions["good"]) == [3]
        assert list(result.errors) == ["bad"]
        assert await manager.first_outcomes(["good"]) == {}
        await manager.shutdown()

    asyncio.run(main())


def test_polling_once_raises_what_the_source_raises_and_names_a_stranger():
    async def main(error):
        await SourcePoller(ScriptedSource(error), AspiredVersionsManager(), FakeLoader).poll_once()

    with pytest.raises(UnavailableError, match="the network is down"):
        asyncio.run(main(UnavailableError("the network is down")))
    with pytest.raises(UnknownError, match="polling ScriptedSource raised RuntimeError: not even"):
        asyncio.run(main(RuntimeError("not even a proper error")))


def test_an_interval_of_zero_polls_once():
    source = ScriptedSource(found(1))

    async def main():
        manager = AspiredVersionsManager()
        await SourcePoller(source, manager, load_anything, interval=0).run()
        await manager.first_outcomes(["m"])
        assert manager.available("m") == (1,)
        await manager.shutdown()

    asyncio.run(main())
    assert source.polls == 1


def test_a_negative_interval_is_refused():
    with pytest.raises(InvalidArgumentError, match=r"interval: .* at least 0; received -1"):
        SourcePoller(ScriptedSource(found()), AspiredVersionsManager(), FakeLoader, interval=-1)


@pytest.mark.parametrize(
    ("stamps", "loads"), [("aaaa", 1), ("abab", 1), ("abb", 2), ("abbbb", 2), ("abbcc", 3), ("a-bb", 2), ("a--a", 1)]
)
def test_a_version_that_answers_is_replaced_once_per_change_that_has_come_to_rest(stamps, loads, caplog):
    """A dash is a look at which the version was being written: it has no stamp."""

    async def main():
        loader = FakeLoader()
        manager = AspiredVersionsManager()
        source = ScriptedSource(*(found(1, stamps={"m": {} if s == "-" else {1: s}}) for s in stamps))
        poller = SourcePoller(source, manager, lambda id_, path: loader)
        for _ in stamps:
            await poller.poll_once()
            await manager.first_outcomes(["m"])
            await manager.wait_until(lambda: len(manager._streams["m"]._successors) == 0)
        await manager.shutdown()
        assert loader.loads == loads

    asyncio.run(main())
    assert caplog.text.count("the files of version 1 were replaced") == loads - 1


def test_polls_never_overlap_even_if_a_caller_gives_up():
    class SlowSource(Source):
        def __init__(self):
            self.inside, self.most, self.gate = 0, 0, threading.Event()

        def poll(self, failed):
            self.inside += 1
            self.most = max(self.most, self.inside)
            self.gate.wait(10)
            self.inside -= 1
            return found(1)

    async def main():
        source, manager = SlowSource(), AspiredVersionsManager()
        poller = SourcePoller(source, manager, load_anything)
        first = asyncio.create_task(poller.poll_once())
        while not source.inside:
            await asyncio.sleep(0.001)
        first.cancel()
        others = [asyncio.create_task(poller.poll_once()) for _ in range(3)]
        await asyncio.sleep(0.01)
        source.gate.set()
        await asyncio.gather(*others)
        await manager.first_outcomes(["m"])
        await manager.shutdown()
        assert source.most == 1

    asyncio.run(main())
