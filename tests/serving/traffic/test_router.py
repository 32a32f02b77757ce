"""The router sends requests where the rules say, counts, and changes its rules between two requests."""

import json
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import Code, NotFoundError, UnavailableError
from tenon.serving import ServableRequest
from tenon.serving.traffic import (
    Arm,
    Experiment,
    ModelRules,
    Rollback,
    RollbackRule,
    Router,
    ShadowRule,
    TrafficTable,
    WeightedVersion,
)
from tests.serving.traffic.strategies import CRITICAL, chi_square

ALIASES = {"champion": 3, "canary": 4}
SPLIT = (WeightedVersion("champion", 80), WeightedVersion("canary", 20))
COLORS = Experiment("colors", (Arm("blue", 3), Arm("red", 4)))
KEYS = [f"user-{number}" for number in range(2000)]
LATEST = ServableRequest.latest("m")


def router_of(*parts, **rules):
    return Router(TrafficTable({"m": ModelRules(ALIASES, *parts, **rules)}), uniform=random.Random(7).random)


def versions(router, keys=KEYS, available=(3, 4)):
    return {key: router.route(LATEST, key, lambda _: available).request.version for key in keys}


def split_counts(router):
    return {part["name"]: (part["routed"], part["diverted"]) for part in router.status()["models"]["m"]["split"]}


def no_look(name):
    raise AssertionError(f"the versions of {name} do not matter")


@pytest.mark.parametrize(
    "request_",
    [
        ServableRequest.latest("other"),
        ServableRequest.specific("m", 9),
        ServableRequest("m", label="stable"),
        ServableRequest("other", label="champion"),
    ],
)
def test_what_no_rule_speaks_of_is_left_alone(request_):
    assert router_of(SPLIT).route(request_, "key", no_look) is None


def test_aliases_alone_decide_nothing_for_others():
    assert router_of().route(LATEST, "key", no_look) is None


def test_an_alias_stands_for_its_version_available_or_not():
    route = router_of().route(ServableRequest("m", label="canary"), None, no_look)
    assert route.request == ServableRequest.specific("m", 4)
    assert route.metadata == ()


def test_aliases_can_be_merged_with_labels():
    assert dict(router_of().aliases("m")) == ALIASES
    assert dict(router_of().aliases("other")) == {}


@pytest.mark.parametrize("has_key", [True, False])
def test_requests_are_split_by_weight(has_key):
    router = router_of(SPLIT)
    keys = KEYS if has_key else [None] * 2000
    counts = Counter(router.route(LATEST, key, lambda _: {3, 4}).request.version for key in keys)
    assert chi_square([counts[3], counts[4]], [1600, 400]) < CRITICAL[1]
    assert split_counts(router) == {"champion": (counts[3], 0), "canary": (counts[4], 0)}


def test_a_key_keeps_its_version_in_every_router():
    assert versions(router_of(SPLIT)) == versions(router_of(SPLIT[::-1], shadows=(ShadowRule(4, 0.5),)))


def test_a_key_keeps_its_alias_when_the_alias_moves_on():
    router = router_of(SPLIT)
    before = versions(router)
    router.replace(TrafficTable({"m": ModelRules({"champion": 3, "canary": 5}, SPLIT)}))
    after = versions(router, available=(3, 5))
    assert after == {key: 5 if version == 4 else 3 for key, version in before.items()}


def test_a_weight_of_0_gets_nothing():
    assert set(versions(router_of((WeightedVersion(3, 1), WeightedVersion(4, 0)))).values()) == {3}


def test_what_is_not_available_leaves_its_requests_to_the_others_by_weight_and_moves_nobody_else():
    parts = (*SPLIT, WeightedVersion(7, 50), WeightedVersion(8, 50))
    whole, router = router_of(parts), router_of(parts)
    before, after = versions(whole, available=(3, 4, 7, 8)), versions(router, available=(3, 4, 7))
    assert {key for key in KEYS if before[key] != after[key]} == {key for key in KEYS if before[key] == 8}
    counts = Counter(after.values())
    assert chi_square([counts[v] for v in (3, 4, 7)], [2000 * w / 150 for w in (80, 20, 50)]) < CRITICAL[2]
    assert split_counts(router)["8"] == (0, Counter(before.values())[8])


def test_where_nothing_of_a_split_is_available_the_latest_answers():
    router = router_of(SPLIT)
    assert router.route(LATEST, "key", lambda _: {9}).request == LATEST
    assert router.status()["models"]["m"]["latest"] == 1


def test_while_a_server_starts_nobody_takes_the_place_of_what_a_split_names():
    router = router_of(SPLIT)
    router.is_starting = True
    with pytest.raises(UnavailableError, match=r"^model 'm': .* its split names, \[3, 4\], none is loaded yet"):
        router.route(LATEST, "key", lambda _: {9})
    assert router.route(LATEST, "key", lambda _: {4, 9}).request.version == 4
    assert router.status()["models"]["m"]["latest"] == 0


def test_an_experiment_tells_its_arm_and_keeps_it():
    router = router_of(experiments=(COLORS,))
    for key in KEYS[:50]:
        first, second = (router.route(LATEST, key, lambda _: {3, 4}) for _ in range(2))
        assert first == second
        assert first.metadata == (("x-tenon-experiment", f"colors={first.arm}"),)
        assert {"blue": 3, "red": 4}[first.arm] == first.request.version


def test_who_takes_part_in_no_experiment_is_split():
    half = Experiment("colors", (Arm("blue", 5), Arm("red", 6)), share=0.5)
    routes = [router_of(SPLIT, (half,)).route(LATEST, key, lambda _: {3, 4, 5, 6}) for key in KEYS]
    counts = Counter((route.experiment, route.request.version) for route in routes)
    expected = {("colors", 5): 500, ("colors", 6): 500, (None, 3): 800, (None, 4): 200}
    assert chi_square([counts[kind] for kind in expected], expected.values()) < CRITICAL[3]


def test_experiments_of_one_model_share_no_key_and_a_later_one_disturbs_no_earlier_one():
    first = Experiment("first", COLORS.arms, share=0.3)
    second = Experiment("second", COLORS.arms, share=0.5)
    alone, both = router_of(experiments=(first,)), router_of(experiments=(first, second))
    counts: Counter[str | None] = Counter()
    for key in KEYS:
        one, two = (router.route(LATEST, key, lambda _: {3, 4}) for router in (alone, both))
        counts[two and two.experiment] += 1
        assert one.experiment is None or one.arm == two.arm
    expected = {"first": 600, "second": 700, None: 700}
    assert chi_square([counts[name] for name in expected], expected.values()) < CRITICAL[2]


@pytest.mark.parametrize(("salt", "is_equal"), [("same", True), ("", False)])
def test_experiments_of_two_models_are_independent_unless_they_share_a_salt(salt, is_equal):
    rules = ModelRules(experiments=(Experiment("colors", COLORS.arms, salt=salt),))
    router = Router(TrafficTable({"m": rules, "n": rules}))
    arms = [[router.route(ServableRequest(name), key, lambda _: {3, 4}).arm for name in "mn"] for key in KEYS]
    if is_equal:
        assert all(one == other for one, other in arms)
    else:
        assert chi_square(Counter(map(tuple, arms)).values(), [500] * 4) < CRITICAL[3]


def test_an_arm_that_is_not_available_leaves_its_keys_to_the_split_not_to_the_other_arm():
    whole, router = router_of(SPLIT, (COLORS,)), router_of(SPLIT, (COLORS,))
    for key in KEYS[:200]:
        usual, now = whole.route(LATEST, key, lambda _: {3, 4}), router.route(LATEST, key, lambda _: {3})
        assert (now.experiment, now.arm) == (("colors", "blue") if usual.arm == "blue" else (None, None))
        assert now.request.version == 3
    arms = {arm["name"]: arm for arm in router.status()["models"]["m"]["experiments"][0]["arms"]}
    assert arms["red"]["diverted"] > 50
    assert arms["red"]["routed"] == 0


def test_a_sample_is_shadowed_but_never_by_the_version_that_answers():
    router = router_of(SPLIT, shadows=(ShadowRule("canary", 0.25), ShadowRule(9)))
    routes = [router.route(LATEST, key, lambda _: {3, 4}) for key in KEYS]
    shadowed = [route for route in routes if route.shadows]
    assert {route.request.version for route in shadowed} == {3}
    assert {shadow.request.version for route in shadowed for shadow in route.shadows} == {4}
    champions = sum(route.request.version == 3 for route in routes)
    assert len(shadowed) == pytest.approx(champions / 4, rel=0.2)
    shadows = router.status()["models"]["m"]["shadows"]
    assert (shadows[0]["version"], shadows[0]["routed"]) == (4, len(shadowed))
    assert (shadows[1]["version"], shadows[1]["routed"], shadows[1]["diverted"]) == (9, 0, 2000)


def test_a_model_may_have_shadows_only():
    route = router_of(shadows=(ShadowRule(4, relative_tolerance=0.5),)).route(LATEST, None, lambda _: {4, 5})
    assert route.request == LATEST
    assert [(s.request.version, s.relative_tolerance) for s in route.shadows] == [(4, 0.5)]


def test_counts_go_on_when_the_rules_change_and_end_with_them():
    router = router_of(SPLIT)
    versions(router)
    router.replace(TrafficTable({"m": ModelRules(ALIASES, (*SPLIT, WeightedVersion(9, 1)))}))
    assert sum(routed for routed, _ in split_counts(router).values()) == 2000
    router.replace(TrafficTable())
    assert router.status()["models"] == {}
    assert router.route(LATEST, "key", no_look) is None


def test_counts_of_a_canary_go_on_through_its_rollback():
    router = router_of(SPLIT, (COLORS,), rollback=RollbackRule("canary", "champion", max_error_rate=0.1))
    versions(router)
    router.replace(router.table.replaced("m", ModelRules(ALIASES, SPLIT, rollback=router.table.models["m"].rollback)))
    versions(router)
    before = split_counts(router)
    router.roll_back(event())
    assert split_counts(router) == before
    versions(router)
    assert split_counts(router) == {"champion": (before["champion"][0] + 2000, 0), "canary": before["canary"]}


def test_a_table_is_in_force_as_a_whole():
    router = router_of(SPLIT)
    table = TrafficTable({"m": ModelRules({"champion": 8}, (WeightedVersion("champion", 1),))}, "x-user")
    router.replace(table)
    assert router.table is table
    assert set(versions(router, available=(8,)).values()) == {8}
    assert router.status()["routing_key_header"] == "x-user"


def event(version=4):
    return Rollback("m", version, 5.0, "asked for")


def test_a_version_rolled_back_gets_nothing_whatever_rules_come():
    router = router_of(SPLIT, (Experiment("colors", COLORS.arms, share=0.5),))
    router.roll_back(event())
    router.roll_back(Rollback("m", 4, 9.0, "again"))
    assert set(versions(router).values()) == {3}
    router.replace(TrafficTable({"m": ModelRules(ALIASES, SPLIT)}))
    assert set(versions(router).values()) == {3}
    router.replace(TrafficTable())
    router.replace(TrafficTable({"m": ModelRules({**ALIASES, "beta": 4}, (*SPLIT, WeightedVersion("beta", 9)))}))
    assert set(versions(router).values()) == {3}
    assert router.rollbacks == (event(),)


def test_a_reset_makes_everything_as_it_was_before():
    router = router_of(SPLIT, (Experiment("colors", COLORS.arms, share=0.5),))
    before = versions(router)
    router.roll_back(event())
    assert router.reset("m", 4) == event()
    assert versions(router) == before
    assert router.rollbacks == ()
    assert [entry["reason"] for entry in router.status()["history"]] == ["asked for"]


def test_a_reset_of_one_version_leaves_the_others_rolled_back():
    router = router_of(SPLIT)
    router.roll_back(event(3))
    router.roll_back(event(4))
    router.reset("m", 3)
    assert router.rollbacks == (event(4),)
    assert set(versions(router).values()) == {3}


def test_the_next_canary_is_not_held_to_account_for_the_one_before():
    router = router_of(SPLIT)
    router.roll_back(event())
    router.replace(TrafficTable({"m": ModelRules({"champion": 3, "canary": 5}, SPLIT)}))
    assert set(versions(router, available=(3, 5)).values()) == {3, 5}


def test_one_can_ask_by_name_for_a_version_that_is_rolled_back():
    router = router_of(SPLIT)
    router.roll_back(event())
    assert router.route(ServableRequest("m", label="canary"), None, no_look).request.version == 4


@pytest.mark.parametrize("split", [(), (WeightedVersion("champion", 0), WeightedVersion("canary", 1))])
def test_the_champion_takes_over_where_nothing_else_has_weight(split):
    rule = RollbackRule("canary", "champion", max_error_rate=0.1)
    router = router_of(split, (COLORS,), rollback=rule)
    router.roll_back(event())
    assert set(versions(router).values()) == {3}


def test_a_champion_that_is_rolled_back_too_takes_nothing_over():
    router = router_of(SPLIT, rollback=RollbackRule("canary", "champion", max_error_rate=0.1))
    router.roll_back(event(4))
    router.roll_back(event(3))
    assert router.route(LATEST, "key", lambda _: {3, 4}).request == LATEST
    assert router.status()["models"]["m"]["latest"] == 1


def test_what_is_not_rolled_back_cannot_be_reset():
    router = router_of(SPLIT)
    router.roll_back(event())
    with pytest.raises(NotFoundError, match=r"^model 'm': version 3 is not rolled back; these are: \['m 4'\]"):
        router.reset("m", 3)
    with pytest.raises(NotFoundError, match=r"^model 'n'"):
        router.reset("n", 4)


def test_the_status_is_json():
    router = router_of(SPLIT, (COLORS,), (ShadowRule(4),), RollbackRule("canary", "champion", max_error_rate=0.1))
    versions(router)
    router.roll_back(event())
    status = json.loads(json.dumps(router.status(), allow_nan=False))
    split = status["models"]["m"]["split"]
    assert [(part["name"], part["version"], part["share"]) for part in split] == [
        ("champion", 3, 1.0),
        ("canary", 4, 0.0),
    ]
    assert [part["rolled_back"] for part in split] == [False, True]
    assert status["rollbacks"][0]["reason"] == "asked for"


def test_thousands_of_models_and_keys_leave_nothing_behind():
    rule = RollbackRule("canary", "champion", max_error_rate=0.1)
    router = Router()
    for turn in range(20):
        names = [f"m{turn}-{number}" for number in range(50)]
        router.replace(TrafficTable({name: ModelRules(ALIASES, SPLIT, rollback=rule) for name in names}))
        for name in names:
            route = router.route(ServableRequest(name), f"{turn} {name}", lambda _: {3, 4})
            router.finished(route, Code.OK, 0.001)
    assert len(router._models) == 50
    assert len(router._windows) == 100


@given(st.data())
def test_every_route_leads_to_a_version_that_is_available_and_has_weight(data):
    weights = data.draw(st.dictionaries(st.integers(1, 6), st.sampled_from([0, 1, 5]), min_size=1))
    if not any(weights.values()):
        weights[1] = 1
    available = data.draw(st.sets(st.integers(1, 6)))
    router = Router(TrafficTable({"m": ModelRules(split=tuple(WeightedVersion(v, w) for v, w in weights.items()))}))
    key = data.draw(st.none() | st.text() | st.binary())
    version = router.route(LATEST, key, lambda _: available).request.version
    possible = {v for v, w in weights.items() if w} & available
    assert version in possible if possible else version is None
