"""GELU in all its spellings is LiteRT's operation, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from jax import export

from tenon.serving.engines import _converter
from tenon.serving.engines._converter import Form

X = np.concatenate([np.linspace(-20, 20, 127), [1e-30]]).astype(np.float32).reshape(2, 64)


def gelu(x: Any) -> Any:
    return jax.nn.gelu(x, approximate=False)


def converted(function: Callable[[Any], Any], dtype: str = "float32") -> bytes:
    x = jax.ShapeDtypeStruct(export.symbolic_shape("b,64"), dtype)
    module = str(export.export(jax.jit(function), platforms=("tpu",))(x).mlir_module())
    return _converter.convert(module, Form.ROWS, False)[0]


def has_gelu(flatbuffer: bytes) -> bool:
    return any(each["op_name"] == "GELU" for each in Interpreter(model_content=flatbuffer)._get_ops_details())


SPELLINGS = {
    "erfc": gelu,
    "erf": lambda x: 0.5 * x * (1 + jax.lax.erf(x / np.float32(np.sqrt(2)))),
    "factors the other way round": lambda x: (1 + jax.lax.erf(x * np.float32(np.sqrt(0.5)))) * (x / 2),
    "after a bias": lambda x: gelu(x + np.float32(0.25)),
    "before another factor": lambda x: gelu(x) * jnp.abs(x),
}


@pytest.mark.parametrize("function", SPELLINGS.values(), ids=SPELLINGS)
def test_a_gelu_is_recognised_and_answers_the_same(function):
    flatbuffer = converted(function)
    assert has_gelu(flatbuffer)
    [answer] = Interpreter(model_content=flatbuffer).get_signature_runner(_converter.SIGNATURE)(input_0=X).values()
    np.testing.assert_allclose(answer, jax.jit(function)(X), rtol=1e-5, atol=1e-5)


OTHERS = {
    "another scale": lambda x: 0.5 * x * jax.lax.erfc(-x * np.float32(0.7)),
    "twice as much": lambda x: x * jax.lax.erfc(-x * np.float32(np.sqrt(0.5))),
    "the error function alone": jax.lax.erf,
    "of two arguments": lambda x: 0.5 * x * jax.lax.erfc(-x[:, ::-1] * np.float32(np.sqrt(0.5))),
    "no constant": lambda x: x * jax.nn.sigmoid(x * np.arange(64, dtype=np.float32)),
}


@pytest.mark.parametrize("function", OTHERS.values(), ids=OTHERS)
def test_what_is_nearly_a_gelu_stays_as_it_is(function):
    flatbuffer = converted(function)
    assert not has_gelu(flatbuffer)
    [answer] = Interpreter(model_content=flatbuffer).get_signature_runner(_converter.SIGNATURE)(input_0=X).values()
    np.testing.assert_allclose(answer, jax.jit(function)(X), rtol=1e-5, atol=1e-5)


def test_a_gelu_in_half_precision_stays_as_it_is():
    assert not has_gelu(converted(gelu, "float16"))
