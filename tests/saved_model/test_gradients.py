"""Gradients flow through what was loaded: to variables and arguments, twice over."""

from __future__ import annotations

import jax
import numpy as np
import pytest

import tenon as tf


class Layer(tf.Module):
    def __init__(self):
        super().__init__()
        self.w = tf.Variable([[1.0, -2.0], [0.5, 3.0]])
        self.scale = tf.Variable(2.0, trainable=False)
        self.unused = tf.Variable(1.0)
        self.calls = tf.Variable(0)

    @tf.function(input_signature=[tf.TensorSpec([None, 2]), tf.TensorSpec([], tf.int32)])
    def __call__(self, x, times):
        self.calls.assign_add(1)
        return tf.tanh(x @ self.w) * self.scale * tf.cast(times, tf.float32), times + 1


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """The object, and what was loaded of it."""
    layer = Layer()
    path = tmp_path_factory.mktemp("gradients") / "1"
    tf.saved_model.save(layer, path)
    return layer, tf.saved_model.load(path)


X = tf.constant([[0.1, 0.2], [-0.3, 0.4], [0.5, -0.6]])


def gradients(layer):
    x = tf.constant(X)
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(layer(x, 3)[0] ** 2)
    return tape.gradient(loss, [layer.w, x, layer.unused, layer.scale])


def test_gradients_are_those_of_the_original(pair):
    (w, x, unused, scale), (loaded_w, loaded_x, loaded_unused, loaded_scale) = map(gradients, pair)
    np.testing.assert_allclose(loaded_w, w, rtol=1e-5)
    np.testing.assert_allclose(loaded_x, x, rtol=1e-5)
    assert unused is loaded_unused is scale is loaded_scale is None


def second_derivative(layer):
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            loss = tf.reduce_sum(layer(X, 1)[0])
        gradient = inner.gradient(loss, layer.w)
    return outer.jacobian(gradient, layer.w)


def test_second_derivatives_are_those_of_the_original(pair):
    original, loaded = map(second_derivative, pair)
    assert np.abs(original).max() > 0.1
    np.testing.assert_allclose(loaded, original, rtol=1e-5, atol=1e-6)


def test_a_third_derivative_tells_that_it_was_not_saved(pair):
    _, loaded = pair
    x = tf.constant(X)
    with tf.GradientTape() as third:
        third.watch(x)
        with tf.GradientTape() as second:
            second.watch(x)
            with tf.GradientTape() as first:
                first.watch(x)
                loss = loaded(x, 1)[0]
            gradient = first.gradient(loss, x)
        gradient = second.gradient(gradient, x)
    with pytest.raises(tf.errors.UnimplementedError, match="first two orders"):
        third.gradient(gradient, x)


def test_jacobians_run_the_program_once_for_each_row(pair):
    def jacobian(layer):
        x = tf.constant(X)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, 1)[0]
        return tape.jacobian(y, x)

    original, loaded = map(jacobian, pair)
    np.testing.assert_allclose(loaded, original, rtol=1e-5, atol=1e-6)


def test_a_loaded_function_can_be_mapped_over_vectors(pair):
    rows = tf.reshape(X, [3, 1, 2])
    original, loaded = (tf.vectorized_map(lambda row, layer=layer: layer(row, 1)[0], rows) for layer in pair)
    np.testing.assert_allclose(loaded, original, rtol=1e-5)


def test_it_is_called_and_differentiated_inside_a_function(pair):
    @tf.function
    def step(x, layer):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(layer(x, 2)[0])
        return loss, tape.gradient(loss, layer.w)

    original, loaded = (step(X, layer) for layer in pair)
    np.testing.assert_allclose(loaded[0], original[0], rtol=1e-5)
    np.testing.assert_allclose(loaded[1], original[1], rtol=1e-5)


def test_jax_differentiates_and_maps_it_too(tmp_path):
    module = tf.Module()
    module.w = tf.Variable(3.0)
    module.f = tf.function(lambda x: tf.sin(x) * module.w, input_signature=[tf.TensorSpec([])])
    tf.saved_model.save(module, tmp_path / "1")
    loaded = tf.saved_model.load(tmp_path / "1")
    found = jax.jit(jax.vmap(jax.grad(lambda x: loaded.f(tf.constant(x)).value)))(np.float32([0, 1]))
    np.testing.assert_allclose(found, 3 * np.cos([0, 1]), rtol=1e-6)


def test_assigning_passes_no_gradient_on(tmp_path):
    class Memory(tf.Module):
        def __init__(self):
            super().__init__()
            self.last = tf.Variable(1.0)

        @tf.function(input_signature=[tf.TensorSpec([])])
        def __call__(self, x):
            before = self.last * x
            self.last.assign(3.0 * x)
            return before + self.last

    def gradient(memory):
        x = tf.constant(2.0)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = memory(x)
        return [tape.gradient(y, x).numpy(), y.numpy(), memory.last.numpy()]

    memory = Memory()
    tf.saved_model.save(memory, tmp_path / "1")
    assert gradient(tf.saved_model.load(tmp_path / "1")) == gradient(memory)


def test_without_gradients_files_are_smaller_and_a_gradient_says_so(tmp_path):
    layer = Layer()
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    tf.saved_model.save(layer, tmp_path / "1", options=options)
    assert len(list((tmp_path / "1/assets.extra/tenon/functions").iterdir())) == 1
    with pytest.raises(tf.errors.UnimplementedError, match="saved without gradients"):
        gradients(tf.saved_model.load(tmp_path / "1"))


def test_what_has_no_gradient_is_saved_and_tells_why(tmp_path):
    class Loop(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([]), tf.TensorSpec([], tf.int32)])
        def __call__(self, x, n):
            while n > 0:
                x = x * 2.0
                n -= 1
            return x

    tf.saved_model.save(Loop(), tmp_path / "1")
    loaded = tf.saved_model.load(tmp_path / "1")
    x = tf.constant(3.0)
    assert float(loaded(x, 3)) == 24.0
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = loaded(x, 2)
    assert float(tape.gradient(y, x)) == 4.0


def test_numbers_of_64_bits_and_complex_ones_have_gradients(tmp_path):
    class Wide(tf.Module):
        def __init__(self):
            super().__init__()
            self.v = tf.Variable(1.5, dtype=tf.float64)

        @tf.function(input_signature=[tf.TensorSpec([], tf.float64), tf.TensorSpec([], tf.complex64)])
        def __call__(self, x, z):
            return self.v * x**3, tf.abs(z) ** 2

    def both(wide):
        x, z = tf.constant(1.0 + 2.0**-40, tf.float64), tf.constant(1.0 + 2.0j, tf.complex64)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([x, z])
            y, w = wide(x, z)
        return [*tape.gradient(y, [x, wide.v]), tape.gradient(w, z)]

    wide = Wide()
    tf.saved_model.save(wide, tmp_path / "1")
    for original, loaded in zip(both(wide), both(tf.saved_model.load(tmp_path / "1")), strict=True):
        assert original.dtype == loaded.dtype
        np.testing.assert_allclose(loaded, original, rtol=1e-12 if original.dtype == tf.float64 else 1e-6)


def test_fine_tuning_goes_as_with_the_original(pair):
    def losses(layer):
        found = []
        for _ in range(5):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((layer(X, 1)[0] - 1.0) ** 2)
            layer.w.assign_sub(0.3 * tape.gradient(loss, layer.w))
            found.append(float(loss))
        return found

    original, loaded = map(losses, pair)
    np.testing.assert_allclose(loaded, original, rtol=1e-5)
    assert loaded[-1] < loaded[0]


def test_an_optimizer_of_keras_trains_it(tmp_path):
    tf.saved_model.save(Layer(), tmp_path / "1")
    loaded = tf.saved_model.load(tmp_path / "1")
    optimizer = tf.keras.optimizers.Adam(0.1)
    before = float(tf.reduce_mean((loaded(X, 1)[0] - 1.0) ** 2))
    for _ in range(5):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((loaded(X, 1)[0] - 1.0) ** 2)
        optimizer.apply_gradients([(tape.gradient(loss, loaded.w), loaded.w)])
    assert float(loss) < before
