from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError
from tenon.core.nn._windows import channels_come_first, for_each, spatial, windows, with_one_batch

SIZES = st.integers(1, 5)


@given(st.integers(1, 20), SIZES, SIZES, SIZES)
def test_same_padding_gives_a_window_at_every_stride(length, size, stride, dilation):
    placed = windows((size,), (length,), stride, "SAME", dilation, False)
    assert placed.counts((length,)) == (-(-length // stride),)
    before, after = placed.pads[0]
    assert before <= after <= before + 1


@given(st.integers(1, 20), SIZES, SIZES, SIZES)
def test_valid_padding_gives_the_windows_that_lie_inside(length, size, stride, dilation):
    placed = windows((size,), (length,), stride, "VALID", dilation, False)
    begins = [begin for begin in range(0, length, stride) if begin + (size - 1) * dilation < length]
    assert placed.pads == ((0, 0),)
    assert placed.counts((length,)) == (len(begins),)


@given(st.integers(1, 9), SIZES, SIZES, st.tuples(st.integers(0, 3), st.integers(0, 3)))
def test_stated_padding_counts_as_length(length, size, stride, pads):
    stated = windows((size,), (length,), stride, [(0, 0), pads, (0, 0)], 1, False)
    longer = windows((size,), (length + sum(pads),), stride, "VALID", 1, False)
    assert stated.pads == (pads,)
    assert stated.counts((length,)) == longer.counts((length + sum(pads),))


@pytest.mark.parametrize(
    ("value", "expected"), [(None, (1, 1)), (2, (2, 2)), ([3], (3, 3)), ([2, 3], (2, 3)), ([1, 2, 3, 1], (2, 3))]
)
def test_numbers_are_for_all_dimensions_or_for_each(value, expected):
    assert for_each(value, 2, False, "strides") == expected


def test_numbers_stand_in_the_order_of_the_data_format():
    assert for_each([1, 1, 2, 3], 2, True, "strides") == (2, 3)
    assert spatial("nchw", True) == ("h", "w")
    assert spatial("nhwc", False) == ("h", "w")


@pytest.mark.parametrize("value", [0, -1, [1, 2, 3], [], 1.5, "2", [0, 1]])
def test_numbers_that_are_no_sizes_are_refused(value):
    with pytest.raises(InvalidArgumentError, match="strides: must be positive integers, 1, 2 or 4 of them; received"):
        for_each(value, 2, False, "strides")


def test_windows_do_not_move_over_batches_and_channels():
    with pytest.raises(
        InvalidArgumentError, match=r"must be 1 for the batch and the channels; received \[2, 1, 1, 1\]"
    ):
        for_each([2, 1, 1, 1], 2, False, "strides")
    with pytest.raises(InvalidArgumentError, match="must be 1 for the batch and the channels"):
        for_each([1, 2, 1, 1], 2, True, "dilations")


@pytest.mark.parametrize("padding", ["FULL", 3, [(1, 1)], [(0, 0), (1, -1), (0, 0)], [(0, 0), (1, 1, 1), (0, 0)]])
def test_padding_that_is_none_is_refused(padding):
    with pytest.raises(InvalidArgumentError, match="padding: must be 'SAME', 'VALID', or 3 pairs"):
        windows((2,), (5,), 1, padding, 1, False)


def test_batches_and_channels_have_no_padding():
    with pytest.raises(InvalidArgumentError, match="nothing can be added to the batch and the channels"):
        windows((2,), (5,), 1, [(0, 0), (1, 1), (1, 0)], 1, False)
    assert windows((2,), (5,), 1, [(0, 0), (0, 0), (1, 0)], 1, True).pads == ((1, 0),)


@pytest.mark.parametrize(
    ("data_format", "rank", "first"),
    [
        (None, 2, False),
        ("NHWC", 2, False),
        ("NCHW", 2, True),
        ("NCW", 1, True),
        ("NDHWC", 3, False),
        ("NCDHW", 3, True),
    ],
)
def test_data_formats_say_where_channels_stand(data_format, rank, first):
    assert channels_come_first(data_format, rank) is first


@pytest.mark.parametrize("data_format", ["HWC", "CHWN", "N", 3])
def test_other_data_formats_are_refused(data_format):
    with pytest.raises(InvalidArgumentError, match="data_format: must be 'NHWC' or 'NCHW'; received"):
        channels_come_first(data_format, 2)


def test_all_dimensions_before_an_image_become_one_batch():
    values, outer = with_one_batch(np.zeros((2, 3, 4, 5, 6)), 3)
    assert (values.shape, outer) == ((6, 4, 5, 6), (2, 3))
    values, outer = with_one_batch(np.zeros((2, 4, 5, 6)), 3)
    assert (values.shape, outer) == ((2, 4, 5, 6), (2,))
    with pytest.raises(InvalidArgumentError, match=r"at least 4 dimensions; received \[4, 5, 6\]. Use tf.expand_dims"):
        with_one_batch(np.zeros((4, 5, 6)), 3)
