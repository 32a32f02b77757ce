"""Reports of several workers become one."""

import pytest

from tenon.base import Code
from tenon.serving import ServableRequest
from tenon.serving.traffic import Router, read_traffic_table
from tenon.serving.workers._merging import merge_models, merge_shadows, merge_traffic_status


def version(number, state, error=None, engines=None):
    return {"version": number, "state": state, "error": error, "since": 1.0, "engines": engines or {}}


def model(*versions):
    return {"name": "m", "labels": {"stable": 1}, "versions": list(versions)}


@pytest.mark.parametrize(
    ("states", "merged"),
    [
        (("AVAILABLE", "AVAILABLE"), "AVAILABLE"),
        (("AVAILABLE", "LOADING"), "LOADING"),
        (("LOADING", "START"), "START"),
        (("AVAILABLE", "END"), "END"),
    ],
)
def test_a_version_is_where_the_last_worker_is(states, merged):
    report = merge_models([[model(version(1, state))] for state in states])
    assert [each["state"] for each in report[0]["versions"]] == [merged]


def test_an_error_of_one_worker_is_told_and_versions_are_newest_first():
    error = {"code": "INTERNAL", "message": "no memory"}
    report = merge_models(
        [
            [model(version(1, "AVAILABLE", engines={"s": "xla"}))],
            [model(version(1, "END", error), version(2, "AVAILABLE"))],
        ]
    )
    assert [each["version"] for each in report[0]["versions"]] == [2, 1]
    assert report[0]["versions"][1] == {**version(1, "END", error), "engines": {"s": "xla"}}


def test_counts_of_traffic_are_added_and_rules_are_not():
    rules = """{"models": {"m": {"aliases": {"errors": 1, "latest": 2},
                "split": [{"version": "errors", "weight": 3}, {"version": 2, "weight": 1}],
                "rollback": {"canary": "errors", "max_error_rate": 0.5}}}}"""
    statuses = []
    for requests in (4, 6):
        router = Router(read_traffic_table(rules.encode()), uniform=lambda: 0.0)
        for _ in range(requests):
            router.finished(router.route(ServableRequest.latest("m"), None, lambda _: {1, 2}), Code.OK, 0.01)
        statuses.append(router.status())
    merged = merge_traffic_status(statuses)["models"]["m"]
    assert merged["aliases"] == {"errors": 1, "latest": 2}
    assert [(part["version"], part["weight"], part["routed"]) for part in merged["split"]] == [(1, 3, 10), (2, 1, 0)]
    assert merged["watch"]["canary"]["requests"] == 10
    assert merged["watch"]["canary"]["version"] == 1


def test_a_rollback_that_all_tell_is_one():
    event = {"model": "m", "version": 2, "time": 5.0, "reason": "slow", "breach": None}
    status = {"routing_key_header": "x", "models": {}, "rollbacks": [event], "history": [event]}
    assert merge_traffic_status([status, status])["rollbacks"] == [event]


def test_findings_of_shadows_are_added():
    one = {"m": {"2": {"agree": 3, "differ": 1, "error": 0, "dropped": 0, "recent": ["a"]}}}
    other = {"m": {"2": {"agree": 1, "differ": 0, "error": 2, "dropped": 0, "recent": ["b"]}}, "n": {}}
    merged = merge_shadows([one, other])
    assert merged["m"]["2"] == {"agree": 4, "differ": 1, "error": 2, "dropped": 0, "recent": ["a", "b"]}
    assert merge_shadows([]) == {}
