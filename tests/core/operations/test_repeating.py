import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError
from tenon.core.autodiff import GradientTape
from tenon.core.operations import multiply, pad, repeat, reverse, reverse_sequence, roll, tile
from tenon.core.operations._repeating import _rolled
from tenon.core.recording import kernel
from tenon.core.tensors import Tensor, constant, convert_to_tensor
from tests.core.operations.strategies import FULL_SHAPES, numbers, words


def both(function, sizes):
    """Return what a function gives for numbers and for strings."""
    return function(constant(numbers(sizes))).numpy().tolist(), function(words(sizes)).numpy().tolist()


@given(FULL_SHAPES, st.data())
@settings(max_examples=20)
def test_tile_and_reverse_are_numpys(sizes, data):
    counts = [data.draw(st.integers(0, 3)) for _ in sizes]
    axes = data.draw(st.lists(st.integers(0, len(sizes) - 1), unique=True))
    expected = [np.tile(values(sizes), counts).tolist() for values in (numbers, words)]
    assert list(both(lambda tensor: tile(tensor, counts), sizes)) == expected
    expected = [np.flip(values(sizes), axes).tolist() for values in (numbers, words)]
    assert list(both(lambda tensor: reverse(tensor, axes), sizes)) == expected


@pytest.mark.parametrize("multiples", [[2, 2], 2, [-1]])
def test_tile_needs_a_count_for_each_dimension(multiples):
    with pytest.raises(InvalidArgumentError, match="multiples"):
        tile([1, 2], multiples)


@pytest.mark.parametrize(
    ("axis", "message"), [(1, "must be a list of axes"), ([0, 0], "given once"), ([2], r"\[-2, 2\)")]
)
def test_reverse_refuses_what_is_no_list_of_axes(axis, message):
    with pytest.raises(InvalidArgumentError, match=message):
        reverse(numbers((2, 2)), axis)


@given(FULL_SHAPES, st.data())
@settings(max_examples=20)
def test_repeat_is_numpys(sizes, data):
    axis = data.draw(st.none() | st.integers(-len(sizes), len(sizes) - 1))
    length = int(np.prod(sizes)) if axis is None else sizes[axis]
    counts = data.draw(st.integers(0, 3) | st.lists(st.integers(0, 3), min_size=length, max_size=length))
    expected = [np.repeat(values(sizes), counts, axis).tolist() for values in (numbers, words)]
    assert list(both(lambda tensor: repeat(tensor, counts, axis), sizes)) == expected


def test_repeat_of_a_scalar_is_a_vector():
    assert repeat(3, 4).numpy().tolist() == repeat(constant(3), [4], 0).numpy().tolist() == [3] * 4


@pytest.mark.parametrize(
    ("repeats", "message"), [([1, 2, 3], "one number or 2"), (-1, ">= 0"), ([[1], [2]], "one for each element")]
)
def test_repeat_refuses_what_does_not_fit(repeats, message):
    with pytest.raises(InvalidArgumentError, match=message):
        repeat([1, 2], repeats)


def test_repeat_must_know_how_often():
    with pytest.raises(InvalidArgumentError, match=r"tf\.repeat: how many elements there will be depends on values"):
        jax.jit(lambda count: repeat([1, 2], Tensor(count)).value)(2)


@given(FULL_SHAPES, st.data())
@settings(max_examples=20)
def test_roll_is_numpys(sizes, data):
    axes = data.draw(st.lists(st.integers(-len(sizes), len(sizes) - 1), min_size=1, max_size=2))
    shifts = [data.draw(st.integers(-7, 7)) for _ in axes]
    expected = [np.roll(values(sizes), shifts, axes).tolist() for values in (numbers, words)]
    assert list(both(lambda tensor: roll(tensor, shifts, axes), sizes)) == expected


def test_shifts_are_data_for_which_nothing_is_compiled():
    tensor = constant(numbers((6,)))
    programs = kernel(_rolled, axes=(0,)).compiled
    roll(tensor, 1, 0)
    before = programs._cache_size()
    for shift in range(-6, 6):
        assert roll(tensor, shift, 0).numpy().tolist() == np.roll(np.arange(6), shift).tolist()
    assert programs._cache_size() == before
    assert jax.jit(lambda shift: roll(tensor, Tensor(shift), 0).value)(2).tolist() == [4, 5, 0, 1, 2, 3]


def test_roll_needs_a_shift_for_each_axis():
    with pytest.raises(InvalidArgumentError, match="shift and axis must have the same size"):
        roll([1, 2], [1, 2], 0)


@given(FULL_SHAPES, st.sampled_from(["CONSTANT", "REFLECT", "SYMMETRIC", "reflect"]), st.data())
@settings(max_examples=30)
def test_pad_is_numpys(sizes, mode, data):
    most = {"CONSTANT": lambda size: 3, "SYMMETRIC": lambda size: size}.get(mode, lambda size: size - 1)
    widths = [[data.draw(st.integers(0, most(size))) for _ in range(2)] for size in sizes]
    expected = np.pad(numbers(sizes), widths, mode.lower())
    np.testing.assert_array_equal(pad(constant(numbers(sizes)), widths, mode).numpy(), expected)
    if mode != "CONSTANT":
        assert pad(words(sizes), widths, mode).numpy().tolist() == np.pad(words(sizes), widths, mode.lower()).tolist()


@pytest.mark.parametrize(
    ("value", "fill", "found"),
    [
        ([1, 2], 9, [9, 1, 2]),
        ([1.0], 2, [2.0, 1.0]),
        ([True], 0, [False, True]),
        (["a"], 0, [b"", b"a"]),
        (["a"], "z", [b"z", b"a"]),
        ([1.0], constant(5.0), [5.0, 1.0]),
    ],
)
def test_a_constant_is_padded_with(value, fill, found):
    assert pad(value, [[1, 0]], constant_values=fill).numpy().tolist() == found


@pytest.mark.parametrize(
    ("paddings", "mode", "message"),
    [
        ([[3, 2]], "REFLECT", "no greater than the dimension size less 1 .* greater than 2"),
        ([[4, 2]], "SYMMETRIC", "no greater than the dimension size in mode SYMMETRIC"),
        ([[-1, 2]], "CONSTANT", "paddings: Dimension -1 must be >= 0"),
        ([2, 2], "CONSTANT", r"a matrix of the shape \[1, 2\]"),
        ([[2, 2], [1, 1]], "CONSTANT", r"a matrix of the shape \[1, 2\]"),
    ],
)
def test_pad_refuses_what_does_not_fit(paddings, mode, message):
    with pytest.raises(InvalidArgumentError, match=message):
        pad([1, 2, 3], paddings, mode)


def test_pad_has_three_modes():
    with pytest.raises(ValueError, match="mode must be one of CONSTANT, REFLECT, SYMMETRIC; received 'EDGE'"):
        pad([1], [[1, 1]], "EDGE")
    with pytest.raises(TypeError, match=r"Cannot convert 2\.5"):
        pad([1], [[1, 1]], constant_values=2.5)


@given(st.lists(st.integers(0, 4), min_size=3, max_size=3))
@settings(max_examples=10)
def test_reverse_sequence_turns_the_beginning_of_each_batch(lengths):
    array = numbers((3, 4, 2))
    expected = np.stack([np.concatenate([row[:n][::-1], row[n:]]) for row, n in zip(array, lengths, strict=True)])
    found = reverse_sequence(constant(array), lengths, seq_axis=1)
    np.testing.assert_array_equal(found.numpy(), expected)
    turned = reverse_sequence(constant(array.transpose(1, 0, 2)), lengths, seq_axis=0, batch_axis=1)
    np.testing.assert_array_equal(turned.numpy(), expected.transpose(1, 0, 2))


def test_reverse_sequence_of_strings():
    assert reverse_sequence([["a", "b", "c"]], [2], seq_axis=1).numpy().tolist() == [[b"b", b"a", b"c"]]


@pytest.mark.parametrize(
    ("lengths", "axes", "message"),
    [
        ([2, 4], (1, 0), r"must be in \[0, 3\]"),
        ([-1, 2], (1, 0), r"must be in \[0, 3\]"),
        ([2], (1, 0), "one length for each of 2 batches"),
        ([2, 2], (0, 0), "must differ"),
    ],
)
def test_reverse_sequence_refuses_what_does_not_fit(lengths, axes, message):
    with pytest.raises(InvalidArgumentError, match=message):
        reverse_sequence(numbers((2, 3)), lengths, *axes)


def test_reverse_sequence_needs_its_axis():
    with pytest.raises(TypeError, match="seq_axis must be an integer"):
        reverse_sequence([[1]], [1])


def test_gradients_of_what_is_repeated_add_up():
    tensor = constant([1.0, 2.0, 3.0])
    with GradientTape(persistent=True) as tape:
        tape.watch(tensor)
        results = [
            multiply(repeat(tensor, [2, 0, 1]), [1.0, 2.0, 4.0]),
            multiply(tile(tensor, [2]), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
            multiply(pad(tensor, [[1, 1]], "REFLECT"), [1.0, 2.0, 3.0, 4.0, 5.0]),
            multiply(roll(tensor, 1, 0), [1.0, 2.0, 3.0]),
            multiply(reverse(tensor, [0]), [1.0, 2.0, 3.0]),
            multiply(reverse_sequence([tensor], [2], 1)[0], [1.0, 2.0, 3.0]),
        ]
    assert [tape.gradient(result, tensor).numpy().tolist() for result in results] == [
        [3, 0, 4],
        [5, 7, 9],
        [2, 3 + 1 + 5, 4],
        [2, 3, 1],
        [3, 2, 1],
        [2, 1, 3],
    ]


def test_repeated_values_are_converted():
    assert tile(convert_to_tensor([1], "int64"), [2]).dtype == "int64"
