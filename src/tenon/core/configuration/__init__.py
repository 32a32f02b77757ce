"""Configuration: devices, and the switches of ``tf.config``.

>>> list_physical_devices("CPU")
[PhysicalDevice(name='/physical_device:CPU:0', device_type='CPU')]
"""

from tenon.core.configuration._build import get_build_info, get_logger, gpu_device_name, is_gpu_available
from tenon.core.configuration._devices import (
    find_device,
    get_device_details,
    get_logical_device_configuration,
    get_memory_growth,
    get_memory_info,
    get_memory_usage,
    get_visible_devices,
    list_logical_devices,
    list_physical_devices,
    set_logical_device_configuration,
    set_memory_growth,
    set_visible_devices,
)
from tenon.core.configuration._physical import LogicalDevice, LogicalDeviceConfiguration, PhysicalDevice
from tenon.core.configuration._placement import device
from tenon.core.configuration._spec import DeviceSpec
from tenon.core.configuration._switches import (
    enable_op_determinism,
    functions_run_eagerly,
    get_soft_device_placement,
    run_functions_eagerly,
    set_soft_device_placement,
)

__all__ = [
    "DeviceSpec",
    "LogicalDevice",
    "LogicalDeviceConfiguration",
    "PhysicalDevice",
    "device",
    "enable_op_determinism",
    "find_device",
    "functions_run_eagerly",
    "get_build_info",
    "get_device_details",
    "get_logger",
    "get_logical_device_configuration",
    "get_memory_growth",
    "get_memory_info",
    "get_memory_usage",
    "get_soft_device_placement",
    "get_visible_devices",
    "gpu_device_name",
    "is_gpu_available",
    "list_logical_devices",
    "list_physical_devices",
    "run_functions_eagerly",
    "set_logical_device_configuration",
    "set_memory_growth",
    "set_soft_device_placement",
    "set_visible_devices",
]
