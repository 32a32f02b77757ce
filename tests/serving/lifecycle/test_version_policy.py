"""A version policy chooses among the versions found, newest first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError
from tenon.serving import All, Latest, Specific

VERSIONS = st.sets(st.integers(0, 2**63 - 1))


@pytest.mark.parametrize(
    ("policy", "chosen"),
    [
        (Latest(), (10,)),
        (Latest(2), (10, 9)),
        (Latest(9), (10, 9, 1)),
        (All(), (10, 9, 1)),
        (Specific((1, 10)), (10, 1)),
        (Specific((1, 1)), (1,)),
        (Specific((7,)), (7,)),
        (Specific(()), ()),
    ],
)
def test_chooses_newest_first(policy, chosen):
    assert policy.choose([9, 1, 10]) == chosen


@pytest.mark.parametrize("policy", [Latest(), Latest(3), All(), Specific(())])
def test_of_nothing_nothing_is_chosen(policy):
    assert policy.choose([]) == ()


@given(VERSIONS, st.integers(1, 5))
def test_latest_leaves_out_only_lower_versions(found, count):
    chosen = Latest(count).choose(found)
    assert len(chosen) == min(count, len(found))
    assert all(left_out < min(chosen) for left_out in found - set(chosen))


@pytest.mark.parametrize("count", [0, -1])
def test_latest_of_none_is_refused(count):
    with pytest.raises(InvalidArgumentError, match=f"num_versions: .* at least 1 version; received {count}"):
        Latest(count)
