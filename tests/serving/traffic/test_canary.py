"""Simulated days of traffic: a bad canary loses its weight soon, a good one never."""

import random

import pytest

from tenon.base import Code
from tenon.serving import ServableRequest
from tenon.serving.traffic import ModelRules, RollbackRule, Router, TrafficTable, WeightedVersion

LATEST = ServableRequest.latest("m")
SPLIT = (WeightedVersion("champion", 90), WeightedVersion("canary", 10))
ALIASES = {"champion": 1, "canary": 2}
RULE = RollbackRule(
    "canary",
    "champion",
    window_seconds=60,
    max_error_rate=0.05,
    max_error_rate_increase=0.02,
    max_latency_seconds=0.5,
    max_latency_ratio=2,
)


class World:
    """A router, its clock, and versions that fail and dawdle as they are told."""

    def __init__(self, rule=RULE, split=SPLIT):
        self.now = 1000.0
        self.events = []
        self.chance = random.Random(11)
        self.rule = rule
        self.split = split
        self.router = Router(self.table(), self.events.append, lambda: self.now, self.chance.random)

    def table(self, canary=2):
        return TrafficTable({"m": ModelRules({**ALIASES, "canary": canary}, self.split, rollback=self.rule)})

    def ask(self, count, error_rates, slowness=lambda version: 1.0, code=Code.INTERNAL, per_second=50):
        """Send requests, and return how many of them the canary got."""
        canaries = 0
        for _ in range(count):
            self.now += 1 / per_second
            route = self.router.route(LATEST, None, lambda _: {1, 2, 3})
            version = route.request.version
            canaries += version == 2
            failed = self.chance.random() < error_rates.get(version, 0)
            seconds = 0.01 * self.chance.lognormvariate(0, 0.3) * slowness(version)
            self.router.finished(route, code if failed else Code.OK, seconds)
        return canaries


@pytest.fixture
def world():
    return World()


def test_a_canary_that_fails_is_rolled_back_soon_and_for_good(world):
    answered_by_canary = world.ask(10_000, {1: 0.001, 2: 0.3})
    (event,) = world.events
    assert (event.model, event.version, event.breach.criterion) == ("m", 2, "max_error_rate")
    assert event.breach.measured > 0.1
    assert event.breach.requests >= 50
    assert answered_by_canary < 150
    assert world.ask(1000, {}) == 0
    assert world.router.rollbacks == (event,)
    world.router.replace(world.table())
    assert world.ask(1000, {}) == 0


def test_a_good_canary_keeps_its_weight_for_hours(world):
    canaries = world.ask(30_000, {1: 0.01, 2: 0.01}, per_second=5)
    assert world.events == []
    assert canaries == pytest.approx(3000, rel=0.1)


def test_a_trouble_of_both_is_no_fault_of_the_canary():
    world = World(RollbackRule("canary", "champion", max_error_rate_increase=0.02, max_latency_ratio=2))
    world.ask(20_000, {1: 0.2, 2: 0.2}, slowness=lambda version: 30.0)
    assert world.events == []


def test_a_slow_canary_is_rolled_back(world):
    world.ask(10_000, {}, slowness=lambda version: 4.0 if version == 2 else 1.0)
    assert [event.breach.criterion for event in world.events] == ["max_latency_ratio"]


def test_a_canary_that_never_answers_is_slow_even_where_only_latency_is_bounded():
    world = World(RollbackRule("canary", max_latency_seconds=0.5))
    world.ask(10_000, {2: 1.0}, slowness=lambda version: 1000.0 if version == 2 else 1.0, code=Code.DEADLINE_EXCEEDED)
    assert [event.breach.criterion for event in world.events] == ["max_latency_seconds"]


def test_mistakes_of_clients_are_not_the_canarys(world):
    world.ask(10_000, {2: 0.5}, code=Code.INVALID_ARGUMENT)
    assert world.events == []


def test_an_error_of_two_requests_says_nothing(world):
    world.ask(15, {2: 0.5})
    assert world.events == []


def test_errors_that_lie_far_back_are_forgotten(world):
    world.rule = RollbackRule("canary", max_error_rate=0.05, minimum_requests=1000)
    world.router.replace(world.table())
    world.ask(3000, {2: 1.0})  # 300 of the canary: too few to judge
    world.now += 61
    world.ask(30_000, {}, per_second=200)
    assert world.events == []


def test_after_a_reset_the_canary_is_judged_anew(world):
    while not world.events:
        world.ask(1, {2: 0.5})
    world.router.reset("m", 2)
    assert world.ask(5000, {}) > 300
    assert len(world.events) == 1
    world.ask(5000, {2: 0.5})
    assert len(world.events) == 2


def test_the_next_canary_starts_afresh_and_is_watched(world):
    world.ask(10_000, {2: 0.5})
    world.router.replace(world.table(canary=3))
    world.ask(5000, {3: 0.5})
    assert [event.version for event in world.events] == [2, 3]


def test_a_canary_that_became_the_champion_is_not_watched(world):
    world.router.replace(TrafficTable({"m": ModelRules({"champion": 2, "canary": 2}, SPLIT, rollback=RULE)}))
    assert world.ask(5000, {2: 1.0}) == 5000
    assert world.events == []


def test_requests_in_flight_over_a_change_of_rules_are_counted_and_harm_nothing(world):
    route = world.router.route(LATEST, None, lambda _: {1})
    world.router.replace(TrafficTable())
    world.router.finished(route, Code.INTERNAL, 0.1)
    world.router.finished(None, Code.OK, 0.1)
    assert world.router.status()["models"] == {}


def test_the_windows_outlive_a_change_of_weights(world):
    world.ask(2000, {2: 0.02})
    before = world.router.status()["models"]["m"]["watch"]["canary"]
    world.split = (WeightedVersion("champion", 50), WeightedVersion("canary", 50))
    world.router.replace(world.table())
    assert world.router.status()["models"]["m"]["watch"]["canary"] == before
    assert before["requests"] > 100
    assert 0.005 < before["latency_seconds"] < 0.1


def test_requests_that_name_their_version_are_no_sample(world):
    for _ in range(200):
        world.now += 0.1
        route = world.router.route(ServableRequest("m", label="canary"), None, lambda _: {1, 2})
        world.router.finished(route, Code.INTERNAL, 0.1)
    assert world.events == []
