"""Options that 1.x takes and that change nothing here."""

from __future__ import annotations

from typing import Any


class Options:
    """Named values that are kept: any can be given and set.

    Example:
        >>> options = ConfigProto(allow_soft_placement=True)
        >>> options.gpu_options.allow_growth = True
        >>> options.allow_soft_placement, options.gpu_options.allow_growth
        (True, True)
    """

    NO_TRACE = 0
    SOFTWARE_TRACE = 1
    HARDWARE_TRACE = 2
    FULL_TRACE = 3
    DEFAULT = 0
    L0 = -1
    L1 = 0
    OFF = -1
    ON_1 = 1
    ON_2 = 2

    def __init__(self, **values: Any) -> None:
        vars(self).update(values)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = vars(self)[name] = Options()
        return found

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join([f'{key}={value!r}' for key, value in vars(self).items()])})"


ConfigProto = GPUOptions = GraphOptions = OptimizerOptions = RunOptions = RunMetadata = Options
"""``tf.compat.v1.ConfigProto`` and its kin: options of sessions, devices, graphs and runs."""


class AggregationMethod:
    """How gradients are added, ``tf.AggregationMethod``: always at once."""

    ADD_N = 0
    DEFAULT = 0
    EXPERIMENTAL_TREE = 1
    EXPERIMENTAL_ACCUMULATE_N = 2
