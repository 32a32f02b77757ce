import numpy as np
import pytest

from tenon.base import InvalidArgumentError
from tenon.core.operations._sizes import as_axes, as_axis, as_integers, as_sizes


def test_sizes_are_a_tuple_of_integers():
    assert as_sizes([2, np.int64(3)]) == (2, 3)
    assert as_sizes(4) == (4,)
    assert as_sizes(()) == ()


def test_a_negative_size_is_refused():
    with pytest.raises(InvalidArgumentError, match="shape: Dimension -1 must be >= 0"):
        as_sizes([2, -1])


def test_a_size_that_is_no_integer_is_refused():
    with pytest.raises(TypeError, match=r"depth: must be of integers; received 2\.5"):
        as_integers([2.5], "depth")


def test_axes_count_from_both_ends():
    assert [as_axis(axis, 3) for axis in (0, 2, -1, -3)] == [0, 2, 2, 0]
    assert as_axes(None, 3) == (0, 1, 2)
    assert as_axes([-1, 0], 3) == (2, 0)
    assert as_axes(1, 2) == (1,)


def test_an_axis_that_is_not_there_is_refused():
    with pytest.raises(InvalidArgumentError, match=r"axis: must be in the range \[-2, 2\) .* received 2"):
        as_axis(2, 2)
    with pytest.raises(InvalidArgumentError, match="each axis may be given once"):
        as_axes([0, -2], 2)
