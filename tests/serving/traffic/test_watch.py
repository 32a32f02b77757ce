"""A watch counts by code and looks once a second."""

import pytest

from tenon.base import Code
from tenon.serving.traffic import RollbackRule
from tenon.serving.traffic._watch import Watch
from tenon.serving.traffic._windows import SlidingWindow


def watch_of(**bounds):
    rule = RollbackRule("canary", "champion", **bounds)
    return Watch(rule, 2, 1, {version: SlidingWindow(60) for version in (1, 2)})


def fill(watch, code, count=100, seconds=0.01, version=2):
    for _ in range(count):
        watch.lanes[version].add(5.0, code, seconds)


@pytest.mark.parametrize("code", Code)
def test_a_code_is_an_error_if_the_server_is_to_blame_and_has_a_latency_if_it_was_waited_for(code):
    watch = watch_of(max_error_rate=0.1)
    fill(watch, code, 1)
    canary = watch.status(5.0)["canary"]
    to_blame = {"UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"}
    assert canary["errors"] == (code.name in to_blame)
    assert (canary["latency_seconds"] is not None) == (code.name in {"OK", "DEADLINE_EXCEEDED"})


def test_which_codes_are_errors_can_be_said():
    watch = watch_of(max_error_rate=0.1, error_codes=("INVALID_ARGUMENT",))
    fill(watch, Code.INTERNAL)
    assert watch.look(5.0) is None
    fill(watch, Code.INVALID_ARGUMENT)
    assert watch.look(6.0).measured == 0.5


def test_it_looks_once_a_second():
    watch = watch_of(max_error_rate=0.1)
    assert watch.look(5.0) is None
    fill(watch, Code.INTERNAL)
    assert watch.look(5.9) is None
    assert watch.look(6.0).criterion == "max_error_rate"


def test_both_versions_are_told():
    watch = watch_of(max_error_rate=0.1)
    fill(watch, Code.OK, 10, version=1)
    status = watch.status(5.0)
    assert (status["champion"]["version"], status["champion"]["requests"]) == (1, 10)
    assert status["canary"] == {
        "version": 2,
        "requests": 0,
        "errors": 0,
        "error_rate": 0.0,
        "latency_seconds": None,
    }
