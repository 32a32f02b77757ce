from collections import OrderedDict, namedtuple

import jax
import ml_dtypes
import numpy as np
import pytest

from tenon.base import FailedPreconditionError, InvalidArgumentError
from tenon.core.functions import function
from tenon.core.random import Generator
from tenon.core.tensors import Tensor
from tenon.core.variables import Variable, hold_array
from tenon.train import Checkpoint, list_variables
from tests.train.objects import module

Pair = namedtuple("Pair", "left right")
VALUES = [
    np.float32([1.5, -2]),
    np.float64(0.1),
    np.int64(2**40),
    np.int8([1, -1]),
    np.uint16([65535]),
    np.array([1.5], ml_dtypes.bfloat16),
    np.float16([0.5]),
    np.complex64(1 + 2j),
    np.array([True, False]),
    np.zeros((0, 3), np.float32),
    np.array([b"a", b""], object),
]


def keys(checkpoint, tmp_path):
    path = checkpoint.write(tmp_path / "keys")
    return [name.removesuffix("/.ATTRIBUTES/VARIABLE_VALUE") for name, _ in list_variables(path)][1:]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: f"{value.dtype}{list(value.shape)}")
def test_variables_of_every_dtype_are_restored_bit_by_bit(tmp_path, value):
    path = Checkpoint(v=Variable(value)).write(tmp_path / "c")
    other = Variable(np.zeros_like(value) if value.dtype != object else ["x", "y"])
    Checkpoint(v=other).read(path).assert_consumed()
    restored = np.asarray(other.numpy())
    assert restored.dtype == value.dtype
    assert restored.tolist() == value.tolist()


def test_a_variable_of_another_shape_is_refused_with_both_shapes(tmp_path):
    path = Checkpoint(v=Variable([1.0, 2.0])).write(tmp_path / "c")
    with pytest.raises(ValueError, match=r"shape \(2,\) when attempting to restore variable with shape \(3,\) and na"):
        Checkpoint(v=Variable([1.0, 2.0, 3.0])).read(path)


def test_a_variable_whose_shape_is_open_takes_what_fits(tmp_path):
    path = Checkpoint(v=Variable([[1.0, 2.0]])).write(tmp_path / "c")
    other = Variable(np.zeros((3, 2), np.float32), shape=[None, 2])
    Checkpoint(v=other).read(path).assert_consumed()
    assert other.numpy().tolist() == [[1.0, 2.0]]


def test_a_variable_of_another_dtype_is_refused_with_both_dtypes(tmp_path):
    path = Checkpoint(v=Variable(1)).write(tmp_path / "c")
    with pytest.raises(InvalidArgumentError, match="'n': expected dtype float32, but the checkpoint holds int32"):
        Checkpoint(v=Variable(1.0, name="n")).read(path)


def test_a_variable_in_the_place_of_another_object_is_refused(tmp_path):
    path = Checkpoint(v=Variable(1)).write(tmp_path / "c")

    class Other:
        def _serialize_to_tensors(self):
            return {"a": np.zeros(1)}

    other = Checkpoint(v=Other()).write(tmp_path / "other")
    with pytest.raises(InvalidArgumentError, match=r"another kind of object in its place, with the values \['a'\]"):
        Checkpoint(v=Variable(1)).read(other)
    assert path


def test_restored_arrays_lie_where_those_before_were_put(tmp_path):
    device = jax.devices()[0]
    path = Checkpoint(v=Variable([1.0, 2.0])).write(tmp_path / "c")
    put, free = Variable(Tensor(jax.device_put(np.float32([0, 0]), device))), Variable([0.0, 0.0])
    Checkpoint(v=put).read(path)
    Checkpoint(v=free).read(path)
    assert (put.value().value.committed, free.value().value.committed) == (True, False)


def test_a_variable_without_a_value_is_not_saved(tmp_path):
    variable = Variable(1.0, name="later")
    hold_array(variable, None)
    with pytest.raises(FailedPreconditionError, match="'later': has no value yet"):
        Checkpoint(v=variable).write(tmp_path / "c")


def test_a_variable_that_a_function_creates_is_restored_instead_of_initialized(tmp_path):
    def lazy():
        held = module(w=None)

        @function
        def call(x):
            if held.w is None:
                held.w = Variable(x * 2.0)
            return held.w + x

        return held, call

    held, call = lazy()
    call(np.float32([1, 2]))
    held.w.assign([7.0, 8.0])
    path = Checkpoint(held=held).write(tmp_path / "c")
    fresh, call = lazy()
    status = Checkpoint(held=fresh).read(path)
    assert call(np.float32([1, 2])).numpy().tolist() == [8.0, 10.0]
    status.assert_consumed()


def test_elements_are_named_by_position_by_key_and_by_field(tmp_path):
    found = keys(
        Checkpoint(
            a=[Variable(0), 5, [Variable(1)]],
            b=(Variable(2), "text"),
            c={"x": Variable(3), 5: "no variable"},
            d=OrderedDict(y=Variable(4)),
            e=Pair(Variable(5), 1),
        ),
        tmp_path,
    )
    assert found == ["a/0", "a/2/0", "b/0", "c/x", "d/y", "e/left"]


def test_a_variable_under_a_key_that_is_no_string_is_refused(tmp_path):
    with pytest.raises(
        InvalidArgumentError, match="must have strings as the keys of what is saved; received the key 5"
    ):
        Checkpoint(d={5: Variable(1)}).write(tmp_path / "c")


def test_lists_and_dicts_stay_what_they_are():
    rows, table = [Variable(1)], {"a": Variable(2)}
    held = module(rows=rows, table=table)
    checkpoint = Checkpoint(held=held, more=rows)
    assert held.rows is rows
    assert held.table is table
    assert checkpoint.more is rows


def test_private_attributes_are_saved_and_shared_ones_once(tmp_path):
    shared = Variable(1)
    assert keys(Checkpoint(m=module(_own=Variable(1), one=shared, two=shared)), tmp_path) == ["m/_own", "m/one"]


def test_a_generator_goes_on_where_it_was(tmp_path):
    generator = Generator.from_seed(3)
    generator.normal([2])
    path = Checkpoint(rng=generator).write(tmp_path / "c")
    expected = generator.normal([3]).numpy().tolist()
    other = Generator.from_seed(7)
    Checkpoint(rng=other).read(path).assert_consumed()
    assert other.normal([3]).numpy().tolist() == expected
