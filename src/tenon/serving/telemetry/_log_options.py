"""How one model's requests are logged."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenon.base import InvalidArgumentError

TFRECORD_TYPE, PARQUET_TYPE = "tfrecord", "parquet"
_TYPES = ("", TFRECORD_TYPE, PARQUET_TYPE)


@dataclass(frozen=True)
class RequestLogOptions:
    """How one model's requests are logged.

    Args:
        filename_prefix: directory and begin of the files' names; time, process and a random part follow.
        sampling_rate: the share of requests that is logged, between 0 and 1.
        type: ``tfrecord`` (also where empty) for ``PredictionLog`` records, or ``parquet``.
        max_file_bytes: a file that has reached this size is finished, and another begun.
        max_file_seconds: so is one of this age.

    Raises:
        InvalidArgumentError: a number out of its range, an unknown type, or no name.

    Example:
        >>> RequestLogOptions("/var/log/tenon/digits", sampling_rate=0.01).type
        'tfrecord'
    """

    filename_prefix: str
    sampling_rate: float = 0.0
    type: str = TFRECORD_TYPE
    max_file_bytes: int = 256 * 2**20
    max_file_seconds: float = 600.0

    def __post_init__(self) -> None:
        if self.type not in _TYPES:
            raise InvalidArgumentError(f"log_collector_config.type: must be one of {_TYPES}; received {self.type!r}.")
        if not 0 <= self.sampling_rate <= 1:
            raise InvalidArgumentError(
                f"sampling_config.sampling_rate: must lie between 0 and 1; received {self.sampling_rate}."
            )
        if not Path(self.filename_prefix).name:
            raise InvalidArgumentError(
                "log_collector_config.filename_prefix: must be a directory and the begin of a name; "
                f"received {self.filename_prefix!r}."
            )
        for name in ("max_file_bytes", "max_file_seconds"):
            if not getattr(self, name) > 0:
                raise InvalidArgumentError(f"{name}: must be positive; received {getattr(self, name)}.")

    @property
    def prefix(self) -> Path:
        """``filename_prefix`` as an absolute path."""
        return Path(self.filename_prefix).absolute()

    @classmethod
    def from_proto(cls, logging_config: Any) -> RequestLogOptions:
        """Return the options that a ``tensorflow.serving.LoggingConfig`` message holds.

        Args:
            logging_config: the ``logging_config`` of a model's configuration.

        Raises:
            InvalidArgumentError: it holds something that has no meaning here, or a number out of its range.
        """
        collector, sampling = logging_config.log_collector_config, logging_config.sampling_config
        refused = {
            "custom_logging_config": logging_config.HasField("custom_logging_config"),
            "sampling_config.per_task_sampling_configs": bool(sampling.per_task_sampling_configs),
        }
        for name, given in refused.items():
            if given:
                raise InvalidArgumentError(
                    f"{name}: must not be set, for it means nothing outside Google; received one. Use "
                    "log_collector_config and sampling_config.sampling_rate."
                )
        return cls(collector.filename_prefix, sampling.sampling_rate, collector.type or TFRECORD_TYPE)
