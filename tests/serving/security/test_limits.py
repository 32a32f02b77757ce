"""Token buckets, concurrency and what of them is remembered."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError, ResourceExhaustedError
from tenon.serving.security import Identity, Limit, LimitOverride, Limits
from tenon.serving.security._identity import EVERYTHING
from tenon.serving.security._limits import MAX_METERS, Limiter, leave, max_request_bytes
from tests.serving.security.credentials import Clock

RATES, BURSTS = st.floats(0.01, 1000), st.floats(1, 50)


def client(name="alice", realm="r"):
    return Identity(name, "", EVERYTHING, realm)


def limiter(clock=None, **limits):
    return Limiter(Limits(**limits), clock or Clock())


def wait_of(limits):
    """Ask once; return None where the request was let in, else when to ask again."""
    try:
        leave(limits.enter(client(), "m"))
    except ResourceExhaustedError as error:
        return error.retry_after
    return None


@given(RATES, BURSTS, st.lists(st.floats(0, 5), max_size=60))
def test_a_bucket_gives_what_its_definition_says(rate, burst, pauses):
    """Compared with the bucket of the textbooks: so many tokens, filled at the rate, one for each request."""
    clock = Clock()
    limits = limiter(clock, client=Limit(requests_per_second=rate, burst=burst))
    tokens, before = burst, clock.now
    for pause in pauses:
        clock.now += pause
        tokens, before = min(burst, tokens + (clock.now - before) * rate), clock.now
        wait = wait_of(limits)
        if wait is None:
            assert tokens >= 1 - 1e-6
            tokens -= 1
        else:
            assert tokens < 1 + 1e-6
            assert wait == pytest.approx((1 - tokens) / rate, rel=1e-3, abs=1e-6)


@given(RATES, BURSTS, st.integers(1, 200))
def test_no_window_has_more_requests_than_burst_and_rate_allow(rate, burst, steps):
    clock = Clock()
    limits = limiter(clock, client=Limit(requests_per_second=rate, burst=burst))
    begin, admitted = clock.now, 0
    for step in range(steps):
        clock.now += (step % 3) * 0.3 / rate
        admitted += wait_of(limits) is None
    assert admitted <= burst + (clock.now - begin) * rate + 1e-3


@settings(max_examples=30)
@given(RATES, BURSTS)
def test_after_the_time_told_the_request_succeeds(rate, burst):
    clock = Clock()
    limits = limiter(clock, client=Limit(requests_per_second=rate, burst=burst))
    wait = next(wait for wait in iter(lambda: wait_of(limits), 0.0) if wait is not None)
    with pytest.raises(ResourceExhaustedError, match=r"The client 'alice' may have .* requests a second"):
        limits.enter(client(), "m")
    clock.now += wait * (1 + 1e-9) + 1e-9
    limits.enter(client(), "m")


def test_a_refused_request_costs_nothing():
    clock = Clock()
    limits = limiter(clock, client=Limit(requests_per_second=1, burst=1), model=Limit(requests_per_second=10, burst=10))
    limits.enter(client(), "m")
    for _ in range(50):
        with pytest.raises(ResourceExhaustedError, match="client 'alice'"):
            limits.enter(client(), "m")
    for number in range(9):  # of the model's ten, one is used
        limits.enter(client(f"c{number}"), "m")
    with pytest.raises(ResourceExhaustedError, match="The model 'm' may have 10 requests a second"):
        limits.enter(client("last"), "m")


def test_concurrency_is_given_back():
    limits = limiter(client=Limit(concurrency=2))
    first = limits.enter(client(), "a")
    limits.enter(client(), "b")
    with pytest.raises(ResourceExhaustedError, match="may have 2 requests in work at a time") as caught:
        limits.enter(client(), "c")
    assert caught.value.retry_after > 0
    leave(first)
    limits.enter(client(), "c")


@given(st.integers(1, 5), st.lists(st.booleans()))
def test_never_more_are_in_work_than_allowed(most, steps):
    limits, running = limiter(model=Limit(concurrency=most)), []
    for begin in steps:
        if begin and len(running) == most:
            with pytest.raises(ResourceExhaustedError):
                limits.enter(client(), "m")
        elif begin:
            running.append(limits.enter(client(str(len(running))), "m"))
        elif running:
            leave(running.pop())


def test_clients_models_and_pairs_are_counted_apart():
    limits = limiter(client_model=Limit(concurrency=1))
    limits.enter(client("a"), "m")
    limits.enter(client("a"), "n")
    limits.enter(client("b"), "m")
    limits.enter(client("a", realm="other"), "m")
    with pytest.raises(ResourceExhaustedError, match="The client 'a' with the model 'm'"):
        limits.enter(client("a"), "m")
    limits.enter(client("a"), "")  # no model, no pair
    limits.enter(client("a"), "")


def test_an_override_stands_in_the_place_of_the_default():
    overrides = (
        LimitOverride(Limit(concurrency=3), client="batch"),
        LimitOverride(Limit(), client="free"),
        LimitOverride(Limit(concurrency=1, max_request_bytes=10), model="big"),
        LimitOverride(Limit(concurrency=2), client="batch", model="m"),
    )
    limits = limiter(client=Limit(concurrency=1, max_request_bytes=100), overrides=overrides)

    def capacity(name, model):
        entered = []
        while len(entered) < 10:
            try:
                entered.append(limits.enter(client(name), model))
            except ResourceExhaustedError:
                break
        for meters in entered:
            leave(meters)
        return len(entered)

    assert [capacity("alice", "m"), capacity("batch", "m"), capacity("batch", "n"), capacity("free", "m")] == [
        1,
        2,
        3,
        10,
    ]
    assert [capacity("free", "big"), capacity("batch", "big")] == [1, 1]
    assert max_request_bytes(limits.enter(client(), "big")) == 10
    assert max_request_bytes(limits.enter(client("bob"), "m")) == 100
    assert max_request_bytes(limits.enter(client("free"), "m")) is None


def test_memory_is_bounded_and_work_in_progress_is_never_forgotten():
    clock = Clock()
    limits = limiter(clock, client_model=Limit(requests_per_second=0.001, burst=1, concurrency=1))
    kept = limits.enter(client(), "kept")
    for number in range(2 * MAX_METERS + 100):
        leave(limits.enter(client(), f"m{number}"))
        clock.now += 1e-6
    assert len(limits._meters) <= MAX_METERS
    assert len(limits._routes) <= MAX_METERS
    with pytest.raises(ResourceExhaustedError, match="in work"):
        limits.enter(client(), "kept")
    leave(kept)


def test_idle_meters_are_forgotten_first():
    clock = Clock()
    limits = limiter(clock, client=Limit(requests_per_second=1, burst=1))
    leave(limits.enter(client("debtor"), "m"))
    clock.now += 0.5
    for number in range(MAX_METERS - 1):
        leave(limits.enter(client(str(number)), "m"))
    clock.now += 0.6  # the debtor is clear, the others are not
    limits._forget()
    assert ("r", "debtor", None) not in limits._meters


def test_long_names_of_models_share_a_meter():
    limits = limiter(model=Limit(concurrency=1))
    limits.enter(client(), "x" * 10_000)
    with pytest.raises(ResourceExhaustedError) as caught:
        limits.enter(client(), "x" * 20_000)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"requests_per_second": 0}, "requests_per_second: must be a number of at least"),
        ({"requests_per_second": -1}, "requests_per_second"),
        ({"requests_per_second": math.nan}, "requests_per_second"),
        ({"requests_per_second": math.inf}, "requests_per_second"),
        ({"requests_per_second": 1, "burst": 0.5}, "burst: must be a number of at least 1; received 0.5"),
        ({"burst": 5}, "burst: needs requests_per_second"),
        ({"concurrency": 0}, "concurrency"),
        ({"max_request_bytes": -1}, "max_request_bytes"),
    ],
)
def test_a_limit_is_checked(fields, message):
    with pytest.raises(InvalidArgumentError, match=message):
        Limit(**fields)


def test_overrides_are_checked():
    with pytest.raises(InvalidArgumentError, match="must name one of them, or both; received neither"):
        LimitOverride(Limit())
    twice = LimitOverride(Limit(), client="a")
    with pytest.raises(InvalidArgumentError, match=r"overrides: must differ .* \('a', None\)"):
        Limits(overrides=(twice, twice))


@given(st.floats(1e-6, 1e9), st.none() | st.floats(1, 1e9), st.none() | st.integers(1, 10**6), st.integers(1, 256))
def test_shares_of_a_limit_add_up_to_it_and_shut_nobody_out(rate, burst, concurrency, count):
    share = Limit(rate, burst, concurrency, 100).share(count)
    assert share.requests_per_second * count == pytest.approx(max(rate, 1e-6 * count))
    assert share.burst is None if burst is None else share.burst * count >= burst * 0.999
    assert share.concurrency is None if concurrency is None else 0 <= share.concurrency * count - concurrency < count
    assert share.max_request_bytes == 100


def test_overrides_are_shared_too():
    limits = Limits(Limit(10.0), overrides=(LimitOverride(Limit(4.0), client="a"),)).share(2)
    assert (limits.client, limits.overrides[0].limit) == (Limit(5.0), Limit(2.0))
