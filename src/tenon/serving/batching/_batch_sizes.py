"""Which padded batch sizes exist, and which one a batch takes. Stateless."""

from __future__ import annotations

from bisect import bisect_left

from tenon.base import InvalidArgumentError

MAX_BATCH_SIZE = 2**16
"""No larger batch is compiled for: memory grows with it, and speed no longer does."""


def batch_sizes(max_batch_size: int) -> tuple[int, ...]:
    """Return the powers of two below ``max_batch_size``, and ``max_batch_size``.

    Twice as large at each step: a batch is never padded to more than twice its rows, and few programs are compiled.

    Raises:
        InvalidArgumentError: ``max_batch_size`` is less than 1 or more than ``MAX_BATCH_SIZE``.

    Example:
        >>> batch_sizes(24)
        (1, 2, 4, 8, 16, 24)
    """
    if not 1 <= max_batch_size <= MAX_BATCH_SIZE:
        raise InvalidArgumentError(
            f"max_batch_size: must be at least 1 and at most {MAX_BATCH_SIZE}; received {max_batch_size}."
        )
    sizes = [1 << power for power in range(max_batch_size.bit_length()) if 1 << power < max_batch_size]
    return (*sizes, max_batch_size)


def padded_size(rows: int, sizes: tuple[int, ...]) -> int:
    """Return the smallest of ``sizes`` (ascending) that holds ``rows``.

    Example:
        >>> padded_size(5, (1, 2, 4, 8))
        8
    """
    return sizes[bisect_left(sizes, rows)]
