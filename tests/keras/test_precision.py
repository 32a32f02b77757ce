"""Training in bfloat16 on a CPU is told to be slow, once."""

import logging

import jax
import numpy as np
import pytest

from tenon import keras
from tenon.keras._precision import _tell


def train(policy):
    dense = keras.layers.Dense(2, dtype=policy)
    model = keras.Sequential([keras.Input((3,)), dense])
    model.compile(loss="mse", optimizer="sgd")
    model.fit(np.ones((4, 3), "float32"), np.ones((4, 2), "float32"), batch_size=4, verbose=0)


@pytest.fixture
def told(caplog):
    _tell.cache_clear()
    caplog.set_level(logging.WARNING, "tenon.keras")
    yield lambda: [record.getMessage() for record in caplog.records if record.name == "tenon.keras"]
    _tell.cache_clear()


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="accelerators are fast in bfloat16")
def test_a_layer_in_bfloat16_is_told_once(told):
    train("mixed_bfloat16")
    train("mixed_bfloat16")
    (message,) = told()
    assert "set_dtype_policy('float32')" in message


def test_nothing_is_told_of_float32(told):
    train("float32")
    assert not told()
