"""A token counts once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import ResourceExhaustedError, UnauthenticatedError
from tenon.serving.security._replay import SpentTokens
from tests.serving.security.credentials import Clock


@given(st.lists(st.tuples(st.text(max_size=3), st.text(max_size=3))))
def test_every_pair_of_issuer_and_id_counts_once(pairs):
    spent, used = SpentTokens(Clock()), set()
    for pair in pairs:
        if pair in used:
            with pytest.raises(UnauthenticatedError, match="has been used before"):
                spent.spend(*pair, 2000.0)
        else:
            spent.spend(*pair, 2000.0)
        used.add(pair)


def test_a_full_memory_refuses_rather_than_forgets():
    clock = Clock()
    spent = SpentTokens(clock, capacity=3)
    for jti, expires in (("a", 1005.0), ("b", 2000.0), ("c", 2000.0)):
        spent.spend("i", jti, expires)
    with pytest.raises(ResourceExhaustedError, match="remembers 3 used tokens") as caught:
        spent.spend("i", "d", 2000.0)
    assert caught.value.retry_after == 1.0
    clock.now = 1006.0
    spent.spend("i", "d", 2000.0)  # "a" has expired
    for jti in ("b", "c", "d"):
        with pytest.raises(UnauthenticatedError):
            spent.spend("i", jti, 2000.0)
