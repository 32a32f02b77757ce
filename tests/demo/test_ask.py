import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tenon.base import InternalError, UnavailableError
from tenon.demo._ask import (
    TOLERANCE,
    Answer,
    ask_grpc,
    ask_rest,
    check_agreement,
    largest_difference,
    request_body,
    same_classes,
)
from tenon.demo._server import Endpoint

FLOATS = st.floats(width=32, allow_infinity=False)


@given(hnp.arrays(np.float32, hnp.array_shapes(min_dims=1, max_dims=3, max_side=4), elements=FLOATS))
def test_a_body_holds_every_float32_exactly(values: np.ndarray) -> None:
    rows = json.loads(request_body({"x": values, "y": values}))["instances"]
    assert len(rows) == len(values)
    for row, value in zip(rows, values, strict=True):
        np.testing.assert_array_equal(np.asarray(row["x"], np.float32), value)
        assert row.keys() == {"x", "y"}


def test_a_body_is_as_short_as_the_numbers_allow() -> None:
    assert request_body({"fare": np.array([12.45, math.nan], np.float32)}) == (
        b'{"instances": [{"fare": 12.45}, {"fare": NaN}]}'
    )


@pytest.mark.parametrize("ask", [ask_rest, ask_grpc])
def test_a_real_server_answers_every_row_in_order(ask: object, endpoint: Endpoint) -> None:
    x = np.arange(200, dtype=np.float32)
    outputs = ask(endpoint, {"x": x, "y": -x})
    np.testing.assert_array_equal(outputs, np.stack([2 * x, -x], axis=1))


@pytest.mark.parametrize("ask", [ask_rest, ask_grpc])
def test_what_a_server_refuses_is_told(ask: object, endpoint: Endpoint) -> None:
    with pytest.raises(UnavailableError, match=r"(?s)127\.0\.0\.1.*(keys must be equal|not match signature)"):
        ask(endpoint, {"z": np.zeros(2, np.float32)})


@pytest.mark.parametrize("ask", [ask_rest, ask_grpc])
def test_a_server_that_is_not_there_is_told(ask: object) -> None:
    with pytest.raises(UnavailableError, match=r"127\.0\.0\.1:1/"):
        ask(Endpoint("none", 1, 1), {"x": np.zeros(1, np.float32)})


@pytest.mark.parametrize(
    ("expected", "received", "difference"),
    [
        ([1.0], [1.0], 0.0),
        ([0.5], [0.25], 0.25),
        ([100.0], [50.0], 0.5),
        ([], [], 0.0),
        ([1.0, 2.0], [1.0], math.inf),
        ([math.nan], [math.nan], math.inf),
        ([1.0], [math.inf], math.inf),
    ],
)
def test_differences_are_relative_to_what_is_large(
    expected: list[float], received: list[float], difference: float
) -> None:
    assert largest_difference(np.array(expected), np.array(received)) == difference


def test_classes_are_the_same_unless_another_one_is_likelier() -> None:
    expected = np.array([[0.6, 0.4], [0.5, 0.5]])
    assert same_classes(expected, np.array([[0.7, 0.3], [0.49, 0.51]]))
    assert not same_classes(expected, np.array([[0.4, 0.6], [0.5, 0.5]]))


def test_answers_that_differ_are_an_error_that_says_how_far() -> None:
    here = Answer("Keras", np.array([[0.1, 0.9]]))
    assert check_agreement(here, Answer("REST", here.outputs + TOLERANCE / 2), classes=True) < TOLERANCE
    with pytest.raises(InternalError, match=r"REST and Keras must agree to 1e-05 .* differ by 0\.1"):
        check_agreement(here, Answer("REST", here.outputs + 0.1), classes=True)
