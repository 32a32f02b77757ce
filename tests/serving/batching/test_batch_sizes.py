"""Padded batch sizes."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError
from tenon.serving.batching._batch_sizes import batch_sizes, padded_size


@given(st.integers(1, 5000))
def test_sizes_ascend_from_one_to_the_maximum_and_at_most_double(maximum):
    sizes = batch_sizes(maximum)
    assert sizes[0] == 1
    assert sizes[-1] == maximum
    assert all(small < large <= 2 * small for small, large in pairwise(sizes))


@given(st.integers(1, 300), st.data())
def test_a_batch_takes_the_smallest_size_that_holds_it(maximum, data):
    rows = data.draw(st.integers(1, maximum))
    sizes = batch_sizes(maximum)
    assert padded_size(rows, sizes) == min(size for size in sizes if size >= rows)


@pytest.mark.parametrize("maximum", [0, -1, 2**16 + 1, 10**9])
def test_a_maximum_out_of_range_is_refused(maximum):
    with pytest.raises(InvalidArgumentError, match=f"at least 1 and at most 65536; received {maximum}"):
        batch_sizes(maximum)
