"""Two flatbuffers for two numbers of rows become one for any."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from jax import export

from tenon.serving.engines import _converter
from tenon.serving.engines._converter import Form
from tenon.serving.engines._open_rows import open_rows

KERNEL = np.random.default_rng(0).standard_normal((6, 8), dtype=np.float32)


def heads(x: Any) -> Any:
    """Attention in small: products of heads, a softmax and a mean."""
    h = (x @ KERNEL).reshape(x.shape[0], x.shape[1], 2, 4)
    scores = jax.nn.softmax(jnp.einsum("btnh,bsnh->bnts", h, h))
    return jnp.einsum("bnts,bsnh->btnh", scores, h).reshape(*x.shape[:2], 8).mean(1)


def text(function: Callable[[Any], Any]) -> str:
    x = jax.ShapeDtypeStruct(export.symbolic_shape("b,5,6"), "float32")
    return str(export.export(jax.jit(function), platforms=("tpu",))(x).mlir_module())


@cache
def opened() -> bytes:
    return _converter.convert(text(heads), Form.ROWS, False)[0]


def operations(flatbuffer: bytes) -> set[str]:
    details = Interpreter(model_content=flatbuffer)._get_ops_details()
    return {each["op_name"] for each in details}


def test_heads_softmax_and_mean_are_fused_and_nothing_computes_shapes():
    assert operations(opened()) >= {"BATCH_MATMUL", "SOFTMAX", "MEAN"}
    assert not operations(opened()) & {"SHAPE", "UNSORTED_SEGMENT_PROD", "EXP"}


def masked(x: Any) -> Any:
    """Attention that does not look ahead, with a second mask that is true everywhere."""
    ahead = jnp.broadcast_to(jnp.tril(jnp.ones((5, 5), bool))[None], (x.shape[0], 5, 5))
    mask = jnp.logical_and(jnp.broadcast_to(jnp.array(True), ahead.shape), ahead)[None]
    return jax.nn.softmax(jnp.where(mask, jnp.einsum("bth,bsh->bts", x, x), -1e9)[0]) @ x


@pytest.mark.parametrize("function", [heads, masked], ids=["heads", "a mask"])
def test_one_program_answers_any_number_of_rows_in_any_order(function):
    flatbuffer, tries = _converter.convert(text(function), Form.ROWS, False)
    assert tries == [[[1, 5, 6]], [[3, 5, 6]]]
    runner = Interpreter(model_content=flatbuffer).get_signature_runner(_converter.SIGNATURE)
    for rows in (1, 2, 67, 5, 100, 1):
        x = np.random.default_rng(rows).standard_normal((rows, 5, 6), dtype=np.float32)
        [answer] = runner(input_0=x).values()
        np.testing.assert_allclose(answer, jax.jit(function)(x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: x / x.shape[0], "an operation other than a reshape"),
        (lambda x: x + jnp.arange(x.shape[0], dtype="float32")[:, None, None], "a constant grows"),
        (lambda x: jnp.concatenate([x, x[:1]]), "not in proportion"),
        (lambda x: x[: jax.core.min_dim(x.shape[0], 3)], "a constant grows"),
        (lambda x: x[1:], "not in proportion"),
        (lambda x: jnp.einsum("bth,cth->bc", x, x)[:, None, :, None], "two sizes of a reshape"),
        (lambda x: jnp.broadcast_to(x[:1] * 2, x.shape), "an operation other than a reshape"),
    ],
    ids=[
        "rows in a value",
        "a number for each row",
        "a row more",
        "three rows at most",
        "a row less",
        "rows twice",
        "one for all",
    ],
)
def test_a_program_that_knows_its_rows_is_refused(function, message):
    with pytest.raises(ValueError, match=message):
        _converter.convert(text(function), Form.ROWS, False)


def test_programs_with_different_operations_are_refused():
    tanh, exp = (_converter.convert(text(each), Form.OPEN, False)[0] for each in (jnp.tanh, jnp.exp))
    with pytest.raises(ValueError, match=r"constant|operation"):
        open_rows(tanh, exp, (2, 3))
