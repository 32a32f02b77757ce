"""Paths of the admin API."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError, NotFoundError, TenonError
from tenon.serving.console._routes import ROUTES, MethodNotAllowedError, action_of, find_route, parse_version
from tenon.serving.security import Action

NAMES = st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), min_size=1)


@given(st.sampled_from(ROUTES), NAMES, st.integers(0, 2**63 - 1))
def test_a_template_that_is_filled_in_finds_its_route(route, model, version):
    found, parameters = find_route(route.method, route.template.format(model=model, version=version))
    assert found is route
    assert parameters == {
        name: value for name, value in (("model", model), ("version", version)) if f"{{{name}}}" in route.template
    }


@given(st.sampled_from(["GET", "PUT", "POST", "DELETE", "TRACE"]), st.text())
def test_any_other_line_is_refused(method, path):
    with pytest.raises(TenonError, match=re.escape("openapi.json") + "|takes"):
        find_route(method, "/api/" + path)


def test_a_verb_that_a_path_does_not_take_is_told_with_those_that_it_does():
    with pytest.raises(MethodNotAllowedError, match="takes PUT and DELETE; received 'GET'") as caught:
        find_route("GET", "/api/traffic/models/m")
    assert caught.value.allowed == ("PUT", "DELETE")
    with pytest.raises(NotFoundError, match="there is nothing at '/api/traffic/models/'"):
        find_route("PUT", "/api/traffic/models/")


def test_metrics_take_a_right_of_their_own():
    assert action_of("/metrics") is Action.METRICS
    assert {action_of(path) for path in ("/api/metrics.json", "/metrics/", "/nothing", "")} == {Action.ADMIN}


def test_versions_are_whole_numbers_of_63_bits():
    assert parse_version("007") == 7
    assert parse_version("0" * 5000) == 0
    assert parse_version(str(2**63 - 1)) == 2**63 - 1
    for wrong in (str(2**63), "9" * 5000, "-1", "1.0", "", "٣", "1_0", " 1"):
        with pytest.raises(InvalidArgumentError, match="version: must be a whole number"):
            parse_version(wrong)


def test_what_changes_something_says_what_is_told_after_it():
    assert {route.name for route in ROUTES if route.changes and not route.tells} == {"try_request"}


def test_a_name_may_hold_what_separates_names():
    _, parameters = find_route("PUT", "/api/traffic/models/team%2Fdigits%3A%25")
    assert parameters == {"model": "team/digits:%"}
