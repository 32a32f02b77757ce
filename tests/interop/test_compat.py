"""Programs of TensorFlow 1: the same text and the same numbers on Tenon and TensorFlow; checkpoints go both ways."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from tests.interop.guides._compare import differences

pytestmark = [pytest.mark.interop, pytest.mark.timeout(400)]

ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = ("tensorflow", "tenon")
TOPICS = ("training", "pieces")


@pytest.fixture(scope="module")
def run(tensorflow):
    """Run a module with a library, in a process of its own."""

    def run(library: str, module: str, *arguments: object) -> None:
        command = ["-m", f"tests.interop.compat_programs.{module}", library, *arguments]
        if library == "tensorflow":
            tensorflow.run(*command)
        else:
            in_tenon(*command)

    return run


def in_tenon(*command: object) -> None:
    command = (sys.executable, "-W", "ignore", *command)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture(scope="module")
def answers(tmp_path_factory, run):
    folder = tmp_path_factory.mktemp("compat")
    for library in LIBRARIES:
        run(library, "answer", folder / library, *TOPICS)
    return {library: pickle.loads((folder / library).read_bytes()) for library in LIBRARIES}


@pytest.mark.parametrize("topic", TOPICS)
def test_tenon_answers_as_tensorflow(topic, answers):
    theirs, ours = answers["tensorflow"][topic], answers["tenon"][topic]
    assert theirs["error"] is None, theirs["error"]
    found = list(differences(theirs["results"], ours["results"]))
    assert not found, "\n".join(found) + str(ours["error"])


@pytest.mark.parametrize(("writer", "reader"), [("tenon", "tensorflow"), ("tensorflow", "tenon")])
def test_a_checkpoint_of_one_library_is_restored_by_the_other(writer, reader, tmp_path, run):
    run(writer, "saving", "write", tmp_path)
    run(reader, "saving", "read", tmp_path)
