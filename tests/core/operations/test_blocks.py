import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError
from tenon.core.autodiff import GradientTape
from tenon.core.operations import batch_to_space, multiply, space_to_batch, space_to_batch_nd
from tenon.core.tensors import constant
from tests.core.operations.strategies import numbers, words


@given(st.lists(st.integers(1, 3), min_size=1, max_size=2), st.integers(1, 2), st.booleans(), st.data())
@settings(max_examples=15)
def test_batches_put_back_to_space_are_what_was_there(block, batch, channels, data):
    counts = [data.draw(st.integers(1, 2)) for _ in block]
    before = [data.draw(st.integers(0, part)) for part in block]
    space = [count * part for count, part in zip(counts, block, strict=True)]
    after = [-(size + start) % part for size, start, part in zip(space, before, block, strict=True)]
    ends = [list(pair) for pair in zip(before, after, strict=True)]
    for values in (numbers, words):
        array = values([batch, *space, *([2] if channels else [])])
        blocks = space_to_batch(constant(array) if values is numbers else array, block, ends)
        assert blocks.shape[0] == batch * np.prod(block)
        assert batch_to_space(blocks, block, ends).numpy().tolist() == array.tolist()


def test_the_first_batch_has_the_first_element_of_each_block():
    found = space_to_batch_nd([[1, 2, 3, 4]], [2], [[1, 1]])
    assert found.numpy().tolist() == [[0, 2, 4], [1, 3, 0]]
    assert space_to_batch([[[[1], [2]], [[3], [4]]]], [2, 2], [[0, 0], [2, 0]]).numpy().ravel().tolist() == [
        *(0, 1, 0, 2, 0, 3, 0, 4)
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([2], [[1, 0]]), r"padded_shape\[0\]=5 is not divisible by block_shape\[0\]=2"),
        (([0], [[0, 0]]), "block_shape: must be a vector of positive numbers"),
        ((2, [[0, 0]]), "block_shape: must be a vector"),
        (([2, 2], [[0, 0], [0, 0]]), "input rank should be >= 3 instead of 2"),
        (([2], [[-1, 1]]), "paddings: Dimension -1 must be >= 0"),
        (([2], [[0, 0], [0, 0]]), r"paddings: must be a matrix of the shape \[1, 2\]"),
    ],
)
def test_space_to_batch_refuses_what_does_not_fit(arguments, message):
    with pytest.raises(InvalidArgumentError, match=message):
        space_to_batch([[1, 2, 3, 4]], *arguments)


@pytest.mark.parametrize(
    ("array", "crops", "message"),
    [
        ([[1, 3], [2, 4], [5, 6]], [[1, 0]], r"batch dimension \(3\) is not divisible by product of block sizes \(2\)"),
        ([[1, 3], [2, 4]], [[3, 2]], r"cropped_shape\[0\]=-1 must be non-negative"),
    ],
)
def test_batch_to_space_refuses_what_does_not_fit(array, crops, message):
    with pytest.raises(InvalidArgumentError, match=message):
        batch_to_space(array, [2], crops)


def test_gradients_flow_through_blocks():
    tensor = constant([[1.0, 2.0, 3.0, 4.0]])
    with GradientTape() as tape:
        tape.watch(tensor)
        blocks = multiply(space_to_batch(tensor, [2], [[0, 0]]), [[1.0, 2.0], [3.0, 4.0]])
        whole = batch_to_space(blocks, [2], [[1, 0]])
    assert tape.gradient(whole, tensor).numpy().tolist() == [[0, 3, 2, 4]]
