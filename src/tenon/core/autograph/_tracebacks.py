"""Tracebacks that show the user's lines."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import fields
from types import FunctionType, TracebackType
from typing import Final

from tenon.core.autograph._staging import Staging

_PACKAGES: Final = ("malt", "tenon")


def hide_conversion(error: BaseException, modules: Collection[str]) -> None:
    """Cut the frames of Tenon, malt and ``modules`` out of the tracebacks of an error and of its causes.

    Converted code has the user's lines, so the last line shown is the user's, unless another library failed below it.
    """
    for one in _chain(error):
        one.__traceback__ = _shortened(one.__traceback__, modules) or one.__traceback__


def defining_modules(staging: Staging) -> frozenset[str]:
    """Return the modules whose functions stage."""
    values = [getattr(staging, field.name) for field in fields(staging)]
    return frozenset(value.__globals__["__name__"] for value in values if isinstance(value, FunctionType))


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen, pending = set[int](), [error]
    while pending:
        one = pending.pop()
        if id(one) not in seen:
            seen.add(id(one))
            yield one
            pending += [other for other in (one.__cause__, one.__context__) if other is not None]


def _shortened(traceback: TracebackType | None, modules: Collection[str]) -> TracebackType | None:
    entries = []
    while traceback is not None:
        module = str(traceback.tb_frame.f_globals.get("__name__"))
        if module not in modules and not any(f"{module}.".startswith(f"{package}.") for package in _PACKAGES):
            entries.append(traceback)
        traceback = traceback.tb_next
    shortened: TracebackType | None = None
    for entry in reversed(entries):
        shortened = TracebackType(shortened, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return shortened
