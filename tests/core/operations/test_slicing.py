import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError
from tenon.core.autodiff import GradientTape
from tenon.core.operations import cast, get_item, reduce_sum, slice_, square, strided_slice
from tenon.core.operations._slicing import _cut
from tenon.core.recording import kernel
from tenon.core.tensors import Tensor, constant, convert_to_tensor
from tests.core.operations.strategies import numbers, shapes_and_keys, words


def traced(function, *arguments):
    """Run a function of tensors while JAX traces it."""
    return jax.jit(lambda *arrays: function(*[Tensor(array) for array in arrays]).value)(
        *[argument.value for argument in arguments]
    )


@given(shapes_and_keys())
@settings(max_examples=60)
def test_an_index_expression_means_what_it_means_in_numpy(shape_and_key):
    shape, key = shape_and_key
    array = numbers(shape)
    np.testing.assert_array_equal(constant(array)[key].numpy(), array[key])
    assert constant(array)[key].shape == array[key].shape


@given(shapes_and_keys())
@settings(max_examples=25)
def test_an_index_expression_means_the_same_while_a_function_is_traced(shape_and_key):
    shape, key = shape_and_key
    array = numbers(shape)
    np.testing.assert_array_equal(traced(lambda tensor: tensor[key], constant(array)), array[key])


@given(shapes_and_keys())
def test_an_index_expression_means_the_same_for_strings(shape_and_key):
    shape, key = shape_and_key
    array = words(shape)
    found = convert_to_tensor(array)[key].numpy()
    assert np.asarray(found, object).tolist() == np.asarray(array[key], object).tolist()


@given(shapes_and_keys())
@settings(max_examples=15)
def test_the_gradient_of_a_slice_goes_where_the_slice_was(shape_and_key):
    shape, key = shape_and_key
    array = numbers(shape, np.float32)
    tensor = constant(array)
    with GradientTape() as tape:
        tape.watch(tensor)
        total = reduce_sum(square(tensor[key]))
    expected = np.zeros_like(array)
    expected[key] = 2 * array[key]
    np.testing.assert_array_equal(tape.gradient(total, tensor).numpy(), expected)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float16", "bfloat16", "float64", "complex128"])
def test_a_slice_keeps_the_dtype(dtype):
    found = cast([[0, 1, 1], [1, 0, 1]], dtype)[0, ::2]
    assert found.dtype == dtype
    assert cast(found, "int32").numpy().tolist() == [0, 1]


def test_a_loop_over_all_rows_compiles_once():
    tensor = constant(numbers((50, 2)))
    programs = kernel(_cut, form=("index", "full")).compiled
    before = programs._cache_size()
    assert [int(tensor[i, 0]) for i in range(0, 50, 7)] == list(range(0, 100, 14))
    for i in range(50):
        tensor[i]
    for i in range(-50, 0):
        tensor[convert_to_tensor(i)]
    assert programs._cache_size() <= before + 1


def test_slices_of_one_size_compile_once():
    tensor = constant(numbers((60,)))
    programs = kernel(_cut, form=((3, 1),)).compiled
    before = programs._cache_size()
    for i in range(40):
        assert tensor[i : i + 3].numpy().tolist() == [i, i + 1, i + 2]
    assert programs._cache_size() <= before + 1


def test_an_index_may_be_computed_while_a_function_is_traced():
    tensor = constant(numbers((4, 3)))
    for i in (2, -1):
        found = traced(lambda tensor, i: tensor[i, 1:], tensor, convert_to_tensor(i))
        assert found.tolist() == numbers((4, 3))[i, 1:].tolist()


def test_an_index_that_is_computed_stays_within_the_tensor():
    found = traced(lambda tensor, i: tensor[i], constant([1, 2, 3]), convert_to_tensor(7))
    assert found.tolist() == 3


def test_known_and_computed_indices_go_together():
    tensor = constant(numbers((3, 4, 5)))
    found = traced(lambda tensor, i: tensor[1, i, ::-2], tensor, convert_to_tensor(2))
    assert found.tolist() == numbers((3, 4, 5))[1, 2, ::-2].tolist()


@pytest.mark.parametrize(
    ("ends", "found"),
    [
        (lambda i: slice(i, i + 3), [3, 4, 5]),
        (lambda i: slice(2 * i, (i + 1) * 2, None), [6, 7]),
        (lambda i: slice(i - 1, i + 4, 2), [2, 4, 6]),
        (lambda i: slice(i, i), []),
    ],
)
def test_both_ends_of_a_slice_may_be_computed_if_its_size_is_known(ends, found):
    assert traced(lambda tensor, i: tensor[ends(i)], constant(numbers((9,))), convert_to_tensor(3)).tolist() == found


@pytest.mark.parametrize("ends", [lambda i: slice(i, None), lambda i: slice(i, 2 * i), lambda i: slice(i, i + 9)])
def test_a_slice_of_a_size_that_is_computed_is_refused_with_the_way_out(ends):
    with pytest.raises(InvalidArgumentError, match=r"dimension 0 ends at a tensor that is computed.*tf\.slice"):
        traced(lambda tensor, i: tensor[ends(i)], constant([1, 2, 3]), convert_to_tensor(1))


def test_slices_with_known_ends_become_plain_slices_of_the_traced_program():
    program = jax.make_jaxpr(lambda array: Tensor(array)[1:3, 0].value)(numbers((4, 4)))
    assert {equation.primitive.name for equation in program.eqns} <= {"slice", "reshape", "squeeze"}


@pytest.mark.parametrize(
    ("key", "found"),
    [
        (np.int64(1), [3, 4, 5]),
        (np.array(1), [3, 4, 5]),
        (convert_to_tensor(1, "int64"), [3, 4, 5]),
        (convert_to_tensor(-1, "int16"), [3, 4, 5]),
        ([1, 2], 5),
        (slice(convert_to_tensor(1), None), [[3, 4, 5]]),
        ((), [[0, 1, 2], [3, 4, 5]]),
    ],
)
def test_integers_come_in_many_ways(key, found):
    assert constant(numbers((2, 3)))[key].numpy().tolist() == found


@pytest.mark.parametrize(
    "key",
    [
        *(1.0, "a", {}, (0, [1, 2]), np.array([0, 1]), np.float32(1), slice(0, 1.5), slice("a", None)),
        *(constant([0, 1]), constant(1.0), convert_to_tensor(1, "int8"), convert_to_tensor(1, "uint8")),
    ],
)
def test_what_is_no_index_is_refused_in_tensorflows_words(key):
    with pytest.raises(TypeError, match=r"Only integers, slices \(`:`\), ellipsis .* are valid indices, got"):
        constant(numbers((2, 3)))[key]


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (2, "slice index 2 of dimension 0 out of bounds"),
        ((0, -4), "slice index -4 of dimension 1 out of bounds"),
        ((0, 0, 0), "Index out of range using input dim 2; input has only 2 dims"),
        ((..., ...), "Multiple ellipses in slice spec not allowed"),
        ((slice(None), slice(None, None, 0)), r"strides\[1\] must be non-zero"),
        (2**40, "out of bounds"),
    ],
)
def test_what_lies_outside_is_refused(key, message):
    with pytest.raises(InvalidArgumentError, match=message):
        constant(numbers((2, 3)))[key]


def test_a_scalar_has_no_first_element():
    with pytest.raises(InvalidArgumentError, match="only 0 dims"):
        constant(1)[0]


def test_masks_select():
    tensor = constant(numbers((2, 3)))
    assert tensor[tensor > 2].numpy().tolist() == [3, 4, 5]
    assert tensor[np.array([True, False])].numpy().tolist() == [[0, 1, 2]]
    with pytest.raises(ValueError, match="mask cannot be scalar"):
        tensor[True]


def test_a_tensor_is_iterable_and_can_be_unpacked():
    first, second = constant([[1, 2], [3, 4]])
    assert first.numpy().tolist() == [1, 2]
    assert [int(value) for value in second] == [3, 4]


def test_a_dimension_of_unknown_size_can_be_sliced():
    (size,) = jax.export.symbolic_shape("n")
    wanted = jax.ShapeDtypeStruct((size, 3), np.float32)
    for key in (0, -1, (slice(None), 1), (..., slice(None, None, -1)), (slice(1, None), None)):
        exported = jax.export.export(jax.jit(lambda array, key=key: get_item(Tensor(array), key).value))(wanted)
        array = numbers((4, 3), np.float32)
        np.testing.assert_array_equal(exported.call(array), array[key])


@given(st.data())
@settings(max_examples=20)
def test_slice_takes_the_block_that_begins_there(data):
    shape = data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=3))
    begin = [data.draw(st.integers(0, size)) for size in shape]
    size = [data.draw(st.integers(-1, length - start)) for length, start in zip(shape, begin, strict=True)]
    array = numbers(shape)
    key = tuple([slice(b, None if s == -1 else b + s) for b, s in zip(begin, size, strict=True)])
    np.testing.assert_array_equal(slice_(constant(array), begin, size).numpy(), array[key])
    np.testing.assert_array_equal(slice_(array, begin, size).numpy(), array[key])
    assert slice_(words(shape), begin, size).numpy().tolist() == words(shape)[key].tolist()


def test_slice_may_begin_at_a_computed_tensor():
    tensor, begin = constant(numbers((4, 4))), convert_to_tensor([1, 2])
    assert traced(lambda t, b: slice_(t, b, [2, 1]), tensor, begin).tolist() == [[6], [10]]
    assert traced(lambda t, b: slice_(t, [b[0], 0], [1, 2]), tensor, begin).tolist() == [[4, 5]]


def test_slice_begins_compile_once():
    tensor = constant(numbers((30,)))
    programs = kernel(_cut, form=((4, 1),)).compiled
    before = programs._cache_size()
    for i in range(20):
        assert slice_(tensor, [i], [4])[0].numpy() == i
    assert programs._cache_size() <= before + 1


@pytest.mark.parametrize(
    ("begin", "size", "message"),
    [
        ([0, 1], [3, 1], r"Expected size\[0\] in \[0, 2\], but got 3"),
        ([0, -1], [1, 1], r"Expected begin\[1\] in \[0, 3\], but got -1"),
        ([0, 1], [1, -2], r"Expected size\[1\] in \[0, 2\], but got -2"),
        ([0], [1], "1-D tensors of size 2"),
    ],
)
def test_slice_refuses_what_lies_outside(begin, size, message):
    with pytest.raises(InvalidArgumentError, match=message):
        slice_(numbers((2, 3)), begin, size)


def test_slice_needs_sizes_where_the_begin_is_computed():
    with pytest.raises(InvalidArgumentError, match="Give every size"):
        traced(lambda t, b: slice_(t, b, [-1]), constant([1, 2]), convert_to_tensor([1]))
    with pytest.raises(InvalidArgumentError, match=r"Expected size\[0\] in \[0, 2\], but got 3"):
        traced(lambda t, b: slice_(t, b, [3]), constant([1, 2]), convert_to_tensor([0]))


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        ({"begin": [1], "end": [2]}, np.s_[1:2]),
        ({"begin": [0, -1], "end": [2, -4], "strides": [1, -2]}, np.s_[0:2, -1:-4:-2]),
        ({"begin": [1, 1], "end": [2, 2], "begin_mask": 2, "end_mask": 2}, np.s_[1:2, :]),
        ({"begin": [1, 0], "end": [2, 2], "shrink_axis_mask": 1}, np.s_[1, 0:2]),
        ({"begin": [9, 1], "end": [9, 2], "new_axis_mask": 1}, np.s_[None, 1:2]),
        ({"begin": [9, 1], "end": [9, 2], "ellipsis_mask": 1}, np.s_[..., 1:2]),
    ],
)
def test_strided_slice_reads_its_masks(arguments, key):
    array = numbers((2, 3))
    np.testing.assert_array_equal(strided_slice(constant(array), **arguments).numpy(), array[key])
    assert strided_slice(words((2, 3)), **arguments).numpy().tolist() == words((2, 3))[key].tolist()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"begin": [1], "end": [2, 3]}, "1D equal size tensors"),
        ({"begin": [1], "end": [2], "strides": [0]}, r"strides\[0\] must be non-zero"),
        ({"begin": [1], "end": [2], "strides": [-1], "shrink_axis_mask": 1}, "only stride 1 allowed"),
        ({"begin": [5], "end": [6], "shrink_axis_mask": 1}, "slice index 5 of dimension 0 out of bounds"),
    ],
)
def test_strided_slice_refuses_what_does_not_fit(arguments, message):
    with pytest.raises(InvalidArgumentError, match=message):
        strided_slice(numbers((4,)), **arguments)
