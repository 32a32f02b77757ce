"""Programs in the environment that has TensorFlow, each in a process of its own, for one import of TensorFlow."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = ROOT / ".venv-interop" / "bin"
FORKS = Path(__file__).with_name("tensorflow_forks.py")

ENVIRONMENT = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "",
    "OPENBLAS_NUM_THREADS": "1",  # NumPy would start threads, and a process with threads cannot be forked
}


class TensorFlowProcess:
    """A process that has imported TensorFlow and forks for each program, one after the other."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [BIN / "python", "-P", "-W", "ignore", FORKS],
            cwd=ROOT,
            env=ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._turn = threading.Lock()

    def run(self, *command: object, timeout: float = 400) -> str:
        """Run ``-c TEXT``, ``-m MODULE`` or a file, with arguments, in the root of the repository.

        Returns:
            What it printed. A program that fails or takes too long fails the test with what it said.
        """
        with self._turn, tempfile.TemporaryDirectory() as folder:
            out, err = Path(folder, "out"), Path(folder, "err")
            status = self._answer({"command": [*map(str, command)], "out": str(out), "err": str(err)}, timeout)
            assert status == "0\n", f"status {status!r}: " + (err.read_text()[-3000:] if err.exists() else "")
            return out.read_text()

    def _answer(self, request: dict[str, object], timeout: float) -> str:
        print(json.dumps(request), file=self._process.stdin, flush=True)
        if select.select([self._process.stdout], [], [], timeout)[0]:
            return self._process.stdout.readline()
        os.killpg(self._process.pid, signal.SIGKILL)
        return f"none after {timeout} s"

    def close(self) -> None:
        """End the process."""
        self._process.communicate()
