"""What the benchmark of models makes of figures; the figures themselves no test looks at."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from benchmarks.models import __main__ as command
from benchmarks.models import goals, picture, report
from benchmarks.models.agreement import disagreements
from benchmarks.models.contenders import COMPILED, CONTENDERS, KERAS_JAX, PYTORCH, TENON, TENSORFLOW
from benchmarks.models.devices import Computing, Device, NoGPUError, gpu_of
from benchmarks.models.results import Cell, ratio
from benchmarks.models.workloads import ALL, WORKLOADS, Kind, Loss

TENONS = Cell(TENON, "mlp_fit", 32, 10, (1.0, 2.0, 1.5), (1.0, 1.0, 1.0), 4.0, 0.5, 1.0, 300.0)
TENSORFLOWS = replace(TENONS, contender=TENSORFLOW, calls=(4.0, 4.0, 6.0), second_seconds=None)
KERAS = replace(TENONS, contender=KERAS_JAX, calls=(1.0, 1.0, 1.0), first_seconds=2.0, second_seconds=None)
REFUSED = Cell(PYTORCH, "mlp_fit", 32, refusal="no compiler")
CELLS = [TENONS, TENSORFLOWS, KERAS, REFUSED]


def test_a_ratio_is_taken_round_by_round():
    found = ratio(TENONS, TENSORFLOWS)
    assert found is not None
    assert (found.median, found.lowest, found.highest) == (4.0, 2.0, 4.0)
    assert ratio(TENONS, REFUSED) is None


def test_a_figure_is_that_of_a_step():
    assert TENONS.milliseconds == 150.0


def test_the_table_says_why_a_figure_is_missing():
    text = report.speed(CELLS)
    assert "400: 4.00x (2.00-4.00)" in text
    assert "none [1]" in text
    assert "[1] PyTorch, mlp_fit: no compiler" in text


def test_goals_are_compared_with_what_was_measured():
    lines = goals.sentences(CELLS).splitlines()
    assert "mlp_fit 32: 4.00 times as fast as TensorFlow; goal at least 3: met" in lines
    assert "mlp_fit 32: first result after 2.00 of Keras on JAX's time; goal at most 1.5: missed" in lines
    assert "mlp_fit 32: second start after 0.12 of the first's time; goal at most 0.2: met" in lines


def test_the_picture_is_an_svg_with_a_dot_for_each_ratio():
    root = ElementTree.fromstring(picture.svg(CELLS))
    titles = [each.text for each in root.iterfind(".//{*}circle/{*}title")]
    assert titles == ["TensorFlow: 4.00x (2.00-4.00)", "Keras on JAX: 0.67x (0.50-1.00)"]


def test_who_computes_something_else_is_out():
    values = {TENON: [1.0, 2.0], TENSORFLOW: [1.0, 2.001], PYTORCH: [1.0, 2.5], KERAS_JAX: [1.0]}
    assert set(disagreements(values, 0.01, (TENSORFLOW,))) == {PYTORCH, KERAS_JAX}
    assert set(disagreements({TENON: [1.0], PYTORCH: [float("nan")]}, 0.01, (TENSORFLOW, TENON))) == {PYTORCH}


def test_workloads_have_names_of_their_own_and_what_their_kind_needs():
    assert len(WORKLOADS) == len(ALL)
    assert all((each.rows > 0) == (each.kind is not Kind.INFER) for each in ALL)
    assert all(each.check_rows and not each.check_rows % max(each.batches) for each in ALL if each.kind is Kind.FIT)


@pytest.mark.parametrize("workload", ALL, ids=lambda each: each.name)
def test_every_process_draws_the_same_rows(workload):
    first, again = workload.inputs(8), workload.inputs(8)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    targets = workload.targets(first)
    assert len(targets) == 8
    assert workload.loss is Loss.SQUARES or targets.max() < workload.classes


def test_every_contender_does_some_kind_of_workload():
    assert all(each.frameworks for each in CONTENDERS)
    assert len({each.name for each in CONTENDERS}) == len(CONTENDERS)


def test_on_a_gpu_those_take_part_who_compute_there_with_the_pytorch_that_is_named():
    python = Path("other/bin/python")
    found = {each.name: each.python for each in command.chosen_contenders([], Device.GPU, python)}
    assert set(found) == {TENON, KERAS_JAX, PYTORCH, COMPILED}
    assert (found[PYTORCH], found[COMPILED]) == (python, python)


def test_without_a_gpu_the_device_is_refused(tmp_path):
    blind = tmp_path / "python"
    blind.write_text("#!/bin/sh\necho 'RuntimeError: no gpu' >&2\nexit 1\n")
    blind.chmod(0o755)
    with pytest.raises(NoGPUError, match=r"--device gpu needs a GPU.*RuntimeError: no gpu"):
        gpu_of(blind)


def test_short_numbers_may_be_further_apart():
    assert Computing().tolerance < Computing(Device.GPU).tolerance < Computing(Device.GPU, "mixed_bfloat16").tolerance
