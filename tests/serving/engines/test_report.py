"""Reports travel as JSON, and what is no report is refused."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tenon.base import InvalidArgumentError
from tenon.serving.engines import EngineReport, Measurement, Pace

REPORT = EngineReport(
    "measured",
    ((0, "litert"), (16, "xla")),
    (Measurement(1, 0.002, 0.001, 1e-7), Measurement(64, None, 0.02, None)),
    64,
    (Pace(1, 2, 1, 0.001), Pace(1, 1, 2, 0.0015)),
    1.5,
)


def test_a_report_comes_back_marked_as_remembered():
    again = EngineReport.from_json(json.loads(json.dumps(REPORT.as_json())))
    assert again == replace(REPORT, convert_seconds=0.0, remembered=True)
    assert again.name == "litert+xla"


@pytest.mark.parametrize(
    "change",
    [
        {"engines": []},
        {"engines": [[1, "xla"]]},
        {"engines": [[0, "tpu"]]},
        {"engines": "xla"},
        {"measurements": [{"rows": "many"}]},
        {"largest_batch": "all"},
        {"paces": [{"rows": 1}]},
        {"paces": None},
    ],
)
def test_what_is_no_report_is_refused(change):
    with pytest.raises(InvalidArgumentError, match="value: "):
        EngineReport.from_json({**json.loads(json.dumps(REPORT.as_json())), **change})


@pytest.mark.parametrize("value", [[], {}, None, 1])
def test_what_is_no_object_is_refused(value):
    with pytest.raises(InvalidArgumentError, match="value: must be a report"):
        EngineReport.from_json(value)
