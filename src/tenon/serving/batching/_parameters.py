"""How requests are batched: TensorFlow Serving's ``BatchingParameters``, with its rules."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from itertools import pairwise
from typing import Any

from tenon.base import InvalidArgumentError, processor_count
from tenon.serving.batching._batch_sizes import batch_sizes

_TF_DEFAULTS = {"max_batch_size": 1000, "max_enqueued_batches": 10, "enable_large_batch_splitting": False}
_PLAIN_FIELDS = ("allowed_batch_sizes", "pad_variable_length_inputs")


@dataclass(frozen=True)
class BatchingParameters:
    """How the requests of a model share runs.

    The fields are those of ``tensorflow.serving.BatchingParameters``; the defaults are Tenon's own, which suit programs
    that are compiled for fixed sizes: no timer, powers of two, requests of any length. ``from_proto`` takes TensorFlow
    Serving's defaults instead.

    Args:
        max_batch_size: rows that one run takes. Where ``max_execution_batch_size`` is given: rows that one request may
            have.
        batch_timeout_micros: how long the oldest request may wait for others; 0 waits only while the event loop is
            busy with what may become requests.
        max_enqueued_batches: full batches that may wait, for each signature and priority, before requests are refused.
        num_batch_threads: slow programs that run at once; read by whoever makes the ``BatchScheduler``.
        allowed_batch_sizes: the sizes that batches are padded to, ascending; empty for the powers of two.
        pad_variable_length_inputs: let requests of different lengths share a batch: each tensor is padded at the end of
            every open dimension with its own first element, and answers are not cropped back.
        enable_large_batch_splitting: divide a request among several runs when it does not fit one.
        max_execution_batch_size: rows that one run takes when large requests are split; ``None`` for
            ``max_batch_size``, and requests of any length.

    Raises:
        InvalidArgumentError: a number is out of its range, or the sizes break TensorFlow Serving's rules.

    Example:
        >>> BatchingParameters(max_batch_size=24).batch_sizes
        (1, 2, 4, 8, 16, 24)
        >>> BatchingParameters(max_batch_size=24, allowed_batch_sizes=(4, 24)).batch_sizes
        (4, 24)
    """

    max_batch_size: int = 64
    batch_timeout_micros: int = 0
    max_enqueued_batches: int = 64
    num_batch_threads: int = field(default_factory=processor_count)
    allowed_batch_sizes: tuple[int, ...] = ()
    pad_variable_length_inputs: bool = False
    enable_large_batch_splitting: bool = True
    max_execution_batch_size: int | None = None

    def __post_init__(self) -> None:
        for name in ("max_batch_size", "max_enqueued_batches", "num_batch_threads"):
            if getattr(self, name) < 1:
                raise InvalidArgumentError(f"{name} must be positive; was {getattr(self, name)}")
        if self.batch_timeout_micros < 0:
            raise InvalidArgumentError(f"batch_timeout_micros must be non-negative; was {self.batch_timeout_micros}")
        self._check_execution_size()
        self._check_allowed_sizes()
        batch_sizes(self.execution_batch_size)

    def _check_execution_size(self) -> None:
        size = self.max_execution_batch_size
        if size is None:
            return
        if size < 1:
            raise InvalidArgumentError(f"max_execution_batch_size must be positive; was {size}")
        if not self.enable_large_batch_splitting:
            raise InvalidArgumentError(
                f"max_execution_batch_size needs enable_large_batch_splitting; was {size} without it"
            )
        if size > self.max_batch_size:
            raise InvalidArgumentError(
                "When enable_large_batch_splitting is true, max_batch_size must be greater than or equal to "
                f"max_execution_batch_size; max_batch_size was {self.max_batch_size}, "
                f"max_execution_batch_size {size}"
            )

    def _check_allowed_sizes(self) -> None:
        sizes = self.allowed_batch_sizes
        if not sizes:
            return
        if sizes[0] < 1:
            raise InvalidArgumentError(f"allowed_batch_sizes entries must be positive; was {list(sizes)}")
        if any(small >= large for small, large in pairwise(sizes)):
            raise InvalidArgumentError(
                f"allowed_batch_sizes entries must be monotonically increasing; was {list(sizes)}"
            )
        if sizes[-1] != self.execution_batch_size:
            rule = (
                "must match max_batch_size"
                if self.max_execution_batch_size is None
                else "must be equal to max_execution_batch_size"
            )
            raise InvalidArgumentError(
                f"Last entry in allowed_batch_sizes {rule}; last entry was {sizes[-1]}; "
                f"expected {self.execution_batch_size}"
            )

    @property
    def execution_batch_size(self) -> int:
        """Rows that one run takes at most."""
        return self.max_execution_batch_size or self.max_batch_size

    @property
    def batch_sizes(self) -> tuple[int, ...]:
        """The padded sizes that programs are compiled for, ascending."""
        return self.allowed_batch_sizes or batch_sizes(self.execution_batch_size)

    @property
    def max_request_rows(self) -> int | None:
        """Rows that one request may have; ``None`` for any number."""
        bounded = not self.enable_large_batch_splitting or self.max_execution_batch_size is not None
        return self.max_batch_size if bounded else None

    @classmethod
    def from_proto(cls, message: Any) -> BatchingParameters:
        """Read the message that a ``--batching_parameters_file`` holds; what it leaves out is as in TensorFlow Serving.

        Args:
            message: a ``tensorflow.serving.BatchingParameters``. ``thread_pool_name`` is not looked at.

        Raises:
            InvalidArgumentError: see the class.

        Example:
            >>> from tenon.formats import message_class
            >>> message = message_class("tensorflow.serving.BatchingParameters")(max_batch_size={"value": 8})
            >>> parameters = BatchingParameters.from_proto(message)
            >>> parameters.max_batch_size, parameters.max_enqueued_batches, parameters.enable_large_batch_splitting
            (8, 10, False)
        """
        given = {
            each.name: getattr(message, each.name).value
            for each in fields(cls)
            if each.name not in _PLAIN_FIELDS and message.HasField(each.name)
        }
        values = _TF_DEFAULTS | given
        if values["enable_large_batch_splitting"]:
            values.setdefault("max_execution_batch_size", values["max_batch_size"])
        else:
            values.pop("max_execution_batch_size", None)
        return cls(
            allowed_batch_sizes=tuple(message.allowed_batch_sizes),
            pad_variable_length_inputs=message.pad_variable_length_inputs,
            **values,
        )
