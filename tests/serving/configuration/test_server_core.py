"""A configuration becomes true as a whole or not at all, and no request fails meanwhile."""

import asyncio
import shutil
import threading
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tenon.base import (
    DataLossError,
    DeadlineExceededError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    UnknownError,
)
from tenon.serving import (
    AspiredVersionsManager,
    FileSystemSource,
    ModelConfig,
    ModelServerConfig,
    ServableRequest,
    SourcePoller,
    Specific,
    State,
)
from tenon.serving.configuration import ServerCore
from tenon.serving.testing import FakeLoader

BROKEN = DataLossError("a file is damaged")


class World:
    """Directories of empty versions, and loaders that fail or wait for some of them."""

    def __init__(self, root):
        self.root = root
        self.broken: set[str] = set()
        self.gates: dict[str, threading.Event] = {}
        self.loads: list[str] = []

    def put(self, *versions):
        for version in versions:
            (self.root / version).mkdir(parents=True)
            (self.root / version / "saved_model.pb").touch()

    def make_loader(self, servable_id, path):
        key = str(path.relative_to(self.root))
        self.loads.append(key)
        return FakeLoader(error=BROKEN if key in self.broken else None, gate=self.gates.get(key))

    def model(self, name, folder=None, **more):
        return ModelConfig(name, self.root / (folder or name), **more)


class Server:
    """A core with what it stands on."""

    def __init__(self, world, **options):
        self.world = world
        self.manager = AspiredVersionsManager(num_load_threads=2)
        self.source = FileSystemSource({})
        self.poller = SourcePoller(self.source, self.manager, world.make_loader)
        self.core = ServerCore(self.manager, self.source, self.poller, **options)

    def version(self, name, label=None):
        with self.manager.servable_handle(ServableRequest(name, label=label)) as handle:
            return handle.id.version

    def states(self, name):
        return {state.id.version: state.state.name for state in self.manager.states(name)}

    async def poll_until(self, predicate):
        while not predicate():
            await self.poller.poll_once()
            await asyncio.sleep(0.001)


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def config(*models):
    return ModelServerConfig(models)


@asynccontextmanager
async def running(world, first, **options):
    server = Server(world, **options)
    server.errors = await server.core.start(first)
    yield server
    await server.core.stop()
    await server.manager.shutdown()


def test_the_first_configuration_is_served_with_its_labels(world):
    world.put("a/1", "a/2", "b/7")

    async def main():
        labels = {"stable": 1, "canary": 2}
        first = config(world.model("a", version_policy=Specific((1, 2)), labels=labels), world.model("b"))
        async with running(world, first) as server:
            assert server.errors == {}
            assert [server.version("a"), server.version("a", "stable"), server.version("a", "canary")] == [2, 1, 2]
            assert server.version("b") == 7
            with pytest.raises(InvalidArgumentError, match=r"^Unrecognized servable version label: stable$"):
                server.version("b", "stable")
            assert [(m.name, m.is_available, m.labels) for m in server.core.models()] == [
                ("a", True, labels),
                ("b", True, {}),
            ]

    asyncio.run(main())


def test_one_bad_model_leaves_the_others_alone(world):
    world.put("good/1", "bad/1")
    (world.root / "empty").mkdir()
    world.broken.add("bad/1")

    async def main():
        names = ("good", "bad", "empty", "missing")
        async with running(world, config(*map(world.model, names))) as server:
            assert server.version("good") == 1
            assert set(server.errors) == {"bad", "empty", "missing"}
            assert server.errors["bad"] is BROKEN
            assert "no version found under" in server.errors["empty"].message
            assert "its base path cannot be listed" in server.errors["missing"].message
            assert [m.name for m in server.core.models() if not m.is_available] == ["bad", "empty", "missing"]

    asyncio.run(main())


def test_a_model_whose_newest_versions_are_broken_starts_with_an_older_one(world):
    world.put("m/1", "m/2", "m/3", "m/4")
    world.broken.update(["m/3", "m/4"])

    async def main():
        async with running(world, config(world.model("m"))) as server:
            assert server.errors == {}
            assert server.states("m") == {4: "END", 3: "END", 2: "AVAILABLE"}
            world.put("m/5")
            await server.poll_until(lambda: server.states("m")[2] == "END")
            assert server.version("m") == 5

    asyncio.run(main())


def test_a_label_of_a_version_that_is_not_there_yet_is_told_and_answered_as_soon_as_it_is(world, caplog):
    world.put("m/1")

    async def main():
        model = world.model("m", version_policy=Specific((1, 2)), labels={"canary": 2})
        async with running(world, config(model)) as server:
            assert server.version("m") == 1
            with pytest.raises(NotFoundError, match=r"^Servable not found for request: Specific\(m, 2\)$"):
                server.version("m", "canary")
            world.put("m/2")
            await server.poll_until(lambda: server.manager.available("m") == (2, 1))
            assert server.version("m", "canary") == 2

    asyncio.run(main())
    assert "label 'canary' points to version 2, which is not available yet" in caplog.text


def test_a_reload_adds_removes_and_changes(world):
    world.put("kept/1", "gone/1", "new/5", "other/1", "other/2")

    async def main():
        async with running(world, config(world.model("kept"), world.model("gone"), world.model("other"))) as server:
            changed = world.model("other", version_policy=Specific((1,)))
            await server.core.reload(config(world.model("kept"), world.model("new"), changed))
            assert server.version("new") == 5
            assert server.states("gone") in ({1: "UNLOADING"}, {1: "END"})
            with pytest.raises(NotFoundError, match="Servable not found"):
                server.version("gone")
            await server.poll_until(lambda: server.states("other") == {1: "AVAILABLE", 2: "END"})
            assert world.loads.count("kept/1") == 1
            assert {m.name: m.config is None for m in server.core.models()} == {
                "gone": True,
                "kept": False,
                "new": False,
                "other": False,
            }

    asyncio.run(main())


def test_the_same_configuration_changes_nothing(world):
    world.put("m/1")

    async def main():
        async with running(world, config(world.model("m"))) as server:
            await server.core.reload(config(world.model("m")))
            assert world.loads == ["m/1"]

    asyncio.run(main())


def test_a_removed_model_may_come_back(world):
    world.put("m/1", "n/1")

    async def main():
        both, one = config(world.model("m"), world.model("n", labels={"x": 1})), config(world.model("m"))
        async with running(world, both) as server:
            for _ in range(3):
                await server.core.reload(one)
                with pytest.raises(InvalidArgumentError, match="Unrecognized servable version label: x"):
                    server.version("n", "x")
                await server.core.reload(both)
                assert server.version("n", "x") == 1

    asyncio.run(main())


def test_nothing_goes_before_what_is_new_answers(world):
    world.put("old/1", "new/1")
    gate = world.gates["new/1"] = threading.Event()

    async def main():
        async with running(world, config(world.model("old"))) as server:
            reload = asyncio.create_task(server.core.reload(config(world.model("new"))))
            await server.manager.wait_until(lambda: server.states("new") == {1: "LOADING"})
            await server.poller.poll_once()
            assert server.version("old") == 1
            gate.set()
            await reload
            assert server.version("new") == 1
            assert "AVAILABLE" not in server.states("old").values()

    asyncio.run(main())


def test_a_reload_that_fails_leaves_no_notices_in_the_log_for_it_tells_itself(world, caplog):
    world.put("old/1")

    async def main():
        async with running(world, config(world.model("old"))) as server:
            caplog.clear()
            for _ in range(3):
                with pytest.raises(UnknownError, match="its base path cannot be listed"):
                    await server.core.reload(config(world.model("old"), world.model("nowhere")))
                await server.poller.poll_once()
            assert "nowhere" not in caplog.text

    asyncio.run(main())


@pytest.mark.parametrize("trouble", ["broken", "missing", "label", "policy"])
def test_a_reload_that_fails_changes_nothing(world, trouble):
    world.put("old/1", "new/1", "good/1")
    world.broken.add("new/1")
    models = {
        "broken": (world.model("new"),),
        "missing": (world.model("nowhere"),),
        "label": (world.model("good"), world.model("old", labels={"stable": 1, "canary": 2})),
        "policy": (world.model("old", version_policy=Specific((2,)), labels={"stable": 1}),),
    }[trouble]
    error, match = {
        "broken": (UnknownError, r"1 servable\(s\) did not become available: {new due to error: a file is damaged}"),
        "missing": (UnknownError, "nowhere due to error: servable 'nowhere': its base path cannot be listed"),
        "label": (
            FailedPreconditionError,
            "^Request to assign label to version 2 of model old, which is not currently",
        ),
        "policy": (FailedPreconditionError, "which is not currently available for inference, or which model_version"),
    }[trouble]

    async def main():
        first = config(world.model("old", labels={"stable": 1}))
        async with running(world, first) as server:
            with pytest.raises(error, match=match):
                await server.core.reload(
                    config(world.model("good"), *models) if trouble != "label" else config(*models)
                )
            assert server.core.config == first
            assert server.version("old", "stable") == 1
            await server.poller.poll_once()
            await server.manager.wait_until(lambda: "AVAILABLE" not in server.states("good").values())
            assert server.manager.aspired("good") == server.manager.aspired("new") == ()
            assert server.version("old", "stable") == 1
            world.broken.clear()
            await server.core.reload(config(world.model("good"), world.model("new")))
            assert server.version("new") == 1

    asyncio.run(main())


def test_a_reload_that_takes_too_long_is_given_up(world):
    world.put("old/1", "new/1")
    gate = world.gates["new/1"] = threading.Event()

    async def main():
        async with running(world, config(world.model("old")), reload_timeout=0.05) as server:
            with pytest.raises(DeadlineExceededError, match=r"the new models \['new'\] must answer within 0.05 s"):
                await server.core.reload(config(world.model("old"), world.model("new")))
            gate.set()
            await server.manager.wait_until(lambda: server.states("new") == {1: "END"})
            assert server.version("old") == 1

    asyncio.run(main())


def test_labels_move_to_versions_that_the_same_reload_adds(world):
    world.put("m/1", "m/2")

    async def main():
        first = world.model("m", version_policy=Specific((1,)), labels={"stable": 1})
        second = world.model("m", version_policy=Specific((1, 2)), labels={"stable": 2, "old": 1})
        async with running(world, config(first)) as server:
            await server.core.reload(config(second))
            assert (server.version("m", "stable"), server.version("m", "old")) == (2, 1)
            await server.core.reload(config(world.model("m", version_policy=Specific((2,)), labels={"stable": 2})))
            with pytest.raises(InvalidArgumentError, match="Unrecognized servable version label: old"):
                server.version("m", "old")

    asyncio.run(main())


def test_with_the_flag_new_labels_may_point_anywhere_but_labels_in_use_may_not(world):
    world.put("m/1")
    policy = Specific((1, 2))

    def labelled(**labels):
        return config(world.model("m", version_policy=policy, labels=labels))

    async def main():
        options = {"allow_version_labels_for_unavailable_models": True}
        async with running(world, labelled(stable=1), **options) as server:
            await server.core.reload(labelled(stable=1, canary=2))
            await server.core.reload(labelled(canary=2))
            with pytest.raises(NotFoundError, match="Specific"):
                server.version("m", "canary")
            await server.core.reload(labelled(stable=1, canary=2))
            with pytest.raises(FailedPreconditionError, match="assign label to version 2 of model m"):
                await server.core.reload(labelled(stable=2, canary=2))
            assert server.version("m", "stable") == 1

    asyncio.run(main())


def test_another_base_path_brings_its_own_versions_under_the_same_numbers(world):
    world.put("first/1", "second/1")

    async def main():
        async with running(world, config(world.model("m", "first"))) as server:
            before = server.manager.servable_handle(ServableRequest.latest("m"))
            await server.core.reload(config(world.model("m", "second")))
            await server.poll_until(lambda: "second/1" in world.loads)

            def has_changed():
                assert server.version("m") == 1
                with server.manager.servable_handle(ServableRequest.latest("m")) as handle:
                    return handle.servable is not before.servable

            await server.manager.wait_until(has_changed)
            before.release()

    asyncio.run(main())


@pytest.mark.parametrize("folder", ["empty", "missing"])
def test_a_model_does_not_move_to_where_it_has_no_version(world, folder):
    world.put("m/1")
    (world.root / "empty").mkdir()

    async def main():
        async with running(world, config(world.model("m"))) as server:
            with pytest.raises(FailedPreconditionError, match=f"cannot move to where it has no version: .*{folder}"):
                await server.core.reload(config(world.model("m", folder)))
            assert server.core.config == config(world.model("m"))
            assert server.version("m") == 1

    asyncio.run(main())


def test_a_label_that_was_never_good_is_no_reason_to_refuse_other_changes(world):
    world.put("m/1", "n/1")
    dangling = world.model("m", labels={"canary": 7})

    async def main():
        async with running(world, config(dangling)) as server:
            await server.core.reload(config(dangling, world.model("n")))
            assert server.version("n") == 1
            with pytest.raises(FailedPreconditionError, match="assign label to version 8"):
                await server.core.reload(config(world.model("m", labels={"canary": 8})))

    asyncio.run(main())


def test_a_reload_goes_on_when_its_caller_gives_up(world):
    world.put("m/1", "new/1")
    gate = world.gates["new/1"] = threading.Event()

    async def main():
        async with running(world, config(world.model("m"))) as server:
            caller = asyncio.create_task(server.core.reload(config(world.model("new"))))
            await server.manager.wait_until(lambda: server.states("new") == {1: "LOADING"})
            caller.cancel()
            gate.set()
            await server.manager.wait_until(lambda: server.states("m") == {1: "END"})
            assert server.version("new") == 1

    asyncio.run(main())


def test_a_stop_ends_a_reload(world):
    world.put("m/1", "new/1")
    gate = world.gates["new/1"] = threading.Event()

    async def main():
        async with running(world, config(world.model("m"))) as server:
            caller = asyncio.create_task(server.core.reload(config(world.model("new"))))
            await server.manager.wait_until(lambda: server.states("new") == {1: "LOADING"})
            await server.core.stop()
            assert caller.cancelled() or await asyncio.wait_for(asyncio.gather(caller, return_exceptions=True), 5)
            gate.set()

    asyncio.run(main())


def test_no_request_fails_while_configurations_change_and_loads_fail(world):
    """Two hundred reloads: versions, labels, other models, broken ones; ``m`` answers all the time."""
    world.put("m/1", "m/2", "m/3", "x/1", "y/1", "bad/1")
    world.broken.add("bad/1")
    choices = [(1,), (2,), (1, 2), (2, 3), (3,), (1, 3)]

    async def main():
        first = config(world.model("m", version_policy=Specific((1,)), labels={"stable": 1}))
        async with running(world, first) as server:
            done, answered = False, 0

            async def ask():
                nonlocal answered
                while not done:
                    label = "stable" if answered % 2 else None
                    allowed = {v for v, state in server.states("m").items() if state == State.AVAILABLE.name}
                    assert server.version("m", label) in allowed
                    answered += 1
                    await asyncio.sleep(0)

            asking = asyncio.create_task(ask())
            for number in range(200):
                versions = choices[number % len(choices)]
                model = world.model("m", version_policy=Specific(versions), labels={"stable": versions[-1]})
                others = [world.model(name) for name in ("x", "y") if number % 3 or name == "y"]
                if number % 7 == 3:
                    with pytest.raises(UnknownError, match="bad due to error"):
                        await server.core.reload(config(model, world.model("bad")))
                else:
                    await server.core.reload(config(model, *others))
                assert not asking.done()
            done = True
            await asking
            assert answered > 200

    asyncio.run(main())


def test_thousands_of_models_start_and_change(world):
    """The directories are one: what is measured is the bookkeeping."""
    world.put("m/1")
    many = [world.model(f"m{number}", "m") for number in range(1000)]

    async def main():
        async with running(world, config(*many)) as server:
            assert server.errors == {}
            await server.core.reload(config(*many[500:]))
            assert len([m for m in server.core.models() if m.config is not None]) == 500

    asyncio.run(main())


def test_a_directory_that_vanishes_during_a_reload_is_only_told(world):
    world.put("m/1", "n/1")

    async def main():
        async with running(world, config(world.model("m"))) as server:
            shutil.rmtree(world.root / "m")
            await server.core.reload(config(world.model("m"), world.model("n")))
            assert (server.version("m"), server.version("n")) == (1, 1)

    asyncio.run(main())


def test_a_path_is_what_it_was_given_as(world):
    assert world.model("m").servable.base_path == Path(world.root / "m")


def test_between_the_two_steps_of_a_change_new_models_answer_and_nothing_has_changed(world):
    world.put("a/1", "a/2", "b/1")

    async def main():
        first = config(world.model("a", version_policy=Specific((1, 2)), labels={"stable": 1}))
        second = config(world.model("b"), world.model("a", version_policy=Specific((2,)), labels={"stable": 2}))
        async with running(world, first) as server:
            async with server.core.prepared(second):
                assert [server.version("b"), server.version("a", "stable")] == [1, 1]
                assert server.core.config == first
            assert server.version("a", "stable") == 2
            assert server.core.config == second

    asyncio.run(main())


def test_a_change_that_others_could_not_make_is_taken_back(world):
    world.put("a/1", "b/1")

    async def main():
        async with running(world, config(world.model("a"))) as server:
            with pytest.raises(ZeroDivisionError):
                async with server.core.prepared(config(world.model("b"))):
                    raise ZeroDivisionError
            assert server.version("a") == 1
            assert list(server.core.config.servables) == ["a"]
            await server.poll_until(lambda: server.states("b").get(1) != "AVAILABLE")
            await server.core.reload(config(world.model("b")))  # it holds nothing up
            assert server.version("b") == 1

    asyncio.run(main())
