"""Processors are those of the affinity, within the limit of the container."""

from __future__ import annotations

import math
import os
import subprocess
import sys

import pytest

from tenon.base import processor_count
from tenon.base._processors import _limits


def test_a_process_held_to_one_processor_counts_one():
    program = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); import tenon.base as b; "
    told = subprocess.run(
        [sys.executable, "-c", program + "print(b.processor_count())"], capture_output=True, text=True
    )
    assert told.stdout == "1\n", told.stderr


def test_no_more_than_the_machine_has_are_counted():
    assert 1 <= processor_count() <= (os.cpu_count() or 1)


@pytest.mark.parametrize(
    ("files", "own", "limit"),
    [
        ({"cpu.max": "200000 100000\n"}, "0::/\n", 2.0),
        ({"cpu.max": "50000 100000\n"}, "0::/\n", 0.5),
        ({"cpu.max": "max 100000\n"}, "0::/\n", math.inf),
        ({"pods/cpu.max": "300000 100000\n", "pods/a/cpu.max": "max 100000\n"}, "0::/pods/a\n", 3.0),
        ({"pods/cpu.max": "300000 100000\n", "pods/a/cpu.max": "100000 100000\n"}, "0::/pods/a\n", 1.0),
        ({"cpu.max": "200000 100000\n"}, "0::/of/the/host\n", 2.0),
        ({"cpu/cpu.cfs_quota_us": "400000\n", "cpu/cpu.cfs_period_us": "100000\n"}, "4:cpu,cpuacct:/\n", 4.0),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, "4:cpu,cpuacct:/\n", math.inf),
        ({"memory/cpu.cfs_quota_us": "1\n"}, "5:memory:/\n", math.inf),
        ({"cpu.max": "nonsense\n"}, "0::/\n", math.inf),
        ({}, "0::/\n", math.inf),
        ({}, "", math.inf),
    ],
)
def test_the_smallest_limit_of_the_control_groups_counts(tmp_path, files, own, limit):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert min(_limits(tmp_path, own), default=math.inf) == limit
