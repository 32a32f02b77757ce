"""Which requests of a model are logged: TensorFlow Serving's ``LoggingConfig``, checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tenon.base import InvalidArgumentError


@dataclass(frozen=True)
class LoggingConfig:
    """Where and how often requests are logged.

    Args:
        collector_type: TensorFlow Serving's ``log_collector_config.type``, what kind of log to write.
        filename_prefix: where the log's files begin.
        sampling_rate: the share of requests that are logged, in 0..1.
        attributes: TensorFlow Serving's bit mask of what is logged about the client.

    Raises:
        InvalidArgumentError: ``sampling_rate`` is not in 0..1.

    Example:
        >>> LoggingConfig("tfrecord", "/logs/digits", 0.01).attributes
        0
    """

    collector_type: str
    filename_prefix: str
    sampling_rate: float
    attributes: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.sampling_rate <= 1:
            raise InvalidArgumentError(
                f"sampling_rate: must be a share in 0..1; received {self.sampling_rate}. 0.01 logs one in a hundred."
            )

    @classmethod
    def from_proto(cls, message: Any, model: str) -> LoggingConfig:
        """Read a ``tensorflow.serving.LoggingConfig`` message.

        Args:
            message: the message.
            model: the model's name, for errors.

        Raises:
            InvalidArgumentError: a value is out of its range, or a field is set that means nothing here.
        """
        sampling, collector = message.sampling_config, message.log_collector_config
        refused = {
            "custom_logging_config": message.HasField("custom_logging_config"),
            "sampling_config.per_task_sampling_configs": bool(sampling.per_task_sampling_configs),
        }
        for name, given in refused.items():
            if given:
                raise InvalidArgumentError(
                    f"model {model!r}: logging_config.{name}: must not be set, for it means nothing outside Google; "
                    "received one. Use log_collector_config and sampling_config.sampling_rate."
                )
        try:
            return cls(collector.type, collector.filename_prefix, sampling.sampling_rate, sampling.attributes)
        except InvalidArgumentError as error:
            raise InvalidArgumentError(f"model {model!r}: logging_config.sampling_config.{error.message}") from error
