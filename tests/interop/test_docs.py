"""What the guide to SavedModels says about TensorFlow, done by TensorFlow."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import pytest

from tests.documents import ROOT, code_blocks

GUIDE = ROOT / "docs/guides/saved_model.md"
CHECK = """
x = tf.constant([[0.1, 0.2, 0.3, -0.5]])
print(*model.signatures["serving_default"](x=x)["scores"].numpy()[0])
"""


@pytest.mark.interop
def test_tensorflow_loads_what_the_guide_saves(tmp_path: Path, run_in_tensorflow):
    write, *_, read = [text for language, text in code_blocks(GUIDE) if language == "python"]
    with contextlib.chdir(tmp_path):
        exec(compile(write, str(GUIDE), "exec"), {})
    assert "import tensorflow" in read
    script = f"import os; os.chdir({str(tmp_path)!r})\n{read}{CHECK}"
    shape, values = run_in_tensorflow(script).splitlines()
    assert shape == "(7, 2)"
    np.testing.assert_allclose([float(value) for value in values.split()], np.tanh([0.1, 0.1]), rtol=1e-5)
