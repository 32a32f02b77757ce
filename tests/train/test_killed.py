"""A process that is killed while it saves, at any moment, leaves what was there before, or what it was saving."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.train import killing

ROOT = Path(__file__).resolve().parents[2]


def left(scenario, tmp_path):
    command = [sys.executable, "-W", "ignore", killing.__file__, scenario, str(tmp_path / "folder")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_managers_folder_is_usable_whenever_it_was_killed(tmp_path):
    found = left("manager", tmp_path)
    assert len(found) > 15
    for each in found:
        assert (each["latest"], each["values"]) in [("ckpt-3", [3.0]), ("ckpt-4", [4.0])], each
        assert each["values after"] == [5.0], each
        assert each["index files"] == 2, each
    assert [each["latest"] for each in found] == sorted(each["latest"] for each in found)
    assert found[0]["latest"] == "ckpt-3"
    assert found[-1] == {**found[-1], "latest": "ckpt-4", "killed": False}


def test_a_checkpoint_written_again_is_the_old_or_the_new_one_whenever_it_was_killed(tmp_path):
    found = left("write", tmp_path)
    assert len(found) > 6
    assert [each["values"] for each in found] == sorted(each["values"] for each in found)
    assert {each["values"][0] for each in found} == {1.0, 2.0}
    for each in found:
        assert len(each["values"]) == 1, each
        assert (each["values after"], each["visible files"]) == ([3.0], 2), each
