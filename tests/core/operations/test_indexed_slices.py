import pytest

from tenon.core.operations import IndexedSlices, reduce_sum
from tenon.core.tensors import TensorShape, constant, convert_to_tensor, is_tensor


def test_slices_become_a_tensor_and_those_that_meet_are_added():
    slices = IndexedSlices(constant([[1, 2], [3, 4]]), constant([3, 3]), constant([5, 2]))
    assert convert_to_tensor(slices).numpy().tolist() == [[0, 0]] * 3 + [[4, 6], [0, 0]]
    assert reduce_sum(slices).numpy() == 10
    assert is_tensor(slices)


def test_slices_know_their_shape_and_dtype():
    slices = IndexedSlices([[1.0, 2.0]], [3], [5, 2])
    assert slices.shape == [5, 2]
    assert slices.dtype == "float32"
    assert slices.device.endswith("CPU:0")
    assert IndexedSlices([1], [0]).shape == TensorShape(None)


def test_the_negative_of_slices():
    negated = -IndexedSlices([1.0], [2], [3])
    assert convert_to_tensor(negated).numpy().tolist() == [0, 0, -1]


def test_slices_without_the_shape_of_the_whole_are_no_tensor():
    with pytest.raises(ValueError, match=r"needs its dense_shape.*IndexedSlices\(indices=\[3\], values=\[1\]\)"):
        convert_to_tensor(IndexedSlices([1], [3]))


def test_slices_show_what_they_hold():
    assert repr(IndexedSlices([1], [0], [2])) == "IndexedSlices(indices=[0], values=[1], dense_shape=[2])"
