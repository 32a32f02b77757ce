"""First values are Keras's, and no program is made for them where the host can compute them."""

import inspect
import logging

import jax
import numpy as np
import pytest

from tenon import keras

SHAPES = [(3, 4), (2, 3, 2, 7)]
NAMES = [
    *("Zeros", "Ones", "GlorotUniform", "HeNormal", "LecunUniform", "RandomNormal", "RandomUniform"),
    *("TruncatedNormal", "Orthogonal"),
]


def made(name):
    cls = getattr(keras.initializers, name)
    return cls(seed=31) if "seed" in inspect.signature(cls).parameters else cls()


def of_keras(initializer, shape):
    """Return what Keras on JAX computes: traced code keeps its way."""
    return jax.jit(lambda: initializer(shape, dtype="float32"))()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", NAMES)
def test_initializers_give_what_keras_gives(name, shape):
    given = np.asarray(made(name)(shape, dtype="float32"))
    assert given.dtype == np.float32
    np.testing.assert_allclose(given, of_keras(made(name), shape), rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "int32", "uint8", "bool"])
def test_filled_arrays_have_their_type(dtype):
    for function, value in ((keras.ops.zeros, 0), (keras.ops.ones, 1)):
        array = function((2, 3), dtype=dtype)
        assert array.dtype.name == dtype
        assert array.shape == (2, 3)
        assert (np.asarray(array) == value).all()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_other_types_are_drawn_by_keras(dtype):
    with jax.enable_x64(True):
        drawn = keras.initializers.RandomNormal(seed=1)((3,), dtype=dtype)
    assert drawn.dtype.name == dtype


@pytest.fixture
def compiled(caplog):
    """Return the names of what JAX compiled since."""
    before = jax.config.jax_log_compiles
    jax.config.update("jax_log_compiles", True)
    caplog.set_level(logging.WARNING, logger="jax")
    yield lambda: [record.args[0] for record in caplog.records if str(record.msg).startswith("Compiling")]
    jax.config.update("jax_log_compiles", before)


def test_a_model_of_new_shapes_is_built_without_programs(compiled):
    model = keras.Sequential(
        [keras.Input((17,)), keras.layers.Dense(19), keras.layers.Dense(23, kernel_initializer="he_normal")]
    )
    optimizer = keras.optimizers.Adam()
    optimizer.build(model.trainable_variables)
    assert not [name for name in compiled() if "convert_element_type" not in name]


def test_an_orthogonal_matrix_is_orthogonal_and_takes_no_program(compiled):
    matrix = np.asarray(keras.initializers.Orthogonal(gain=2.0, seed=4)((29, 13)))
    np.testing.assert_allclose(matrix.T @ matrix, 4 * np.eye(13), atol=1e-5)
    assert not compiled()


def test_models_of_one_seed_are_equal():
    def kernel():
        keras.utils.set_random_seed(5)
        layer = keras.layers.Dense(4)
        layer.build((None, 3))
        return np.asarray(layer.kernel)

    np.testing.assert_array_equal(kernel(), kernel())


def test_programs_are_counted_where_there_are_some(compiled):
    jax.device_put(np.ones((3, 37), "float32")) * 2
    assert compiled() == ["jit(multiply)"]


def test_seeds_with_a_state_go_on():
    seed = keras.random.SeedGenerator(3)
    first, second = (np.asarray(keras.random.uniform((4,), seed=seed)) for _ in range(2))
    assert (first != second).all()


def test_another_generator_is_not_replaced():
    before = jax.config.jax_threefry_partitionable
    jax.config.update("jax_threefry_partitionable", False)
    try:
        drawn = keras.random.uniform((5,), seed=3)
        expected = jax.random.uniform(jax.numpy.array([3, 0], "uint32"), (5,))
    finally:
        jax.config.update("jax_threefry_partitionable", before)
    np.testing.assert_array_equal(drawn, expected)


def test_traced_code_keeps_its_form():
    text = jax.jit(lambda: keras.ops.zeros((64, 64)) + keras.random.uniform((64, 64), seed=1)).lower().as_text()
    assert 'dense<"0x' not in text


def test_values_may_be_given_away():
    twice = jax.jit(lambda array: array * 2, donate_argnums=0)
    np.testing.assert_array_equal(twice(keras.ops.ones((1024, 64))), np.full((1024, 64), 2.0))


def test_a_quotient_without_nan_is_one_program(compiled):
    quotient = keras.ops.divide_no_nan(jax.device_put(np.float32([6, 1])), jax.device_put(np.float32([4, 0])))
    np.testing.assert_array_equal(quotient, [1.5, 0])
    assert len(compiled()) <= 1
    assert float(keras.ops.divide_no_nan(3, 4)) == 0.75


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_seeds_that_are_no_keys_are_keras_s_to_refuse(seed):
    with pytest.raises(OverflowError):
        keras.random.uniform((2,), seed=seed)
