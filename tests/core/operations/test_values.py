import jax
import numpy as np
import pytest

from tenon.base import InvalidArgumentError
from tenon.core.operations import fingerprint, get_static_value
from tenon.core.tensors import Tensor, constant
from tenon.core.variables import Variable
from tenon.formats import fingerprint64


def test_the_value_of_a_tensor_is_known_unless_a_function_computes_it():
    known = []
    jax.jit(lambda array: known.append(get_static_value(Tensor(array))) or array)(1)
    assert known == [None]
    assert get_static_value(constant([1, 2])).tolist() == [1, 2]
    assert get_static_value(constant("a")) == b"a"
    assert get_static_value(Variable(1)) is None
    assert get_static_value(3) == 3


def test_a_fingerprint_is_that_of_the_bytes_of_each_row():
    data = np.array([[1, 2], [3, 4]], np.int32)
    found = fingerprint(data)
    assert found.dtype == "uint8"
    assert found.shape == [2, 8]
    numbers = found.numpy().view("<u8").ravel().tolist()
    assert numbers == [fingerprint64(row.tobytes()) for row in data]


def test_a_fingerprint_of_strings_is_that_of_one_or_of_the_fingerprints_of_several():
    one = fingerprint(["abc"]).numpy().view("<u8").item()
    assert one == fingerprint64(b"abc")
    several = fingerprint([["a", "bc"]]).numpy().view("<u8").item()
    assert several == fingerprint64(np.array([fingerprint64(b"a"), fingerprint64(b"bc")], "<u8").tobytes())


def test_fingerprints_are_of_rows_and_by_one_method():
    with pytest.raises(InvalidArgumentError, match="at least one dimension"):
        fingerprint(5)
    with pytest.raises(InvalidArgumentError, match="Unsupported fingerprint method: md5"):
        fingerprint([1], "md5")
