import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError, OutOfRangeError
from tenon.core.strings import join, reduce_join, unsorted_segment_join

CUBE = [[["a", "b"], ["c", "d"]], [["e", "f"], ["g", "h"]]]


def test_strings_at_the_same_place_are_joined():
    assert join([["a", "b"], ["c", "d"], "-"], separator="/").numpy().tolist() == [b"a/c/-", b"b/d/-"]
    assert join([]).numpy() == b""
    with pytest.raises(InvalidArgumentError, match=r"Input shapes do not match: \[2\] vs. \[1, 2\]"):
        join([["a", "b"], [["c", "d"]]])


@pytest.mark.parametrize(
    ("axis", "expected"),
    [
        (None, b"abcdefgh"),
        ([2, 1, 0], b"abcdefgh"),
        ([0, 1, 2], b"aecgbfdh"),
        ([], CUBE),
        (-1, [[b"ab", b"cd"], [b"ef", b"gh"]]),
        ([2, 0], [b"abef", b"cdgh"]),
    ],
)
def test_the_first_axis_is_joined_first(axis, expected):
    found = reduce_join(CUBE, axis=axis).numpy()
    assert np.array_equal(
        found, np.vectorize(lambda s: s.encode() if isinstance(s, str) else s, otypes=[object])(expected)
    )


def test_joined_axes_can_be_kept():
    assert reduce_join(CUBE, axis=[0, 2], keepdims=True).shape == (1, 2, 1)
    assert reduce_join(np.empty((0, 2), object), axis=0).numpy().tolist() == [b"", b""]


def test_axes_that_are_not_there_are_refused():
    with pytest.raises(OutOfRangeError, match="Invalid reduction dimension 2 for input with 2 dimension"):
        reduce_join([["a"]], axis=2)
    with pytest.raises(InvalidArgumentError, match="Duplicate reduction dimension 0"):
        reduce_join([["a"]], axis=[0, -2])


@given(st.lists(st.tuples(st.text("ab", max_size=3), st.integers(0, 3)), min_size=1))
def test_segments_are_joined_in_their_order(pairs):
    words, segments = zip(*pairs, strict=True)
    expected = [",".join([word for word, segment in pairs if segment == place]).encode() for place in range(4)]
    assert unsorted_segment_join(list(words), list(segments), 4, ",").numpy().tolist() == expected


def test_segments_may_be_of_rows():
    assert unsorted_segment_join([["a", "b"], ["c", "d"]], [1, 1], 2, "-").numpy().tolist() == [
        [b"", b""],
        [b"a-c", b"b-d"],
    ]
    with pytest.raises(InvalidArgumentError, match="not allowed to exceed num_segments or to have negative values"):
        unsorted_segment_join(["a"], [-1], 2)
    with pytest.raises(InvalidArgumentError, match="must be a prefix of that of the strings"):
        unsorted_segment_join(["a", "b"], [0], 2)


def test_a_separator_is_one_string():
    with pytest.raises(InvalidArgumentError, match=r"separator: must be a scalar, one string; received \['-'\]"):
        join(["a", "b"], separator=["-"])
    with pytest.raises(TypeError, match="separator: must be a string; received 5"):
        join(["a", "b"], separator=5)
