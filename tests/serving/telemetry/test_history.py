"""The last ten minutes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.serving.telemetry import History, RecentError, history_points, merge_histories
from tenon.serving.telemetry._history import KEPT_SECONDS, MAX_SERIES, error_text


def error(time: float = 0.0) -> RecentError:
    return RecentError(time, "m", 1, "Predict", "INTERNAL", "text")


def points(history: History, now: float, model: str = "m"):
    return history_points(history.snapshot(now, now + 1000))[model]


def test_a_second_is_one_point_with_its_sums():
    history = History()
    series = history.series("m")
    series.request(5.1, 0.001, failed=False)
    series.request(5.9, 0.001, failed=True)
    series.batch(5.5, 7, 1)
    series.batch(5.6, 2, 0)
    (point,) = points(history, 6.0)
    assert (point.time, point.requests, point.errors) == (1005.0, 2, 1)
    assert (point.batches, point.rows, point.padding) == (2, 9, 1)


def test_the_current_second_is_not_shown_before_it_is_over():
    history = History()
    history.series("m").request(5.1, 0.001, failed=False)
    assert points(history, 5.9) == []
    assert len(points(history, 6.0)) == 1


def test_seconds_without_requests_take_no_room():
    history = History()
    history.series("m").request(5.0, 0.001, failed=False)
    history.series("m").request(105.0, 0.001, failed=False)
    assert [point.time for point in points(history, 106.0)] == [1005.0, 1105.0]


def test_seconds_older_than_ten_minutes_are_forgotten():
    history = History()
    for second in range(2 * KEPT_SECONDS):
        history.series("m").request(second, 0.001, failed=False)
    assert len(points(history, 2 * KEPT_SECONDS)) == KEPT_SECONDS
    assert points(history, 4 * KEPT_SECONDS) == []


@given(st.lists(st.floats(1e-5, 90.0), min_size=1, max_size=200))
def test_percentiles_are_right_to_ten_percent(latencies):
    history = History()
    for seconds in latencies:
        history.series("m").request(5.0, seconds, failed=False)
    (point,) = points(history, 6.0)
    ordered = sorted(latencies)
    for shown, share in ((point.p50, 0.5), (point.p95, 0.95), (point.p99, 0.99)):
        exact = ordered[max(0, -(-len(ordered) * int(share * 100) // 100) - 1)]
        assert exact * 0.999 <= shown <= exact * 1.101


def test_whoever_asks_often_need_not_get_everything():
    history = History()
    for second in range(100):
        history.series("m").request(second, 0.001, failed=False)
    shown = history_points(history.snapshot(100.0, 100.0, last_seconds=2))["m"]
    assert [point.time for point in shown] == [97.0, 98.0, 99.0]


def test_a_second_of_batches_alone_has_no_latencies():
    history = History()
    history.series("m").batch(5.0, 1, 0)
    (point,) = points(history, 6.0)
    assert (point.requests, point.p50, point.p99) == (0, 0.0, 0.0)


def test_models_beyond_the_bound_share_a_series():
    history = History()
    for number in range(10 * MAX_SERIES):
        history.series(f"m{number}").request(5.0, 0.001, failed=False)
    shown = history.snapshot(6.0, 6.0)["models"]
    assert len(shown) == MAX_SERIES + 1
    assert history_points(history.snapshot(6.0, 6.0))["other"][0].requests == 9 * MAX_SERIES


def test_the_last_hundred_errors_are_kept():
    history = History()
    for number in range(1000):
        history.error(error(number))
    assert [entry["time"] for entry in history.snapshot()["errors"]] == list(range(900, 1000))


def test_clients_mistakes_do_not_push_out_a_models_errors():
    history = History()
    history.error(error(0.0))
    for number in range(1, 1000):
        history.error(RecentError(number, "m", None, "Predict", "NOT_FOUND", "text"))
    snapshot = history.snapshot()
    for errors in (snapshot["errors"], merge_histories([snapshot, snapshot])["errors"]):
        assert errors[0]["code"] == "INTERNAL"
        assert {entry["code"] for entry in errors[2:]} == {"NOT_FOUND"}
        assert len(errors) <= 102


def test_histories_of_workers_are_added_up():
    workers = []
    for latency in (0.001, 0.1):
        history = History()
        history.series("m").request(5.0, latency, failed=latency > 0.01)
        history.series("m").batch(5.0, 3, 1)
        history.error(error(latency))
        workers.append(json.loads(json.dumps(history.snapshot(6.0, 1006.0))))
    history = History()
    history.series("n").request(5.0, 0.1, failed=False)
    merged = merge_histories([*workers, history.snapshot(6.0, 1006.0)])
    (point,) = history_points(merged)["m"]
    assert (point.time, point.requests, point.errors, point.batches, point.rows, point.padding) == (1005, 2, 1, 2, 6, 2)
    assert (point.p50, point.p99) == (pytest.approx(0.001, rel=0.1), pytest.approx(0.1, rel=0.1))
    assert [entry["time"] for entry in merged["errors"]] == [0.001, 0.1]
    assert merged["models"].keys() == {"m", "n"}


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("simple", "simple"),
        ("one\ntwo\x1b[31m", "one two [31m"),
        ("a" * 201, "a" * 200 + "..."),
        ('JSON Value: {"name": "Alice"} is no tensor', "JSON Value..."),
        ("a" * 10**6, "a" * 200 + "..."),
    ],
)
def test_an_errors_text_is_one_short_line_without_payload(message, text):
    assert error_text(message) == text
