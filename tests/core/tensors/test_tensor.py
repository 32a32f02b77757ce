"""The tensor itself: its manners towards Python, NumPy and JAX."""

from __future__ import annotations

import copy
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tenon.core.tensors import Tensor, constant

MATRIX = constant([[1.0, 2.0], [3.0, 4.0]])


def test_it_says_what_it_is():
    assert (MATRIX.shape, MATRIX.dtype, MATRIX.ndim) == ((2, 2), "float32", 2)
    assert MATRIX.device == "/job:localhost/replica:0/task:0/device:CPU:0"
    assert MATRIX.get_shape() == [2, 2]
    MATRIX.set_shape([None, 2])
    with pytest.raises(ValueError, match="not compatible with supplied shape"):
        MATRIX.set_shape([3, 2])


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1.5, "<tf.Tensor: shape=(), dtype=float32, numpy=1.5>"),
        (0.1, "<tf.Tensor: shape=(), dtype=float32, numpy=0.10000000149011612>"),
        ([1, 2], "<tf.Tensor: shape=(2,), dtype=int32, numpy=array([1, 2], dtype=int32)>"),
        ([[1], [2]], "<tf.Tensor: shape=(2, 1), dtype=int32, numpy=\narray([[1],\n       [2]], dtype=int32)>"),
        ("a", "<tf.Tensor: shape=(), dtype=string, numpy=b'a'>"),
    ],
)
def test_it_prints_as_tensorflows(value, shown):
    assert repr(constant(value)) == shown
    assert str(constant([1, 2])) == "tf.Tensor([1 2], shape=(2,), dtype=int32)"
    assert str(constant([[1], [2]])) == "tf.Tensor(\n[[1]\n [2]], shape=(2, 1), dtype=int32)"
    assert f"{constant(1.23456):.2f}" == "1.23"


def test_python_takes_scalars_as_numbers():
    number = constant(3)
    assert (int(number), float(number), complex(number), bool(number), [0, 1, 2, 9][number]) == (3, 3.0, 3, True, 9)
    for convert in (int, float):
        with pytest.raises(TypeError, match="only 0-dimensional"):
            convert(constant([3]))
    with pytest.raises(ValueError, match="ambiguous"):
        bool(MATRIX)


def test_it_iterates_over_rows_and_has_their_number():
    assert [row.numpy().tolist() for row in MATRIX] == [[1.0, 2.0], [3.0, 4.0]]
    assert len(MATRIX) == 2
    with pytest.raises(TypeError, match="scalar"):
        iter(constant(1))
    with pytest.raises(TypeError, match="len"):
        len(constant(1))


def test_it_cannot_be_hashed_or_changed_but_referred_to():
    with pytest.raises(TypeError, match=r"tensor.ref\(\)"):
        hash(MATRIX)
    with pytest.raises(TypeError, match="item assignment"):
        MATRIX[0] = 1
    assert {MATRIX.ref(): 1}[MATRIX.ref()] == 1
    assert MATRIX.ref().deref() is MATRIX
    assert MATRIX.ref() != constant(1).ref()


def test_numpy_and_jax_take_it_as_an_array():
    np.testing.assert_array_equal(np.asarray(MATRIX), MATRIX.numpy())
    assert np.asarray(MATRIX, np.float64).dtype == np.float64
    assert jnp.asarray(MATRIX) is MATRIX.value
    np.testing.assert_allclose(jax.jit(lambda t: t)(MATRIX).numpy(), MATRIX.numpy())
    assert isinstance(jax.tree.map(lambda a: a + 1, MATRIX), Tensor)
    np.testing.assert_array_equal(np.from_dlpack(MATRIX), MATRIX.numpy())


def test_numpy_copies_belong_to_the_caller():
    array = MATRIX.numpy()
    array[0] = 9.0
    assert MATRIX.numpy()[0, 0] == 1.0


def test_methods_of_arrays_work_in_64_bits_and_give_tensors():
    total = constant(np.array([1.0, 2.0])).sum()
    assert isinstance(total, Tensor)
    assert total.dtype == "float64"
    assert MATRIX.T.numpy().tolist() == [[1.0, 3.0], [2.0, 4.0]]
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = MATRIX.nothing


def test_functions_of_numpy_give_what_they_give_for_arrays():
    for function in (np.sum, np.mean, np.max, np.argmax, np.std, np.any, np.cumsum, np.round):
        found, expected = function(MATRIX), function(MATRIX.numpy())
        assert type(found) is type(expected)
        np.testing.assert_array_equal(found, expected)
    assert np.mean(MATRIX, axis=1, keepdims=True, dtype=np.float64).tolist() == [[1.5], [3.5]]
    assert "%s %.1f" % (np.mean(MATRIX), np.max(MATRIX)) == "2.5 4.0"  # noqa: UP031  # as TensorFlow's guides print


def test_copies_and_pickles():
    assert copy.deepcopy(MATRIX) is MATRIX
    assert pickle.loads(pickle.dumps(constant("a"))).numpy() == b"a"
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(MATRIX)).numpy(), MATRIX.numpy())


def test_a_symbolic_tensor_has_no_value_and_says_so():
    def function(array):
        tensor = Tensor(array)
        assert tensor.is_symbolic
        assert repr(tensor) == "<tf.Tensor: shape=(), dtype=float32>"
        for ask, error in (
            (Tensor.numpy, AttributeError),
            (bool, TypeError),
            (float, TypeError),
            (np.asarray, NotImplementedError),
        ):
            with pytest.raises(error):
                ask(tensor)
        return array

    jax.jit(function)(1.0)


def test_names_belong_to_graphs():
    with pytest.raises(AttributeError, match="name is undefined"):
        _ = MATRIX.name
