"""Models in bfloat16 on a CPU, and weights that are quantized alone, are told to be slow, once."""

import logging

import jax
import numpy as np
import pytest

from tenon import keras
from tenon.keras._precision import _tell, _tell_of_weights


def train(policy):
    dense = keras.layers.Dense(2, dtype=policy)
    model = keras.Sequential([keras.Input((3,)), dense])
    model.compile(loss="mse", optimizer="sgd")
    model.fit(np.ones((4, 3), "float32"), np.ones((4, 2), "float32"), batch_size=4, verbose=0)


def predict(policy):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, dtype=policy)])
    model.predict(np.ones((4, 3), "float32"), verbose=0)


@pytest.fixture
def told(caplog):
    forget()
    caplog.set_level(logging.WARNING, "tenon.keras")
    yield lambda: [record.getMessage() for record in caplog.records if record.name == "tenon.keras"]
    forget()


def forget():
    _tell.cache_clear()
    _tell_of_weights.cache_clear()


def quantize(*arguments, **options):
    model = keras.Sequential([keras.Input((3,), dtype="int32"), keras.layers.Embedding(4, 2), keras.layers.Dense(2)])
    model.quantize(*arguments, filters="dense|embedding", **options)


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="accelerators are fast in bfloat16")
def test_a_layer_in_bfloat16_is_told_once(told):
    train("mixed_bfloat16")
    train("mixed_bfloat16")
    (message,) = told()
    assert "set_dtype_policy('float32')" in message


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="accelerators are fast in bfloat16")
def test_a_prediction_in_bfloat16_is_told_too(told):
    predict("bfloat16")
    (message,) = told()
    assert "in prediction" in message


def test_nothing_is_told_of_float32(told):
    train("float32")
    predict("float32")
    assert not told()


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="accelerators have memory to wait for")
@pytest.mark.parametrize("config", ["int4", keras.quantizers.Int8QuantizationConfig(activation_quantizer=None)])
def test_weights_quantized_alone_are_told_once(told, config):
    mode = {"mode": config} if isinstance(config, str) else {"config": config}
    quantize(**mode)
    quantize(**mode)
    (message,) = told()
    assert "model.quantize('int8')" in message


def test_nothing_is_told_of_int8_with_activations(told):
    quantize("int8")
    assert not told()
