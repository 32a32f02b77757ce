"""The devices of this machine, before and after JAX takes them: which are seen, and how they are split.

    asked for --first computation--> taken --> what is seen, split or limited cannot change any more

Until something is computed, devices are only counted: JAX takes all that it may see at once, and with their memory.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, NamedTuple

import jax

from tenon.base import InvalidArgumentError
from tenon.core import _jax_internals as internals

_config: Any = jax.config
_NVIDIA: Final = Path("/proc/driver/nvidia/gpus")
PLUGINS: Final = ("jax_cuda12_plugin", "jax_cuda13_plugin", "jax_rocm60_plugin", "jax_rocm7_plugin", "libtpu")
"""Packages that let JAX use accelerators."""


class PhysicalDevice(NamedTuple):
    """A processor of this machine, ``tf.config.PhysicalDevice``.

    Attributes:
        name: TensorFlow's name, such as ``/physical_device:CPU:0``.
        device_type: ``CPU``, ``GPU`` or ``TPU``.
    """

    name: str
    device_type: str


class LogicalDevice(NamedTuple):
    """A device that computes, ``tf.config.LogicalDevice``.

    Attributes:
        name: TensorFlow's name, such as ``/device:CPU:0``.
        device_type: ``CPU``, ``GPU`` or ``TPU``.
    """

    name: str
    device_type: str


class LogicalDeviceConfiguration(NamedTuple):
    """What one logical device of a physical one gets, ``tf.config.LogicalDeviceConfiguration``.

    Attributes:
        memory_limit: MiB; only ``None`` is possible: JAX has no such limit.
        experimental_priority: not used.
        experimental_device_ordinal: not used.
    """

    memory_limit: int | None = None
    experimental_priority: int | None = None
    experimental_device_ordinal: int | None = None


def devices_are_taken() -> bool:
    """Tell whether JAX has taken its devices, so that what they are cannot change any more."""
    return internals.backends_are_initialized()


def require_untaken(what: str) -> None:
    """Refuse a change that comes too late.

    Raises:
        RuntimeError: JAX has taken its devices already.
    """
    if devices_are_taken():
        raise RuntimeError(
            f"{what} cannot be modified after being initialized: something was computed before, which takes all "
            "devices. Configure devices at the start of the program."
        )


class DeviceTable:
    """The physical devices and what was asked for each of them. Safe for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: tuple[PhysicalDevice, ...] | None = None
        self._hidden: frozenset[PhysicalDevice] = frozenset()
        self._logical: dict[PhysicalDevice, tuple[LogicalDeviceConfiguration, ...]] = {}
        self._growing: dict[PhysicalDevice, bool] = {}

    def physical(self, device_type: str | None = None) -> list[PhysicalDevice]:
        """Return the devices of this machine, or those of one type."""
        with self._lock:
            if self._found is None:
                self._found = _counted()
            return _of_type(self._found, device_type)

    def visible(self, device_type: str | None = None) -> list[PhysicalDevice]:
        """Return the devices that are used."""
        return [device for device in self.physical(device_type) if device not in self._hidden]

    def show_only(self, devices: Any, device_type: str | None) -> None:
        """Use only some devices, or only some of one type.

        Raises:
            ValueError: there is no such device.
            RuntimeError: it is too late.
        """
        wanted = devices if isinstance(devices, list | tuple) and not isinstance(devices, PhysicalDevice) else [devices]
        candidates = self.physical(device_type)
        for device in wanted:
            _check_known(device, candidates)
        hidden = (self._hidden - {*candidates}) | ({*candidates} - {*wanted})
        if hidden == self._hidden:
            return
        require_untaken("Visible devices")
        self._hidden = hidden
        _show(self.visible(), self.physical())

    def logical_configuration(self, device: Any) -> list[LogicalDeviceConfiguration] | None:
        """Return what was set, or ``None``."""
        _check_known(device, self.physical())
        found = self._logical.get(device)
        return None if found is None else list(found)

    def split(self, device: Any, configurations: Sequence[LogicalDeviceConfiguration]) -> None:
        """Let a device be several logical ones.

        Raises:
            ValueError: there is no such device, or a limit of memory is asked for.
            RuntimeError: it is too late.
            InvalidArgumentError: a GPU is to be several devices.
        """
        _check_known(device, self.physical())
        wanted = tuple(configurations)
        if self._logical.get(device) == wanted:
            return
        _check_split(device, wanted)
        require_untaken("Virtual devices")
        self._logical[device] = wanted
        if device.device_type == "CPU":
            jax.config.update("jax_num_cpu_devices", max(len(wanted), 1))

    def memory_growth(self, device: Any) -> bool:
        """Return whether memory is taken as it is needed.

        Raises:
            ValueError: there is no such device, or it is no GPU.
        """
        self._check_gpu(device, "get")
        return self._growing.get(device, os.environ.get(_PREALLOCATE, "true").lower() in ("false", "0"))

    def grow_memory(self, device: Any, enable: bool) -> None:
        """Take memory as it is needed, or nearly all at once.

        Raises:
            ValueError: there is no such device, or it is no GPU.
            RuntimeError: it is too late.
        """
        self._check_gpu(device, "set")
        if self._growing.get(device) == enable:
            return
        require_untaken("Physical devices")
        self._growing[device] = enable
        os.environ[_PREALLOCATE] = "false" if any(self._growing.values()) else "true"

    def _check_gpu(self, device: Any, verb: str) -> None:
        _check_known(device, self.physical())
        if device.device_type != "GPU":
            raise ValueError(f"Cannot {verb} memory growth on non-GPU and non-Pluggable devices; received {device}.")


_PREALLOCATE: Final = "XLA_PYTHON_CLIENT_PREALLOCATE"

DEVICES: Final = DeviceTable()
"""The devices of this machine."""


def logical_devices(device_type: str | None = None) -> list[LogicalDevice]:
    """Return the devices that compute, or those of one type; JAX takes them now if it did not yet."""
    own = [LogicalDevice(f"/device:{type_of(device)}:{device.id}", type_of(device)) for device in jax.local_devices()]
    cpus = [] if jax.default_backend() == "cpu" else jax.local_devices(backend="cpu")
    found = [*[LogicalDevice(f"/device:CPU:{device.id}", "CPU") for device in cpus], *own]
    hidden = {device.device_type for device in DEVICES.physical()} - {d.device_type for d in DEVICES.visible()}
    return [device for device in _of_type(found, device_type) if device.device_type not in hidden]


def type_of(device: Any) -> str:
    """Return TensorFlow's type of a device of JAX.

    Example:
        >>> type_of(jax.local_devices(backend="cpu")[0])
        'CPU'
    """
    return str(device.platform).upper()


def _of_type(devices: Sequence[Any], device_type: str | None) -> list[Any]:
    return [device for device in devices if device_type in (None, device.device_type)]


def _check_known(device: Any, candidates: Sequence[PhysicalDevice]) -> None:
    if device not in candidates:
        raise ValueError(f"Unrecognized device: {device!r}; the devices are {list(candidates)}.")


def _check_split(device: PhysicalDevice, configurations: Sequence[LogicalDeviceConfiguration]) -> None:
    if any(configuration.memory_limit is not None for configuration in configurations):
        raise ValueError(
            f"Setting memory limit on {device.device_type} virtual devices is currently not supported; for GPUs set "
            "the environment variable XLA_PYTHON_CLIENT_MEM_FRACTION before the program starts."
        )
    if device.device_type != "CPU" and len(configurations) > 1:
        raise InvalidArgumentError(
            f"logical_devices: XLA cannot split a {device.device_type} into {len(configurations)} devices; only a CPU. "
            "To test a program for several devices, split the CPU."
        )


def _counted() -> tuple[PhysicalDevice, ...]:
    cpu = PhysicalDevice("/physical_device:CPU:0", "CPU")
    others = [("GPU", place) for place in range(_nvidia_count())] if not devices_are_taken() else []
    if not others and _may_have_accelerators():
        others = [(type_of(device), device.id) for device in jax.local_devices() if device.platform != "cpu"]
    return (cpu, *[PhysicalDevice(f"/physical_device:{kind}:{place}", kind) for kind, place in others])


def _may_have_accelerators() -> bool:
    """Tell without taking any device: where JAX has only its CPU, there is nothing to ask for."""
    allowed = (_config.jax_platforms or "").split(",")
    return allowed != ["cpu"] and any(find_spec(plugin) is not None for plugin in PLUGINS)


def _nvidia_count() -> int:
    """Return how many GPUs the driver of NVIDIA shows to this process, where JAX can use them."""
    if not _may_have_accelerators() or not _NVIDIA.is_dir():
        return 0
    count = len(list(_NVIDIA.iterdir()))
    shown = os.environ.get("CUDA_VISIBLE_DEVICES")
    return count if shown is None else min(count, len([name for name in shown.split(",") if name.strip()]))


def _show(visible: Sequence[PhysicalDevice], every: Sequence[PhysicalDevice]) -> None:
    gpus = [device.name.rsplit(":", 1)[1] for device in visible if device.device_type == "GPU"]
    if gpus:
        jax.config.update("jax_cuda_visible_devices", ",".join(gpus))
    elif any(device.device_type == "GPU" for device in every):
        jax.config.update("jax_platforms", "cpu")
