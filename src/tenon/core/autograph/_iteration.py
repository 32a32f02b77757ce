"""What a staged ``for`` goes over: tensors, and ``enumerate`` and ``zip`` of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tenon.base import InvalidArgumentError
from tenon.core.autograph._staging import Staging

Assemble = Callable[[Sequence[Any], Any], Any]


class StagedIterable:
    """Staged iterables that advance together.

    Where no converted ``for`` goes over it, it is the iterator that Python would have made.

    Args:
        parts: the iterables.
        assemble: ``(items, step) -> item``: what the loop's variable becomes, from one item of each part and the number
            of the iteration.
        counts: whether ``assemble`` needs that number.
        plain: makes Python's iterator.
    """

    def __init__(
        self, parts: tuple[Any, ...], assemble: Assemble, counts: bool, plain: Callable[[], Iterator[Any]]
    ) -> None:
        self.parts = parts
        self.assemble = assemble
        self.counts = counts
        self._plain = plain
        self._iterator: Iterator[Any] | None = None

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        self._iterator = self._iterator or self._plain()
        return next(self._iterator)


def staged_iterable(staging: Staging, value: Any) -> StagedIterable | None:
    """Return what a ``for`` over ``value`` goes over, None if the loop is Python's."""
    if isinstance(value, StagedIterable):
        return value
    if staging.is_staged(value):
        return StagedIterable((value,), lambda items, _: items[0], False, lambda: iter(value))
    return None


def enumerate_(staging: Staging, iterable: Any, start: Any = 0) -> Any:
    """``enumerate``, of a staged iterable too; the numbers are then staged."""
    inner = staged_iterable(staging, iterable)
    if inner is None:
        return enumerate(iterable, start)
    return StagedIterable(
        inner.parts,
        lambda items, step: (step + start, inner.assemble(items, step)),
        True,
        lambda: enumerate(iterable, start),
    )


def zip_(staging: Staging, *iterables: Any, strict: bool = False) -> Any:
    """``zip``, of staged iterables too, if all are.

    Raises:
        InvalidArgumentError: ``strict``, and the lengths differ or are known only when the function runs.
    """
    inner = [staged_iterable(staging, iterable) for iterable in iterables]
    staged = [one for one in inner if one is not None]
    if not staged or len(staged) < len(inner):
        return zip(*iterables, strict=strict)
    parts = tuple(part for one in staged for part in one.parts)
    if strict:
        _check_lengths([staging.peek(part)[1] for part in parts])
    return StagedIterable(
        parts,
        lambda items, step: _assemble_all(staged, items, step),
        any(one.counts for one in staged),
        lambda: zip(*iterables, strict=strict),
    )


def known_length(lengths: Sequence[int | None]) -> int | None:
    """Return how many items there are until the shortest iterable ends, None if only the run will tell."""
    known = [length for length in lengths if length is not None]
    return min(known) if len(known) == len(lengths) or 0 in known else None


def _assemble_all(staged: Sequence[StagedIterable], items: Sequence[Any], step: Any) -> tuple[Any, ...]:
    rest = iter(items)
    return tuple(one.assemble([next(rest) for _ in one.parts], step) for one in staged)


def _check_lengths(lengths: list[int | None]) -> None:
    if None in lengths or len(set(lengths)) > 1:
        raise InvalidArgumentError(
            f"zip(strict=True) over tensors needs equal lengths that are known while the function is traced; received"
            f" {lengths}; cut the tensors to one length, or leave strict out"
        )
