"""The models that the tests of the edges ask."""

import asyncio

import numpy as np

from tenon.base import ResourceExhaustedError, TensorSpec, UnavailableError
from tenon.formats import make_tensor_proto
from tenon.serving.testing import FakeServable, StaticManager, fake_signature, half_plus_two

VECTOR = TensorSpec((None,), np.float32)
MATRIX = TensorSpec((None, 2), np.float32)
COUNTS = TensorSpec((None,), np.int32)
TEXTS = TensorSpec((None,), object)


def echo(dtype, shape=(None,)):
    spec = TensorSpec(shape, dtype)
    return fake_signature({"x": spec}, {"x": spec}, lambda x: {"x": x})


def raising(error):
    def fail(x):
        raise error

    return fake_signature({"x": VECTOR}, {"y": VECTOR}, fail)


def with_default():
    scalar = TensorSpec((), np.float32)
    made = fake_signature({"x": VECTOR, "shift": scalar}, {"y": VECTOR}, lambda x, shift: {"y": x + shift})
    made.signature.definition.defaults["shift"].CopyFrom(make_tensor_proto(np.float32(10)))
    return made


SIGNATURES = {
    "serving_default": fake_signature(
        {"a": MATRIX, "b": COUNTS},
        {"sum": VECTOR, "b": COUNTS},
        lambda a, b: {"sum": a.sum(axis=1) + b, "b": b},
    ),
    "text": fake_signature({"x": TEXTS}, {"text": TEXTS, "raw_bytes": TEXTS}, lambda x: {"text": x, "raw_bytes": x}),
    "scalar": fake_signature({"x": VECTOR}, {"total": TensorSpec((), np.float32)}, lambda x: {"total": x.sum()}),
    "uneven": fake_signature({"x": VECTOR}, {"y": VECTOR, "z": VECTOR}, lambda x: {"y": x, "z": x[:1]}),
    "default": with_default(),
    "broken": raising(ValueError("a secret of the server")),
    "full": raising(ResourceExhaustedError("the queue is full")),
    "away": raising(UnavailableError("not now")),
    "long": raising(UnavailableError("y" * 3000)),
    **{name: echo(name) for name in ("float32", "float64", "float16", "bool", "object", "int8", "int64", "uint16")},
}


def manager(gate: asyncio.Event | None = None, failure=None, **more) -> StaticManager:
    return StaticManager(
        {
            "half": {1: half_plus_two(), 3: half_plus_two()},
            "many": {7: FakeServable(SIGNATURES, gate)},
            **more,
        },
        {} if failure is None else {"half": {2: failure}},
    )
