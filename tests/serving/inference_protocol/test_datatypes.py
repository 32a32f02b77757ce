"""Datatypes: names, dtypes, and the rules that inputs must keep."""

import ml_dtypes
import numpy as np
import pytest

from tenon.base import InvalidArgumentError, TensorSpec, UnimplementedError
from tenon.serving.inference_protocol._datatypes import (
    DTYPES,
    MAX_RANK,
    NAMES,
    datatype_name,
    element_count,
    input_dtype,
    narrowed,
    output_datatype,
    reshaped,
)

SPECS = {"x": TensorSpec((None,), np.float32)}


def test_every_datatype_of_the_protocol_has_its_size():
    sizes = {
        "BOOL": 1,
        "BF16": 2,
        **{f"FP{8 * size}": size for size in (2, 4, 8)},
        **{f"{sign}INT{8 * size}": size for sign in ("", "U") for size in (1, 2, 4, 8)},
    }
    assert {name: dtype.itemsize for name, dtype in DTYPES.items() if name != "BYTES"} == sizes
    assert DTYPES["BYTES"].kind == "O"
    assert DTYPES["BF16"] == ml_dtypes.bfloat16
    assert {NAMES[dtype]: dtype for dtype in DTYPES.values()} == DTYPES


def test_an_output_without_a_datatype_is_described_but_not_written():
    assert datatype_name(np.dtype("complex64")) == "COMPLEX64"
    with pytest.raises(UnimplementedError, match="output 'y': the protocol has no datatype for complex64"):
        output_datatype("y", np.dtype("complex64"))


def test_an_input_has_the_name_and_the_datatype_of_the_signature():
    assert input_dtype("x", "FP32", SPECS) == np.float32
    with pytest.raises(InvalidArgumentError, match=r"input 'z': the signature has no such input; .* \['x'\]"):
        input_dtype("z", "FP32", SPECS)
    for datatype in ("FP64", "fp32", "", "TYPE_FP32"):
        with pytest.raises(InvalidArgumentError, match=f"datatype FP32; received '{datatype}'"):
            input_dtype("x", datatype, SPECS)


def test_a_shape_is_counted_only_if_a_tensor_can_have_it():
    assert [element_count("x", shape) for shape in ((), (2, 3), (0, 2**63 - 1))] == [1, 6, 0]
    with pytest.raises(InvalidArgumentError, match="must lie in 0"):
        element_count("x", (0, 2**63))
    with pytest.raises(InvalidArgumentError, match=r"must lie in 0..9223372036854775807; received \[2, -1\]"):
        element_count("x", (2, -1))
    with pytest.raises(InvalidArgumentError, match="at most 64 dimensions; received 1000000"):
        element_count("x", [2**62] * 1_000_000)
    assert element_count("x", [1] * MAX_RANK) == 1


@pytest.mark.parametrize("shape", [(2,), (0, 2**62, 2**62), (0, 2**70)])
def test_a_shape_that_does_not_fit_is_refused(shape):
    with pytest.raises(InvalidArgumentError, match=r"input 'x': the shape .* does not fit its data, 0 elements"):
        reshaped("x", np.zeros(0), shape)


def test_numbers_are_narrowed_only_if_they_stay_what_they_are():
    assert narrowed("x", np.array([255, 0]), np.dtype("uint8")).tolist() == [255, 0]
    assert narrowed("x", np.array([np.nan, np.inf, 0.1]), np.dtype("float32")).tolist()[1:] == [np.inf, np.float32(0.1)]
    wide = np.array([1.0])
    assert narrowed("x", wide, wide.dtype) is wide
    for value, datatype in ((-1, "UINT8"), (2**15, "INT16"), (1e39, "FP32"), (-65520.0, "FP16"), (3.4e38, "BF16")):
        with pytest.raises(InvalidArgumentError, match=f"input 'x': every element must fit {datatype}; received"):
            narrowed("x", np.array([0, value]), DTYPES[datatype])
