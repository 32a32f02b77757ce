"""Programs of TensorFlow 1: the same text and the same numbers on Tenon and TensorFlow; checkpoints go both ways."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from tests.interop.guides._compare import differences

pytestmark = [pytest.mark.interop, pytest.mark.timeout(400)]

ROOT = Path(__file__).resolve().parents[2]
PYTHON = {"tensorflow": ROOT / ".venv-interop/bin/python", "tenon": sys.executable}
TOPICS = ("training", "pieces")


def run(library: str, module: str, *arguments: object) -> None:
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    if library == "tensorflow":
        environment.pop("PYTHONPATH", None)
    command = [PYTHON[library], "-W", "ignore", "-m", f"tests.interop.compat_programs.{module}", library, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compat")
    for library in PYTHON:
        run(library, "answer", folder / library, *TOPICS)
    return {library: pickle.loads((folder / library).read_bytes()) for library in PYTHON}


@pytest.mark.parametrize("topic", TOPICS)
def test_tenon_answers_as_tensorflow(topic, answers):
    theirs, ours = answers["tensorflow"][topic], answers["tenon"][topic]
    assert theirs["error"] is None, theirs["error"]
    found = list(differences(theirs["results"], ours["results"]))
    assert not found, "\n".join(found) + str(ours["error"])


@pytest.mark.parametrize(("writer", "reader"), [("tenon", "tensorflow"), ("tensorflow", "tenon")])
def test_a_checkpoint_of_one_library_is_restored_by_the_other(writer, reader, tmp_path):
    run(writer, "saving", "write", tmp_path)
    run(reader, "saving", "read", tmp_path)
