"""Where things are computed, ``tf.device``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jax

from tenon.base import InvalidArgumentError
from tenon.core._names import export
from tenon.core._settings import SETTINGS
from tenon.core.configuration._devices import find_device
from tenon.core.configuration._physical import DEVICES, logical_devices
from tenon.core.configuration._spec import DeviceSpec

_config: Any = jax.config


@export("device")
def device(device_name: Any) -> Any:
    """Return a context in which new tensors are made and computed on a device, ``tf.device``.

    Where there is no such device, another one is taken, as TensorFlow does while soft placement is on. Inside a
    function that is being traced nothing is placed: XLA computes it where its arguments are.

    Args:
        device_name: a name such as ``"/GPU:0"`` or ``"CPU:1"``, a ``tf.DeviceSpec``, a logical device, or ``None`` to
            leave all such contexts.

    Raises:
        RuntimeError: it is a function: that was TensorFlow 1.
        ValueError: it is no name of a device.
        InvalidArgumentError: there is no such device and soft placement is off.

    Example:
        >>> from tenon.core.tensors import constant
        >>> with device("CPU:0"):
        ...     constant(1.0).device
        '/job:localhost/replica:0/task:0/device:CPU:0'
    """
    if callable(device_name) and not isinstance(device_name, DeviceSpec):
        raise RuntimeError("tf.device does not support functions; give the name of a device.")
    return _placed(device_name)


@contextmanager
def _placed(device_name: Any) -> Iterator[None]:
    with jax.default_device(_chosen(device_name)):
        yield


def _chosen(device_name: Any) -> Any | None:
    if not device_name:
        return None
    name = getattr(device_name, "name", device_name)
    spec = device_name if isinstance(device_name, DeviceSpec) else DeviceSpec.from_string(str(name))
    if spec.device_type is None:
        return _config.jax_default_device
    visible = {device.device_type for device in DEVICES.visible()}
    found = find_device(spec) if spec.device_type in visible else None
    if found is None and not SETTINGS.soft_device_placement:
        raise InvalidArgumentError(
            f"Could not satisfy device specification '{spec.to_string()}'. enable_soft_placement=0. All available "
            f"devices {[device.name for device in logical_devices()]}."
        )
    return found
