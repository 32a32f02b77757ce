"""The second environment: real TensorFlow beside Tenon, in processes of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = ROOT / ".venv-interop" / "bin"


@pytest.fixture(scope="session")
def run_in_tensorflow() -> Callable[..., str]:
    """Run a Python script in the environment that has TensorFlow; return what it printed."""

    def run(script: str, *arguments: object, program: str = "python") -> str:
        command = [str(BIN / program), *(["-c", script] if program == "python" else [script]), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=170, env={"TF_CPP_MIN_LOG_LEVEL": "3"})
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    return run
