"""The text formats, read by the parsers of Prometheus's own client."""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from tenon.serving.telemetry import OPENMETRICS_TYPE, TEXT_TYPE, Kind, MetricSpec, Registry, expose

OLD = MetricSpec(":tensorflow:serving:request_count", Kind.COUNTER, "Old.", ("model_name",))
NEW = MetricSpec("requests_total", Kind.COUNTER, "New.", ("model",))
SECONDS = MetricSpec("seconds", Kind.HISTOGRAM, "Seconds.", ("model",), (0.1, 2.0, 1e6))
TEMPERATURE = MetricSpec("temperature", Kind.GAUGE, 'Of "it",\nin \\ degrees.')
OPENMETRICS = "application/openmetrics-text"
TEXTS = st.text(st.characters(exclude_categories=[]), max_size=20)


def filled(model: str = "m") -> Registry:
    registry = Registry()
    registry.counters(OLD).labels(model).inc(3)
    registry.counters(NEW).labels(model).inc(4)
    for value in (0.05, 1.0, 1e9):
        registry.histograms(SECONDS).labels(model).observe(value)
    registry.gauges(TEMPERATURE).labels().value = -1.5
    return registry


def parsed(registry: Registry, accept: str):
    parse = parse_openmetrics if OPENMETRICS in accept else parse_text
    text = expose(registry.snapshot(), accept).body.decode()
    families = list(parse(text))
    return families, {
        (sample.name, *sample.labels.items()): sample.value for family in families for sample in family.samples
    }


@pytest.mark.parametrize("accept", ["", OPENMETRICS])
def test_a_scraper_reads_what_was_counted(accept):
    _, samples = parsed(filled(), accept)
    assert ':tensorflow:serving:request_count{model_name="m"} 3' in expose(filled().snapshot(), accept).body.decode()
    assert samples["requests_total", ("model", "m")] == 4
    assert samples[("temperature",)] == -1.5
    assert samples["seconds_count", ("model", "m")] == 3
    assert samples["seconds_sum", ("model", "m")] == 1e9 + 1.05
    buckets = {float(key[2][1]): value for key, value in samples.items() if key[0] == "seconds_bucket"}
    assert buckets == {0.1: 1, 2.0: 2, 1e6: 2, math.inf: 3}


@pytest.mark.parametrize("accept", ["", OPENMETRICS])
@given(model=TEXTS)
@example('"},evil{x="\n# TYPE evil counter\nevil 1')
@example("\\")
def test_hostile_names_stay_inside_their_label(accept, model):
    families, samples = parsed(filled(model), accept)
    assert {family.name for family in families} <= {
        *(":tensorflow:serving:request_count", "requests", "requests_total", "seconds", "temperature")
    }
    assert len(samples) == 9
    assert samples["requests_total", ("model", model.encode(errors="replace").decode())] == 4


def test_the_text_of_a_metric_stays_on_its_line():
    lines = expose(filled().snapshot()).body.decode().splitlines()
    assert r'# HELP temperature Of "it",\nin \\ degrees.' in lines


def test_buckets_are_written_as_tensorflow_serving_writes_them():
    lines = expose(filled().snapshot()).body.decode().splitlines()
    assert 'seconds_bucket{model="m",le="2"} 2' in lines
    assert 'seconds_bucket{model="m",le="1e+06"} 2' in lines


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", TEXT_TYPE),
        ("*/*", TEXT_TYPE),
        ("text/plain", TEXT_TYPE),
        (OPENMETRICS, OPENMETRICS_TYPE),
        ("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1", OPENMETRICS_TYPE),
        ("application/openmetrics-text;q=0.1,text/plain;q=0.9", TEXT_TYPE),
        ("application/openmetrics-text;q=0", TEXT_TYPE),
        ("application/openmetrics-text;q=nonsense", TEXT_TYPE),
        ("Application/OpenMetrics-Text", OPENMETRICS_TYPE),
        (";;,,=q;", TEXT_TYPE),
    ],
)
def test_the_scraper_chooses_the_format(accept, content_type):
    assert expose({}, accept).content_type == content_type


def test_openmetrics_ends_and_keeps_tensorflow_servings_names():
    text = expose(filled().snapshot(), OPENMETRICS).body.decode()
    assert text.endswith("# EOF\n")
    assert "# TYPE :tensorflow:serving:request_count unknown\n" in text
    assert "# TYPE requests counter\n" in text


@pytest.mark.parametrize(("value", "written"), [(math.inf, "+Inf"), (-math.inf, "-Inf"), (math.nan, "NaN"), (2, "2")])
def test_odd_numbers_have_their_names(value, written):
    registry = Registry()
    registry.gauges(TEMPERATURE).labels().value = value
    assert expose(registry.snapshot()).body.decode().splitlines()[-1] == f"temperature {written}"


def test_a_metric_without_values_is_not_written():
    registry = Registry()
    registry.counters(NEW)
    assert expose(registry.snapshot()).body == b""
