"""The second environment: real TensorFlow beside Tenon, in processes of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.interop.tensorflow_process import BIN, TensorFlowProcess


@pytest.fixture(scope="session")
def tensorflow() -> Iterator[TensorFlowProcess]:
    process = TensorFlowProcess()
    yield process
    process.close()


@pytest.fixture(scope="session")
def run_in_tensorflow(tensorflow) -> Callable[..., str]:
    """Run a Python script in the environment that has TensorFlow; return what it printed."""

    def run(script: str, *arguments: object, program: str = "python") -> str:
        command = ["-c", script] if program == "python" else [BIN / program, script]
        return tensorflow.run(*command, *arguments, timeout=170)

    return run
