"""Where the contenders compute: the processor, or one GPU."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

SECONDS = 120.0
_ASK_JAX = "import jax; print(jax.devices('gpu')[0].device_kind)"


class Device(StrEnum):
    """What computes."""

    CPU = "cpu"
    GPU = "gpu"


@dataclass(frozen=True)
class Computing:
    """How models are computed.

    Args:
        device: by what.
        policy: Keras's dtype policy; PyTorch has ``torch.autocast`` for ``mixed_bfloat16``.
    """

    device: Device = Device.CPU
    policy: str = "float32"

    @property
    def tolerance(self) -> float:
        """How far apart results may be at least, as a share of the largest: tensor cores round operands."""
        if self.policy == "mixed_bfloat16":
            return 0.1
        return 0.01 if self.device is Device.GPU else 0.0

    @property
    def environment(self) -> Mapping[str, str]:
        """What tells JAX, PyTorch and TensorFlow where to compute."""
        if self.device is Device.CPU:
            return {"JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": "-1"}
        return {"JAX_PLATFORMS": "cuda,cpu"}


ON_THE_CPU = Computing()
POLICIES = ("float32", "mixed_bfloat16")


class NoGPUError(Exception):
    """JAX finds none; the message says what it says."""


def gpu_of(python: Path) -> str:
    """Return the name of the GPU that JAX would compute on.

    Args:
        python: of Tenon's environment.

    Raises:
        NoGPUError: there is none, or JAX has no plugin for it.
    """
    environment = {**os.environ, **Computing(Device.GPU).environment}
    words = [str(python), "-c", _ASK_JAX]
    asked = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)
    if asked.returncode:
        reason = (asked.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise NoGPUError(f"--device gpu needs a GPU, and JAX with its plugin (jax[cuda12]), in {python}: {reason}")
    return asked.stdout.strip()
