"""Whom requests ask, and what their parameters mean."""

import pytest

from tenon.base import InvalidArgumentError, UnimplementedError
from tenon.serving.answering import Call, Protocol
from tenon.serving.inference_protocol._requests import (
    check_input_parameters,
    check_output_parameters,
    read_parameters,
    servable_request,
)
from tenon.serving.servables import Priority, ServableRequest


def call(deadline=None, **headers):
    return Call(Protocol.REST, "infer", headers.get, 100.0, deadline)


@pytest.mark.parametrize(
    ("version", "request_"),
    [
        ("", ServableRequest("m")),
        ("3", ServableRequest("m", 3)),
        ("003", ServableRequest("m", 3)),
        ("0", ServableRequest("m", 0)),
        ("9223372036854775807", ServableRequest("m", 2**63 - 1)),
        ("stable", ServableRequest("m", None, "stable")),
        ("-1", ServableRequest("m", None, "-1")),
        ("٣", ServableRequest("m", None, "٣")),
    ],
)
def test_a_version_is_a_number_or_a_label(version, request_):
    assert servable_request("m", version) == request_


@pytest.mark.parametrize("version", ["9223372036854775808", "9" * 5000])
def test_a_version_above_int64_is_refused(version):
    with pytest.raises(InvalidArgumentError, match="model version: must be at most 9223372036854775807"):
        servable_request("m", version)


def test_a_model_has_a_name():
    with pytest.raises(InvalidArgumentError, match="model name: must not be empty"):
        servable_request("", "1")


@pytest.mark.parametrize(
    ("priority", "urgency"), [(0, Priority.LOW), (1, Priority.NORMAL), (2, Priority.LOW), (2**64 - 1, Priority.LOW)]
)
def test_a_priority_counts_before_the_header_unless_it_is_0(priority, urgency):
    asked = Call(Protocol.REST, "infer", {"x-tenon-priority": "low"}.get, 0.0)
    assert read_parameters(asked, {"priority": priority}) == ""
    assert asked.run_options().priority is urgency


@pytest.mark.parametrize(
    ("timeout", "deadline", "expected"),
    [
        (0, None, None),
        (0, 105.0, 105.0),
        (2_000_000, None, 102.0),
        (2_000_000, 105.0, 102.0),
        (9_000_000, 105.0, 105.0),
    ],
)
def test_a_timeout_in_microseconds_becomes_the_deadline_if_it_ends_before(timeout, deadline, expected):
    asked = call(deadline)
    read_parameters(asked, {"timeout": timeout})
    assert asked.run_options().deadline == expected


def test_the_signature_is_a_parameter_and_others_are_ignored():
    assert read_parameters(call(), {"signature_name": "s", "sequence_id": 5, "headers": "x", "mine": None}) == "s"


@pytest.mark.parametrize("name", ["priority", "timeout"])
@pytest.mark.parametrize("value", [-1, 2**64, True, 1.0, "1", None])
def test_numbers_are_integers_of_at_least_0(name, value):
    with pytest.raises(
        InvalidArgumentError, match=f"parameter '{name}': must be an integer in 0..18446744073709551615; received"
    ):
        read_parameters(call(), {name: value})


def test_a_signature_name_is_a_text():
    with pytest.raises(InvalidArgumentError, match="parameter 'signature_name': must be a text; received 1"):
        read_parameters(call(), {"signature_name": 1})


def test_what_is_not_served_is_refused_with_another_way():
    check_output_parameters("y", {"binary_data": True, "classification": 0})
    check_input_parameters("x", {"binary_data_size": 3})
    with pytest.raises(UnimplementedError, match=r"output 'y': the parameter 'classification' is not served\. Ask"):
        check_output_parameters("y", {"classification": 3})
    with pytest.raises(UnimplementedError, match="output 'y': shared memory is not served"):
        check_output_parameters("y", {"shared_memory_region": "r"})
    with pytest.raises(UnimplementedError, match="input 'x': shared memory is not served"):
        check_input_parameters("x", {"shared_memory_region": "r"})
