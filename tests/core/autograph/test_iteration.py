"""``enumerate`` and ``zip`` of what is staged."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from tenon.base import InvalidArgumentError
from tenon.core.autograph._iteration import StagedIterable, enumerate_, known_length, staged_iterable, zip_
from tests.core.autograph.jax_staging import STAGING


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [([3], 3), ([3, 2], 2), ([None], None), ([3, None], None), ([None, 0], 0)],
)
def test_the_shortest_ends_the_loop(lengths, expected):
    assert known_length(lengths) == expected


def test_python_values_are_left_to_python():
    assert staged_iterable(STAGING, [1, 2]) is None
    assert list(enumerate_(STAGING, "ab", 1)) == [(1, "a"), (2, "b")]
    assert list(zip_(STAGING, "ab", [1, 2])) == [("a", 1), ("b", 2)]
    assert list(zip_(STAGING)) == []
    with pytest.raises(ValueError, match="shorter"):
        list(zip_(STAGING, "ab", [1], strict=True))


def in_a_trace(check):
    """Run ``check`` on two staged vectors."""
    jax.eval_shape(check, np.arange(3), np.arange(2))


def test_nested_iterables_flatten_to_their_parts():
    def check(x, y):
        both = zip_(STAGING, x, enumerate_(STAGING, zip_(STAGING, y, x), start=5))
        assert [part is want for part, want in zip(both.parts, (x, y, x), strict=True)] == [True] * 3
        assert both.counts
        assert both.assemble(["a", "b", "c"], 2) == ("a", (7, ("b", "c")))
        assert not zip_(STAGING, x, y).counts

    in_a_trace(check)


def test_a_staged_iterable_is_made_once():
    def check(x, y):
        made = staged_iterable(STAGING, x)
        assert isinstance(made, StagedIterable)
        assert staged_iterable(STAGING, made) is made

    in_a_trace(check)


def test_python_may_iterate_over_it():
    def check(x, y):
        assert len(list(zip_(STAGING, x, y))) == 2
        assert [i for i, _ in enumerate_(STAGING, x, 4)] == [4, 5, 6]
        iterator = staged_iterable(STAGING, x)
        assert iter(iterator) is iterator
        assert len(list(iterator)) == 3

    in_a_trace(check)


def test_equal_lengths_are_checked_if_asked_for():
    def check(x, y):
        zip_(STAGING, x, x, strict=True)
        with pytest.raises(InvalidArgumentError, match=r"received \[3, 2\]"):
            zip_(STAGING, x, y, strict=True)

    in_a_trace(check)
