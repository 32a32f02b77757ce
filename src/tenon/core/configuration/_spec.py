"""Names of devices, ``tf.DeviceSpec``."""

from __future__ import annotations

import dataclasses
import re
from typing import Any, Final

from tenon.core._names import export

_PART: Final = re.compile(r"job:(?P<job>[^/]+)|replica:(?P<replica>\d+)|task:(?P<task>\d+)")
_DEVICE: Final = re.compile(r"(?:device:)?(?P<type>[A-Za-z_]\w*)(?::(?P<index>\d+|\*))?")
_TYPES: Final = ("CPU", "GPU", "TPU", "XLA_CPU", "XLA_GPU")


@export("DeviceSpec")
@dataclasses.dataclass(frozen=True, repr=False)
class DeviceSpec:
    """Which device is meant, as far as it is said, ``tf.DeviceSpec``.

    Args:
        job: the name of a job of a cluster.
        replica: a number.
        task: the number of a process of the job.
        device_type: ``CPU``, ``GPU`` or ``TPU``.
        device_index: the number of the device among those of its type.

    Example:
        >>> DeviceSpec.from_string("/gpu:1").to_string()
        '/device:GPU:1'
    """

    job: str | None = None
    replica: int | None = None
    task: int | None = None
    device_type: str | None = None
    device_index: int | None = None

    @classmethod
    def from_string(cls, spec: str) -> DeviceSpec:
        """Read a name such as ``"/job:worker/task:0/device:GPU:1"`` or ``"cpu:0"``.

        Raises:
            ValueError: it is no name of a device.
        """
        found: dict[str, Any] = {}
        for part in filter(None, spec.split("/")):
            found.update(_read_part(part, spec))
        return cls(**found)

    def parse_from_string(self, spec: str) -> DeviceSpec:
        """Return what ``from_string`` returns."""
        return self.from_string(spec)

    def make_merged_spec(self, dev: DeviceSpec) -> DeviceSpec:
        """Return this specification with everything that ``dev`` says in place of what this one says."""
        return self.replace(**{name: value for name, value in dataclasses.asdict(dev).items() if value is not None})

    def replace(self, **kwargs: Any) -> DeviceSpec:
        """Return this specification with some parts replaced."""
        return dataclasses.replace(self, **kwargs)

    def to_string(self) -> str:
        """Return the name."""
        parts = [("job", self.job), ("replica", self.replica), ("task", self.task)]
        said = "".join([f"/{name}:{value}" for name, value in parts if value is not None])
        index = "*" if self.device_index is None else self.device_index
        return said + (f"/device:{self.device_type}:{index}" if self.device_type is not None else "")

    def __repr__(self) -> str:
        return f"DeviceSpec({self.to_string()!r})"


def _read_part(part: str, spec: str) -> dict[str, Any]:
    place = _PART.fullmatch(part)
    if place is not None:
        return {
            name: value if name == "job" else int(value)
            for name, value in place.groupdict().items()
            if value is not None
        }
    device = _DEVICE.fullmatch(part)
    if device is None or device["type"].upper() not in _TYPES:
        raise ValueError(
            f"Unknown attribute {part!r} is encountered while parsing the device spec: {spec!r}; write one such as "
            "'/device:GPU:0' or 'CPU:0'."
        )
    index = device["index"]
    return {
        "device_type": device["type"].upper().removeprefix("XLA_"),
        "device_index": None if index in (None, "*") else int(index),
    }
