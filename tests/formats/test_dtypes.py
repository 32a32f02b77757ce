import ml_dtypes
import numpy as np
import pytest

from tenon.base import InvalidArgumentError
from tenon.formats import data_type, data_type_name, message_class, numpy_dtype

VALUES = tuple(message_class("tensorflow.TensorProto").DESCRIPTOR.fields_by_name["dtype"].enum_type.values)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.name)
def test_every_number_has_the_name_of_the_proto(value):
    assert data_type_name(value.number) == value.name


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.name)
def test_every_number_has_a_dtype_or_is_refused(value):
    base = value.name.removeprefix("DT_").removesuffix("_REF")
    if base in ("INVALID", "RESOURCE", "VARIANT"):
        with pytest.raises(InvalidArgumentError, match=rf"{value.name} \({value.number}\) has no array form"):
            numpy_dtype(value.number)
    elif base.startswith("Q"):
        assert numpy_dtype(value.number) == np.dtype(base[1:].lower())
    else:
        assert data_type(numpy_dtype(value.number)) == value.number % 100


@pytest.mark.parametrize(
    ("dtype", "number"),
    [
        ("float32", 1),
        (float, 2),
        (">i8", 9),
        (">f2", 19),
        ("bfloat16", 14),
        (ml_dtypes.bfloat16, 14),
        ("float8_e4m3fn", 25),
        ("int4", 29),
        ("S5", 7),
        ("U2", 7),
        (np.dtypes.StringDType(), 7),
        (object, 7),
        (bool, 10),
    ],
)
def test_a_dtype_is_understood_however_it_is_written(dtype, number):
    assert data_type(dtype) == number


@pytest.mark.parametrize("dtype", ["datetime64[s]", np.dtype("m8[s]"), [("a", "i4")], "longdouble"])
def test_a_dtype_that_tensorflow_lacks_is_refused(dtype):
    with pytest.raises(InvalidArgumentError, match=r"dtype: TensorFlow has no tensors of .*convert to one of"):
        data_type(dtype)


def test_a_dtype_that_numpy_lacks_is_refused():
    with pytest.raises(InvalidArgumentError, match=r"dtype: NumPy knows no 'flaot'; write a name"):
        data_type("flaot")


@pytest.mark.parametrize("number", [-1, 34, 100, 134, 2**31 - 1])
def test_a_number_outside_the_enum_is_refused(number):
    with pytest.raises(InvalidArgumentError, match=rf"dtype: {number} is not a number of tensorflow.DataType"):
        numpy_dtype(number)
