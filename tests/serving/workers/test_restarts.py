"""When a worker that ended is replaced."""

import hypothesis.strategies as st
from hypothesis import given

from tenon.serving.workers import RestartPolicy


@given(st.integers(0, 10_000))
def test_delays_grow_and_are_bounded(deaths):
    policy = RestartPolicy(first_seconds=0.5, most_seconds=30.0)
    assert policy.delay(deaths) <= policy.delay(deaths + 1) <= 30.0


def test_one_death_is_no_reason_to_wait():
    assert RestartPolicy().delay(RestartPolicy().young_deaths(0, lived_seconds=0.1)) == 0.0


def test_a_long_life_ends_a_row_of_deaths():
    policy = RestartPolicy(young_seconds=60.0)
    deaths = 0
    for _ in range(5):
        deaths = policy.young_deaths(deaths, lived_seconds=1.0)
    assert deaths == 5
    assert policy.young_deaths(deaths, lived_seconds=61.0) == 1
