"""Requests, version swaps, changes of rules and rollbacks at once: no request fails or gets a version it must not."""

import asyncio
import random

import numpy as np

from tenon.base import Code
from tenon.serving import AspiredVersionsManager, ServableRequest
from tenon.serving.testing import FakeLoader
from tenon.serving.traffic import (
    Arm,
    Experiment,
    ModelRules,
    Rollback,
    RollbackRule,
    Router,
    ShadowRule,
    ShadowRunner,
    TrafficTable,
    WeightedVersion,
)

LATEST = ServableRequest.latest("m")
SWAPS = 200


def random_table(chance):
    versions = chance.sample(range(1, 9), 3)
    aliases = dict(zip(("champion", "canary", "other"), versions, strict=True))
    split = tuple(WeightedVersion(name, chance.choice([1, 10])) for name in aliases)
    arms = (Arm("a", "champion"), Arm("b", "canary"))
    return TrafficTable(
        {
            "m": ModelRules(
                aliases,
                split,
                (Experiment("e", arms, share=chance.choice([0.1, 1]), salt=str(chance.random())),),
                (ShadowRule("other", 0.5),),
                RollbackRule("canary", "champion", window_seconds=1, max_error_rate=0.5, max_latency_ratio=100),
            )
        }
    )


async def ask(manager, router, runner, answers):
    """Ask as an edge does: route, take a handle in the same turn, run, tell how it ended."""
    route = router.route(LATEST, str(random.random()), manager.available)
    rolled_back = {event.version for event in router.rollbacks}
    x = np.float32([1])
    with manager.servable_handle(route.request if route else LATEST) as handle:
        await asyncio.sleep(0)
        y = await handle.servable.run("serving_default", {"x": x})
        answers.append(route is None or route.request.version in {None, handle.id.version} - rolled_back)
    router.finished(route, Code.OK, 0.001)
    if route is not None:
        runner.submit(route, "serving_default", {"x": x}, y)


async def calm(manager, router, runner, answers, table):
    """Ask on after all changes: how many shadows were compared before is for the threads that load to say."""
    aliases = table.models["m"].aliases
    manager.set_aspired("m", dict.fromkeys(aliases.values(), FakeLoader))
    await manager.wait_until(lambda: set(manager.available("m")) == set(aliases.values()))
    for event in router.rollbacks:
        router.reset("m", event.version)
    router.replace(table)
    for _ in range(64):
        await ask(manager, router, runner, answers)


async def storm():
    chance = random.Random(5)
    manager, answers = AspiredVersionsManager(num_load_threads=4), []
    router, runner = Router(random_table(chance)), ShadowRunner(manager)
    manager.set_aspired("m", {1: FakeLoader, 2: FakeLoader})
    await manager.wait_until(lambda: bool(manager.available("m")))
    done = False

    async def client():
        while not done:
            await ask(manager, router, runner, answers)

    clients = [asyncio.create_task(client()) for _ in range(32)]
    for _ in range(SWAPS):
        router.replace(random_table(chance))
        manager.set_aspired("m", dict.fromkeys(chance.sample(range(1, 9), 3), FakeLoader))
        if chance.random() < 0.2:
            router.roll_back(Rollback("m", chance.randrange(1, 9), 0.0, "chance"))
        elif router.rollbacks and chance.random() < 0.3:
            event = chance.choice(router.rollbacks)
            router.reset("m", event.version)
        for _ in range(3):
            await asyncio.sleep(0)
    done = True
    await asyncio.gather(*clients)
    await calm(manager, router, runner, answers, random_table(chance))
    await runner.idle()
    await manager.shutdown()
    return answers, runner.status()["m"], router


def test_nothing_is_lost_while_everything_changes():
    answers, shadows, router = asyncio.run(storm())
    assert len(answers) > SWAPS
    assert all(answers)
    assert sum(found["agree"] for found in shadows.values()) > 0
    assert all(found["differ"] == 0 for found in shadows.values())
    assert len(router._windows) <= 4
