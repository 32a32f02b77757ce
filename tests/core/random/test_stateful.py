import numpy as np
import pytest

from tenon.base import InvalidArgumentError
from tenon.core import random
from tenon.core.autodiff import GradientTape
from tenon.core.tensors import TensorShape, constant
from tenon.core.variables import Variable


@pytest.fixture(autouse=True)
def one_sequence():
    random.set_seed(1)
    yield
    random.set_seed(None)


@pytest.mark.parametrize("shape", [[2, 3], (2, 3), TensorShape([2, 3]), constant([2, 3]), [constant(2), 3]])
def test_shapes_come_in_many_forms(shape):
    assert random.normal(shape).shape == (2, 3)


@pytest.mark.parametrize(
    ("draw", "mean", "deviation"),
    [
        (lambda: random.normal([4000], 1.0, 2.0), 1, 2),
        (lambda: random.truncated_normal([4000], 1.0, 2.0), 1, 2 * 0.8796),
        (lambda: random.uniform([4000], -1.0, 3.0), 1, 4 / 12**0.5),
        (lambda: random.uniform([4000], 0, 5, "int32"), 2, 2**0.5),
        (lambda: random.gamma([4000], 4.0, 2.0), 2, 1),
        (lambda: random.poisson([4000], 9.0), 9, 3),
        (lambda: random.categorical([[0.0, 0.0]], 4000), 0.5, 0.5),
    ],
)
def test_numbers_have_their_moments(draw, mean, deviation):
    values = draw().numpy().astype(np.float64)
    assert abs(values.mean() - mean) < 5 * deviation / 4000**0.5
    assert abs(values.std() / deviation - 1) < 0.1


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_numbers_have_the_dtype_asked_for(dtype):
    for function in (random.normal, random.truncated_normal, random.uniform):
        assert function([2], dtype=dtype).dtype == dtype


def test_gamma_and_poisson_numbers_have_the_dtype_asked_for():
    assert random.gamma([2], 1.0, dtype="float16").dtype == "float16"
    assert random.poisson([2], 1.0, dtype="int64").dtype == "int64"


def test_gamma_and_poisson_put_the_shape_before_the_parameters():
    assert random.gamma([4], [1.0, 2.0], [[1.0], [2.0], [3.0]]).shape == (4, 3, 2)
    assert random.poisson([4], [[1.0, 2.0]], "int64").shape == (4, 1, 2)


def test_shuffling_keeps_the_rows():
    value = np.arange(40).reshape(20, 2)
    shuffled = random.shuffle(value).numpy()
    assert (shuffled != value).any()
    np.testing.assert_array_equal(np.sort(shuffled, axis=0), value)
    assert sorted(random.shuffle(["a", "b"]).numpy().tolist()) == [b"a", b"b"]
    assert random.shuffle(3).numpy() == 3


def test_gradients_flow_to_the_parameters_and_through_shuffling():
    x = Variable([1.0, 2.0])
    with GradientTape(persistent=True) as tape:
        normal, uniform = random.normal([2], mean=x), random.uniform([2], x, [5.0, 5.0])
        shuffled = random.shuffle(x)
    assert tape.gradient(normal, x).numpy().tolist() == [1.0, 1.0]
    np.testing.assert_allclose(tape.gradient(uniform, x).numpy(), (5 - uniform.numpy()) / (5 - x.numpy()), rtol=1e-5)
    assert tape.gradient(shuffled, x).numpy().tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: random.normal(3), InvalidArgumentError, "shape: must be a vector of integers"),
        (lambda: random.normal([2.0]), InvalidArgumentError, "shape: must be a vector of integers"),
        (lambda: random.normal([-2]), InvalidArgumentError, "at least zero"),
        (lambda: random.normal([2], "a"), TypeError, "Cannot convert 'a'"),
        (lambda: random.uniform([2], dtype="int32"), ValueError, "Must specify maxval for integer dtype tf.int32"),
        (lambda: random.uniform([2], 10, 1, "int32"), InvalidArgumentError, "Need minval < maxval, got 10 >= 1"),
        (lambda: random.uniform([2], 0, 10, "uint8"), ValueError, "Argument `dtype` got invalid value tf.uint8"),
        (lambda: random.gamma([2], 1, dtype="int32"), ValueError, "invalid value tf.int32"),
        (lambda: random.categorical([0.0, 1.0], 4), InvalidArgumentError, "logits should be a matrix"),
    ],
)
def test_what_does_not_fit_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
