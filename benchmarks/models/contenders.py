"""Who is measured, in the order of the turns."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.models.devices import Device
from benchmarks.models.workloads import Kind

ROOT = Path(__file__).resolve().parents[2]
TENON_PYTHON = Path(sys.executable)
INTEROP_PYTHON = ROOT / ".venv-interop/bin/python"
MODELS_PYTHON = ROOT / ".venv-models/bin/python"


@dataclass(frozen=True)
class Conversion:
    """A file that another framework writes.

    Args:
        python: of the environment that writes it.
        framework: the file of ``frameworks`` whose ``convert`` does.
    """

    python: Path
    framework: str


@dataclass(frozen=True)
class Contender:
    """One column of the table.

    Args:
        name: of the column.
        python: of its environment.
        frameworks: the file of ``frameworks`` for each kind of workload; kinds that are missing it does not do.
        distributions: whose versions the report states.
        compiled: whether it compiles, where its framework may also not.
        conversion: makes its file of a model.
        environment: of its processes, in addition; ``{own}`` becomes a folder that is empty at first.
        devices: on which it computes.
        starts_again: whether it keeps what it compiled, so that a second start is of interest.
    """

    name: str
    python: Path
    frameworks: Mapping[Kind, str]
    distributions: tuple[str, ...]
    compiled: bool = False
    conversion: Conversion | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    devices: tuple[Device, ...] = (Device.CPU,)
    starts_again: bool = False


TENON, KERAS_JAX, TENSORFLOW = "Tenon", "Keras on JAX", "TensorFlow"
PYTORCH, COMPILED, ONNX, LITERT = "PyTorch", "PyTorch compiled", "ONNX Runtime", "LiteRT"


def _everywhere(framework: str) -> dict[Kind, str]:
    return dict.fromkeys(Kind, framework)


_JAX = {"KERAS_BACKEND": "jax"}
_TENSORFLOW = {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2"}
_INDUCTOR = {"TORCHINDUCTOR_CACHE_DIR": "{own}/inductor"}

_BOTH = (Device.CPU, Device.GPU)

CONTENDERS = (
    Contender(
        TENON,
        TENON_PYTHON,
        {Kind.FIT: "tenon", Kind.PREDICT: "tenon", Kind.INFER: "tenon_serving"},
        ("tenon-ml", "jax", "keras", "ai-edge-litert", "litert-converter"),
        environment={"TENON_CACHE_DIR": "{own}/cache"},
        devices=_BOTH,
        starts_again=True,
    ),
    Contender(KERAS_JAX, TENON_PYTHON, _everywhere("keras_jax"), ("jax", "keras"), environment=_JAX, devices=_BOTH),
    Contender(TENSORFLOW, INTEROP_PYTHON, _everywhere("tensorflow"), ("tensorflow", "keras"), environment=_TENSORFLOW),
    Contender(PYTORCH, MODELS_PYTHON, _everywhere("pytorch"), ("torch",), devices=_BOTH),
    Contender(
        COMPILED,
        MODELS_PYTHON,
        _everywhere("pytorch"),
        ("torch",),
        compiled=True,
        environment=_INDUCTOR,
        devices=_BOTH,
    ),
    Contender(
        ONNX,
        MODELS_PYTHON,
        {Kind.INFER: "onnx_runtime"},
        ("onnxruntime", "onnx"),
        conversion=Conversion(MODELS_PYTHON, "pytorch"),
    ),
    Contender(
        LITERT,
        TENON_PYTHON,
        {Kind.INFER: "litert"},
        ("ai-edge-litert",),
        conversion=Conversion(INTEROP_PYTHON, "tensorflow"),
    ),
)
