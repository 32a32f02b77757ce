"""``and``, ``or``, ``not``, chains of comparisons and ``assert``."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from tenon.core.autograph._conditionals import Lazy, choose
from tenon.core.autograph._staging import Staging


def and_(staging: Staging, first: Any, *rest: Lazy) -> Any:
    """``first and rest[0]() and ...``: evaluate no further than Python would, what is staged when it runs."""
    while rest and not staging.is_staged(first):
        if not first:
            return first
        first, rest = rest[0](), rest[1:]
    if not rest:
        return first
    return choose(staging, first, lambda: and_(staging, rest[0](), *rest[1:]), lambda: first, "... and ...")


def or_(staging: Staging, first: Any, *rest: Lazy) -> Any:
    """``first or rest[0]() or ...``: evaluate no further than Python would, what is staged when it runs."""
    while rest and not staging.is_staged(first):
        if first:
            return first
        first, rest = rest[0](), rest[1:]
    if not rest:
        return first
    return choose(staging, first, lambda: first, lambda: or_(staging, rest[0](), *rest[1:]), "... or ...")


def not_(staging: Staging, value: Any) -> Any:
    """``not value``."""
    return staging.overloads[operator.not_](value) if staging.is_staged(value) else not value


def compare(staging: Staging, left: Any, operation: Callable[[Any, Any], Any], right: Lazy, *rest: Any) -> Any:
    """``left < right() < ...``: each operand is evaluated once, and only if the comparisons before hold."""
    value = right()
    result = operation(left, value)
    return and_(staging, result, lambda: compare(staging, value, *rest)) if rest else result


def assert_stmt(staging: Staging, condition: Any, message: Lazy | None = None) -> None:
    """``assert condition, message()``; a staged condition is checked when it runs.

    Raises:
        AssertionError: the condition is a Python value, and false.
    """
    if staging.is_staged(condition):
        staging.assert_true(condition, "assertion failed" if message is None else message())
    elif not condition:
        raise AssertionError if message is None else AssertionError(message())
