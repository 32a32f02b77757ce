"""Objects that Tenon saves: Tenon and TensorFlow load them, and both find what TensorFlow finds in its own files."""

from __future__ import annotations

import os
import pickle
import subprocess
from pathlib import Path

import pytest

from tests.interop import saved_objects
from tests.interop.guides._compare import differences

pytestmark = [pytest.mark.interop, pytest.mark.timeout(600)]

ROOT = Path(__file__).resolve().parents[2]
TENSORFLOW = ROOT / ".venv-interop/bin/python"


@pytest.fixture(scope="module")
def answers(tmp_path_factory) -> dict[str, dict[str, object]]:
    """What came out, by who wrote and who read."""
    folder = tmp_path_factory.mktemp("saved_objects")
    saved_objects.main("tenon", str(folder))
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    environment.pop("PYTHONPATH", None)
    command = [TENSORFLOW, "-W", "ignore", "-m", "tests.interop.saved_objects", "tensorflow", folder]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stderr[-3000:]
    ours = pickle.loads((folder / "tenon.pickle").read_bytes())
    theirs = pickle.loads((folder / "tensorflow.pickle").read_bytes())
    return {
        "tenon to tenon": ours["tenon"],
        "tenon to tensorflow": theirs["tenon"],
        "tensorflow to tensorflow": theirs["tensorflow"],
    }


@pytest.mark.parametrize("way", ["tenon to tenon", "tenon to tensorflow"])
@pytest.mark.parametrize("case", saved_objects.CASES)
def test_what_is_loaded_behaves_as_what_tensorflow_saved_itself(case, way, answers):
    expected = answers["tensorflow to tensorflow"][case]
    found = answers[way][case]
    if isinstance(expected, str) or isinstance(found, str):
        pytest.fail(f"TensorFlow alone: {expected}\n{way}: {found}", pytrace=False)
    different = list(differences(expected, found))
    if different:
        pytest.fail("\n".join(different), pytrace=False)
