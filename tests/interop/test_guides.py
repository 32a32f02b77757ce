"""TensorFlow's guides, topic by topic: the same code on Tenon and on TensorFlow, and the same numbers."""

from __future__ import annotations

import pickle
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from tests.interop.guides._compare import differences
from tests.interop.guides.answer import answer

pytestmark = [pytest.mark.interop, pytest.mark.timeout(600)]

ROOT = Path(__file__).resolve().parents[2]
TOPICS = sorted(
    path.stem for path in Path(__file__).parent.joinpath("guides").glob("[!_]*.py") if path.stem != "answer"
)
ALONE = ("debugging_and_config", "migration_v1_behavior", "numpy_api")
"""Topics that change a switch of the whole process, which nothing switches back."""


@pytest.fixture(scope="session")
def tensorflow_answers(request, tmp_path_factory, tensorflow) -> dict[str, dict]:
    """What TensorFlow answers to the topics that are tested; one process serves those that live together."""
    folder = tmp_path_factory.mktemp("tensorflow")
    tests = [item for item in request.session.items if item.path == Path(__file__)]
    topics = [test.callspec.params["topic"] for test in tests]
    groups = [[topic for topic in topics if topic not in ALONE], *([topic] for topic in ALONE if topic in topics)]

    found: dict[str, dict] = {}
    for group in filter(None, groups):
        path = folder / f"{group[0]}.pickle"
        tensorflow.run("-m", "tests.interop.guides.answer", "tensorflow", path, *group)
        found |= pickle.loads(path.read_bytes())
    return found


def answer_of_a_process(topic: str, path: Path) -> dict:
    command = [sys.executable, "-W", "ignore", "-m", "tests.interop.guides.answer", "tenon", path, topic]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stderr[-3000:]
    return pickle.loads(path.read_bytes())[topic]


def tenon_answer(topic: str, folder: Path) -> dict:
    if topic in ALONE:
        return answer_of_a_process(topic, folder / "tenon.pickle")
    import tenon

    with warnings.catch_warnings(action="ignore"):  # as in the processes of TensorFlow
        return answer(tenon, topic)


@pytest.mark.timeout(600)  # the first waits for all of TensorFlow's answers
@pytest.mark.parametrize("topic", TOPICS)
def test_tenon_answers_as_tensorflow(topic, tensorflow_answers, tmp_path):
    theirs = tensorflow_answers[topic]
    assert theirs["error"] is None, f"TensorFlow itself fails:\n{theirs['error']}"
    ours = tenon_answer(topic, tmp_path)
    found = list(differences(theirs["results"], ours["results"]))
    if ours["error"]:
        found = [*(line for line in found if "only TensorFlow has it" not in line), ours["error"]]
    if found:
        pytest.fail("\n".join(found), pytrace=False)
