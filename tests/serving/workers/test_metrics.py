from hypothesis import given
from hypothesis import strategies as st

from tenon.serving.telemetry import Histogram, Kind, MetricSpec, Registry
from tenon.serving.workers._metrics import MAX_KEPT_CELLS, FleetMetrics

REQUESTS = MetricSpec("requests_total", Kind.COUNTER, "Requests.", ("model",))
SECONDS = MetricSpec("seconds", Kind.HISTOGRAM, "Seconds.", ("model",), (0.1, 1.0))
OPEN = MetricSpec("open", Kind.GAUGE, "Open files.")


def cells(snapshot, spec):
    return {tuple(labels): value for labels, value in snapshot[spec.name]["cells"]}


def counting(requests, open_files=3):
    registry = Registry()
    registry.counters(REQUESTS).labels("digits").inc(requests)
    for _ in range(requests):
        registry.histograms(SECONDS).labels("digits").observe(0.5)
    registry.gauges(OPEN).labels().value = open_files
    return registry.snapshot()


def test_a_worker_that_ended_leaves_its_counts_and_takes_its_gauges():
    metrics = FleetMetrics()
    metrics.merged({"a": counting(5), "b": counting(2)})
    metrics.ended("a", "SIGKILL")
    merged = metrics.merged({"b": counting(4), "c": counting(1)})
    assert cells(merged, REQUESTS) == {("digits",): 10}
    assert cells(merged, SECONDS)["digits",][0] == 5.0
    assert cells(merged, OPEN) == {(): 6}
    assert merged["tenon_serving_workers"]["cells"] == [[[], 2]]
    assert merged["tenon_serving_worker_restarts_total"]["cells"] == [[["SIGKILL"], 1]]


def test_a_worker_that_does_not_answer_counts_as_it_did():
    metrics = FleetMetrics()
    metrics.merged({"a": counting(5), "b": counting(2)})
    assert cells(metrics.merged({"b": counting(2)}), REQUESTS) == {("digits",): 7}
    assert cells(metrics.merged({"a": counting(6), "b": counting(2)}), REQUESTS) == {("digits",): 8}


def test_what_is_kept_is_bounded():
    metrics = FleetMetrics()
    for worker in range(3):
        registry = Registry()
        for model in range(1500):
            registry.counters(REQUESTS).labels(f"{worker}-{model}").inc()
        metrics.merged({worker: registry.snapshot()})
        metrics.ended(worker, "code 1")
    assert len(cells(metrics.merged({}), REQUESTS)) == MAX_KEPT_CELLS


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 5), st.sampled_from(["count", "die", "hang"]))))
def test_no_counter_falls(events):
    metrics, lives, counts, before = FleetMetrics(), [0, 0, 0], [0, 0, 0], 0
    for number, more, event in events:
        silent = None
        if event == "count":
            counts[number] += more
        elif event == "die":
            metrics.ended((number, lives[number]), "SIGKILL")
            lives[number], counts[number] = lives[number] + 1, 0
        else:
            silent = number
        living = {(each, lives[each]): counting(counts[each]) for each in range(3) if each != silent}
        total = cells(metrics.merged(living), REQUESTS).get(("digits",), 0)
        assert total >= before
        before = total


def test_a_histogram_of_the_past_is_added_bucket_by_bucket():
    one = Histogram((0.1, 1.0))
    one.observe(0.5)
    metrics = FleetMetrics()
    metrics.merged({"a": counting(1)})
    metrics.ended("a", "code 1")
    assert cells(metrics.merged({"b": counting(1)}), SECONDS)["digits",] == [1.0, [2 * count for count in one.counts]]
