"""TensorFlow's guides, topic by topic: the same code on Tenon and on TensorFlow, and the same numbers."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.interop.guides._compare import differences
from tests.interop.guides.answer import answer

pytestmark = [pytest.mark.interop, pytest.mark.timeout(600)]

ROOT = Path(__file__).resolve().parents[2]
TENSORFLOW = ROOT / ".venv-interop/bin/python"
TOPICS = sorted(
    path.stem for path in Path(__file__).parent.joinpath("guides").glob("[!_]*.py") if path.stem != "answer"
)
ALONE = ("debugging_and_config", "migration_v1_behavior", "numpy_api")
"""Topics that change a switch of the whole process, which nothing switches back."""


def answers_of(python: Path | str, library: str, path: Path, *topics: str) -> dict[str, dict]:
    """Run topics in one new process of an environment; return what they answered."""
    command = [python, "-W", "ignore", "-m", "tests.interop.guides.answer", library, path, *topics]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    if library == "tensorflow":
        environment.pop("PYTHONPATH", None)
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stderr[-3000:]
    return pickle.loads(path.read_bytes())


@pytest.fixture(scope="session")
def tensorflow_answers(request, tmp_path_factory) -> dict[str, dict]:
    """What TensorFlow answers to the topics that are tested; one start of it serves those that live together."""
    folder = tmp_path_factory.mktemp("tensorflow")
    tests = [item for item in request.session.items if item.path == Path(__file__)]
    topics = [test.callspec.params["topic"] for test in tests]
    groups = [[topic for topic in topics if topic not in ALONE], *([topic] for topic in ALONE if topic in topics)]

    def answers(group: list[str]) -> dict[str, dict]:
        return answers_of(TENSORFLOW, "tensorflow", folder / f"{group[0]}.pickle", *group)

    with ThreadPoolExecutor(max_workers=2) as pool:
        return {topic: found for part in pool.map(answers, filter(None, groups)) for topic, found in part.items()}


def tenon_answer(topic: str, folder: Path) -> dict:
    if topic in ALONE:
        return answers_of(sys.executable, "tenon", folder / "tenon.pickle", topic)[topic]
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
