"""Programs use no more threads than the process has processors."""

from __future__ import annotations

import os
import subprocess
import sys

from tenon.base import processor_count

PROGRAM = "from tenon.xla._dispatch import *; limit_program_threads(); import os; print(program_threads(), "


def _told(asked: str, **environment: str) -> str:
    command = [sys.executable, "-c", f"{PROGRAM}{asked})"]
    kept = {name: value for name, value in os.environ.items() if not name.endswith("NPROC")}
    found = subprocess.run(command, env=kept | environment, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    return found.stdout.strip()


def test_what_the_environment_says_counts_and_stays():
    assert _told("os.environ['PJRT_NPROC']", PJRT_NPROC="1", NPROC="7") == "1 1"
    assert _told("os.environ['NPROC']", NPROC="1") == "1 1"


def test_without_a_word_there_are_as_many_as_processors():
    assert _told("'NPROC' in os.environ", PJRT_NPROC="", NPROC="none") == f"{processor_count()} True"
