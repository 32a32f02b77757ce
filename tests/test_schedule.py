"""The plan by which tests are given to processes."""

from __future__ import annotations

from pathlib import Path

from tests.schedule import EXAMPLES, TOGETHER

ROOT = Path(__file__).resolve().parents[1]


def test_every_file_of_the_plan_exists():
    named = {*TOGETHER, *TOGETHER.values()} - {EXAMPLES}
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []
