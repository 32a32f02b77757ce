"""``tf.config``'s functions on devices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax

from tenon.core._names import export
from tenon.core.configuration._physical import (
    DEVICES,
    LogicalDevice,
    LogicalDeviceConfiguration,
    PhysicalDevice,
    logical_devices,
    type_of,
)
from tenon.core.configuration._spec import DeviceSpec

export("config.PhysicalDevice")(PhysicalDevice)
export("config.LogicalDevice")(LogicalDevice)
export("config.LogicalDeviceConfiguration", "config.experimental.VirtualDeviceConfiguration")(
    LogicalDeviceConfiguration
)


@export("config.list_physical_devices", "config.experimental.list_physical_devices")
def list_physical_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """Return the processors of this machine, ``tf.config.list_physical_devices``; nothing is taken by asking.

    Args:
        device_type: ``"CPU"``, ``"GPU"`` or ``"TPU"``; ``None`` for all.

    Example:
        >>> list_physical_devices("CPU")
        [PhysicalDevice(name='/physical_device:CPU:0', device_type='CPU')]
    """
    return DEVICES.physical(device_type)


@export("config.list_logical_devices", "config.experimental.list_logical_devices")
def list_logical_devices(device_type: str | None = None) -> list[LogicalDevice]:
    """Return the devices that compute, ``tf.config.list_logical_devices``; asking takes them.

    Args:
        device_type: ``"CPU"``, ``"GPU"`` or ``"TPU"``; ``None`` for all.

    Example:
        >>> list_logical_devices("CPU")[0]
        LogicalDevice(name='/device:CPU:0', device_type='CPU')
    """
    return logical_devices(device_type)


@export("config.get_visible_devices", "config.experimental.get_visible_devices")
def get_visible_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """Return the processors that are used, ``tf.config.get_visible_devices``.

    Args:
        device_type: ``"CPU"``, ``"GPU"`` or ``"TPU"``; ``None`` for all.
    """
    return DEVICES.visible(device_type)


@export("config.set_visible_devices", "config.experimental.set_visible_devices")
def set_visible_devices(devices: Any, device_type: str | None = None) -> None:
    """Use only some processors, ``tf.config.set_visible_devices``.

    Args:
        devices: physical devices, of those that ``list_physical_devices`` returns.
        device_type: change only which devices of this type are used.

    Raises:
        ValueError: there is no such device.
        RuntimeError: something was computed already.

    Example:
        >>> set_visible_devices([], "GPU")
    """
    DEVICES.show_only(devices, device_type)


@export("config.get_logical_device_configuration", "config.experimental.get_virtual_device_configuration")
def get_logical_device_configuration(device: PhysicalDevice) -> list[LogicalDeviceConfiguration] | None:
    """Return what ``set_logical_device_configuration`` set, or ``None``.

    Raises:
        ValueError: there is no such device.
    """
    return DEVICES.logical_configuration(device)


@export("config.set_logical_device_configuration", "config.experimental.set_virtual_device_configuration")
def set_logical_device_configuration(
    device: PhysicalDevice, logical_devices: Sequence[LogicalDeviceConfiguration]
) -> None:
    """Let a processor be several devices, ``tf.config.set_logical_device_configuration``: a CPU, to test with.

    Args:
        device: a physical device.
        logical_devices: what each of its logical devices gets.

    Raises:
        ValueError: there is no such device, or a limit of memory is asked for.
        RuntimeError: something was computed already.
        InvalidArgumentError: a GPU is to be several devices.
    """
    DEVICES.split(device, logical_devices)


@export("config.experimental.get_memory_growth")
def get_memory_growth(device: PhysicalDevice) -> bool:
    """Return whether memory of a GPU is taken as it is needed.

    Raises:
        ValueError: there is no such device, or it is no GPU.
    """
    return DEVICES.memory_growth(device)


@export("config.experimental.set_memory_growth")
def set_memory_growth(device: PhysicalDevice, enable: bool) -> None:
    """Take memory of GPUs as it is needed, and not nearly all at once; JAX does so for all GPUs or for none.

    Args:
        device: a physical device.
        enable: whether to.

    Raises:
        ValueError: there is no such device, or it is no GPU.
        RuntimeError: something was computed already.
    """
    DEVICES.grow_memory(device, enable)


@export("config.experimental.get_device_details")
def get_device_details(device: PhysicalDevice) -> dict[str, Any]:
    """Return what is known of a processor: for GPUs ``device_name`` and ``compute_capability``.

    Raises:
        ValueError: it is no physical device.
    """
    if not isinstance(device, PhysicalDevice):
        raise ValueError(f"device must be a tf.config.PhysicalDevice, but got: {device}")
    if device.device_type == "CPU":
        return {}
    found = _device(device.name.removeprefix("/physical_device:"))
    details: dict[str, Any] = {"device_name": found.device_kind}
    if hasattr(found, "compute_capability"):
        details["compute_capability"] = tuple([int(part) for part in str(found.compute_capability).split(".")])
    return details


@export("config.experimental.get_memory_info")
def get_memory_info(device: str) -> dict[str, int]:
    """Return how many bytes of a device are used now and were used at most, ``current`` and ``peak``.

    Nobody counts for a CPU: both are 0, as in TensorFlow.

    Args:
        device: its name, such as ``"GPU:0"``.

    Raises:
        ValueError: there is no such device.

    Example:
        >>> get_memory_info("CPU:0")
        {'current': 0, 'peak': 0}
    """
    counted = _device(device).memory_stats() or {}
    return {"current": counted.get("bytes_in_use", 0), "peak": counted.get("peak_bytes_in_use", 0)}


@export("config.experimental.get_memory_usage")
def get_memory_usage(device: str) -> int:
    """Return how many bytes of a device are used now.

    Raises:
        ValueError: there is no such device.
    """
    return get_memory_info(device)["current"]


def _device(name: str) -> Any:
    spec = DeviceSpec.from_string(name)
    if spec.device_type is None or spec.device_index is None:
        raise ValueError(
            f"Failed parsing device name: {name!r}. A device has at least a type and an index, such as 'GPU:0'."
        )
    found = find_device(spec)
    if found is None:
        raise ValueError(f"No matching devices found for {name!r}")
    return found


def find_device(spec: DeviceSpec) -> Any | None:
    """Return the device of JAX that ``spec`` means, the first of its type where it has no index; or ``None``."""
    candidates = [*jax.local_devices(), *jax.local_devices(backend="cpu")]
    for device in candidates:
        if type_of(device) == spec.device_type and spec.device_index in (None, device.id):
            return device
    return None
