"""The past in columns."""

from hypothesis import given
from hypothesis import strategies as st

from tenon.serving.console._history import COLUMNS, history_columns
from tenon.serving.telemetry import History, merge_histories

EVENTS = st.lists(
    st.tuples(st.integers(1, 8), st.sampled_from(["a", "b"]), st.floats(1e-4, 1), st.booleans()), max_size=30
)


@given(EVENTS, st.floats(0, 2e9))
def test_every_request_stands_in_its_second(events, wall):
    history = History()
    for second, model, seconds, failed in sorted(events):
        history.series(model).request(second, seconds, failed)
    columns = history_columns(history.snapshot(now=10, wall=wall))
    for model in ("a", "b"):
        mine = [event for event in events if event[1] == model]
        found = columns["models"].get(model, {"second": [], "requests": []})
        assert sum(found["requests"]) == len(mine)
        assert found["second"] == sorted({event[0] for event in mine})
    assert sum(columns["all"]["requests"]) == len(events)
    assert sum(columns["all"]["errors"]) == sum(event[3] for event in events)
    assert {len(columns["all"][name]) for name in ("second", *COLUMNS)} == {len({event[0] for event in events})}


def test_percentiles_of_all_models_are_of_all_their_requests():
    history = History()
    for _ in range(99):
        history.series("quick").request(1, 0.001, failed=False)
    history.series("slow").request(1, 1.0, failed=False)
    columns = history_columns(history.snapshot(now=2, wall=2))
    assert columns["all"]["p50"][0] < 0.0012
    assert columns["models"]["slow"]["p50"][0] >= 1.0


def test_one_model_can_be_asked_for_and_need_not_be_there():
    history = History()
    history.series("a").batch(1, 5, 3)
    snapshot = merge_histories([history.snapshot(now=2, wall=2)] * 2)
    assert history_columns(snapshot, "a")["models"]["a"]["rows"] == [10]
    assert history_columns(snapshot, "b") == {"offset": 0.0, "models": {}, "all": {n: [] for n in ("second", *COLUMNS)}}
