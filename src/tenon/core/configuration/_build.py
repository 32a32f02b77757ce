"""What Tenon says of itself where programs ask TensorFlow: version, build, logger."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any, Final

import jax
import jaxlib.version

from tenon.core._names import export
from tenon.core.configuration._physical import DEVICES, PLUGINS, logical_devices

VERSION: Final[Mapping[str, Any]] = {
    "VERSION": "2.21.0",
    "GIT_VERSION": "v2.21.0-tenon",
    "COMPILER_VERSION": f"jaxlib {jaxlib.version.__version__}",
    "GRAPH_DEF_VERSION": 2474,
    "GRAPH_DEF_VERSION_MIN_CONSUMER": 0,
    "GRAPH_DEF_VERSION_MIN_PRODUCER": 0,
}
"""The names of ``tf.version``: of the TensorFlow whose names, rules and files Tenon has."""

for _name, _value in VERSION.items():
    export(f"version.{_name}")(_value)


@export("sysconfig.get_build_info")
def get_build_info() -> OrderedDict[str, Any]:
    """Return what was built in: whether XLA's GPU backends are there.

    Example:
        >>> sorted(get_build_info())
        ['is_cuda_build', 'is_rocm_build', 'is_tensorrt_build']
    """
    return OrderedDict(is_cuda_build=is_built_with_cuda(), is_rocm_build=is_built_with_rocm(), is_tensorrt_build=False)


@export("test.is_built_with_cuda")
def is_built_with_cuda() -> bool:
    """Tell whether JAX has its CUDA backend."""
    return _has_platform("cuda")


@export("test.is_built_with_rocm")
def is_built_with_rocm() -> bool:
    """Tell whether JAX has its ROCm backend."""
    return _has_platform("rocm")


@export("test.is_built_with_gpu_support")
def is_built_with_gpu_support() -> bool:
    """Tell whether JAX has a backend for GPUs."""
    return is_built_with_cuda() or is_built_with_rocm()


@export("test.is_built_with_xla")
def is_built_with_xla() -> bool:
    """Tell whether XLA is there: always.

    Example:
        >>> is_built_with_xla()
        True
    """
    return True


@export("test.is_gpu_available")
def is_gpu_available(cuda_only: bool = False, min_cuda_compute_capability: tuple[int, int] | None = None) -> bool:
    """Tell whether there is a GPU, ``tf.test.is_gpu_available``; ``tf.config.list_physical_devices("GPU")`` is better.

    Args:
        cuda_only: whether only NVIDIA's count.
        min_cuda_compute_capability: the least compute capability that counts, or ``None``.
    """
    del cuda_only
    if not DEVICES.visible("GPU"):
        return False
    least = min_cuda_compute_capability or (0, 0)
    return any(_capability(device) >= least for device in jax.local_devices(backend="gpu"))


@export("test.gpu_device_name")
def gpu_device_name() -> str:
    """Return the name of a GPU, or an empty string.

    Example:
        >>> gpu_device_name() in ("", "/device:GPU:0")
        True
    """
    found = logical_devices("GPU") if DEVICES.visible("GPU") else []
    return found[0].name if found else ""


def _capability(device: Any) -> tuple[int, ...]:
    return tuple([int(part) for part in str(getattr(device, "compute_capability", "0.0")).split(".")])


def _has_platform(name: str) -> bool:
    return any(plugin.startswith(f"jax_{name}") and find_spec(plugin) is not None for plugin in PLUGINS)


@export("get_logger")
def get_logger() -> logging.Logger:
    """Return the logger of everything that Tenon logs, ``tf.get_logger``.

    Example:
        >>> get_logger().name
        'tenon'
    """
    return logging.getLogger("tenon")
