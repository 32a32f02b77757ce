"""Small signatures, as they are read back from a SavedModel, and what they answer."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from tenon.saved_model import LoadedSignature, TensorSpec, read, save
from tenon.serving.engines import EngineReport, Flatbuffer, LiteRtEngine, XlaEngine, weights_on_device
from tenon.serving.engines._conversion import convert
from tenon.serving.engines._mixed import MixedEngine

KERNEL = np.random.default_rng(3).standard_normal((4, 3)).astype("f4")
TABLE = np.arange(15, dtype="f4").reshape(5, 3)

MODELS = {
    "dense": (
        lambda w, x: {"p": jax.nn.softmax(x @ w), "x": x},
        {"x": TensorSpec((None, 4), "float32")},
        KERNEL,
    ),
    "kinds": (
        lambda x, n, flag, byte: {
            "a": x * n[:, None],
            "b": ~flag,
            "c": byte.astype(jnp.float32) / 255,
            "n": n + 1,
        },
        {
            "x": TensorSpec((None, 2), "float32"),
            "n": TensorSpec((None,), "int32"),
            "flag": TensorSpec((None,), "bool"),
            "byte": TensorSpec((None, 3), "uint8"),
        },
        None,
    ),
    "unused": (
        lambda x, n: {"y": x * 2},
        {"x": TensorSpec((None, 2), "float32"), "n": TensorSpec((None,), "int32")},
        None,
    ),
    "sequence": (lambda x: {"y": jax.nn.softmax(x, 1)}, {"x": TensorSpec((None, None), "float32")}, None),
    "shares": (lambda x: {"y": x / x.shape[0]}, {"x": TensorSpec((None, 4), "float32")}, None),
    "scalar": (lambda x: {"y": x * 2}, {"x": TensorSpec((), "float32")}, None),
    "rows of a table": (lambda i: {"y": jnp.asarray(TABLE)[i]}, {"i": TensorSpec((None,), "int32")}, None),
    "depthwise": (
        lambda x: {
            "y": jax.lax.conv_general_dilated(
                x,
                jnp.ones((3, 3, 1, 16)),
                (1, 1),
                "SAME",
                dimension_numbers=("NHWC", "HWIO", "NHWC"),
                feature_group_count=16,
            )
        },
        {"x": TensorSpec((None, 32, 32, 16), "float32")},
        None,
    ),
    "loop": (
        lambda x: {"y": jax.lax.fori_loop(0, 20, lambda _, m: jnp.tanh(m @ m), x)},
        {"x": TensorSpec((None, 4, 4), "float32")},
        None,
    ),
}


@cache
def signature(name: str) -> LoadedSignature:
    function, inputs, variables = MODELS[name]
    folder = Path(tempfile.mkdtemp()) / "1"
    save(function, folder, {"serving_default": inputs}, variables=variables)
    return read(folder).signatures["serving_default"]


@cache
def flatbuffer(name: str) -> Flatbuffer:
    return Flatbuffer.of(convert(signature(name)), signature(name))


def weights(name: str) -> list[jax.Array]:
    read_back = signature(name)
    values = dict(zip(read_back.variables, read_back.values, strict=True))
    on_device = weights_on_device(values, dict(zip(read_back.variables, read_back.variable_dtypes, strict=True)))
    return [on_device[each] for each in read_back.variables]


def xla_engine(name: str) -> XlaEngine:
    return XlaEngine(signature(name), weights(name))


def litert_engine(name: str) -> LiteRtEngine:
    return LiteRtEngine(flatbuffer(name), {1: 2, 2: 1})


def mixed_engine(name: str) -> MixedEngine:
    engines = {"xla": xla_engine(name), "litert": litert_engine(name)}
    return MixedEngine(engines, EngineReport("made up", ((0, "litert"), (4, "xla"))))


def expected(name: str, *inputs: np.ndarray) -> list[np.ndarray]:
    read_back = signature(name)
    return [np.asarray(each) for each in read_back(*inputs).values()]
