"""Inputs to measure with: of requests if there are some, else random."""

from __future__ import annotations

import numpy as np
import pytest

from tenon.serving.models._samples import OPEN_SIZE, concrete_shapes, odd_inputs, sample_inputs
from tests.serving.engines.signatures import signature

SIZES = (1, 2, 4, 8, 16)


def test_the_smallest_a_middle_and_the_largest_size_are_chosen():
    assert [x.shape for [x] in sample_inputs(signature("dense"), SIZES)] == [(1, 4), (4, 4), (16, 4)]
    assert [x.shape for [x] in sample_inputs(signature("dense"), (8,))] == [(8, 4)]


def test_random_inputs_have_the_dtypes_of_the_signature():
    for arrays in sample_inputs(signature("kinds"), SIZES):
        assert [each.dtype.name for each in arrays] == ["float32", "int32", "bool", "uint8"]
        assert set(np.unique(arrays[1])) <= {0, 1}


def test_rows_of_the_first_request_that_fits_are_repeated():
    requests = [
        {"y": np.ones((1, 4), "f4")},
        {"x": np.ones((1, 5), "f4")},
        {"x": np.zeros((0, 4), "f4")},
        {"x": np.array([[1, 2, 3, 4], [5, 6, 7, 8]], "f4")},
    ]
    one, _, many = (x for [x] in sample_inputs(signature("dense"), SIZES, requests))
    assert one.tolist() == [[1, 2, 3, 4]]
    assert many[:3, 0].tolist() == [1, 5, 1]


def test_open_sizes_are_those_of_requests_or_a_guess():
    assert sample_inputs(signature("sequence"), (2,))[0][0].shape == (2, OPEN_SIZE)
    assert sample_inputs(signature("sequence"), (2,), [{"x": np.ones((1, 5), "f4")}])[0][0].shape == (2, 5)


def test_without_a_batch_there_is_one_sample():
    [[x]] = sample_inputs(signature("scalar"), ())
    assert x.shape == ()


def test_odd_inputs_hold_the_extremes_of_integers_and_exist_for_integers_only():
    assert odd_inputs(signature("dense")) == []
    [[x, n, flag, byte]] = odd_inputs(signature("kinds"))
    assert {np.iinfo("i4").min, np.iinfo("i4").max} <= set(n.tolist())
    assert byte.max() == 255
    assert (x.dtype, flag.dtype) == (np.dtype("f4"), np.dtype(bool))


@pytest.mark.parametrize(("open_size", "shapes"), [(None, None), (7, ((3, 7),))])
def test_open_dimensions_need_a_size(open_size, shapes):
    assert concrete_shapes(signature("sequence"), 3, open_size) == shapes
