"""Requests to the protocol's handlers in process, and the arrays that travel in them."""

import asyncio
import json
from functools import cache

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tenon.base import TensorSpec
from tenon.formats import message_class
from tenon.serving.answering import Interceptor, Pipeline
from tenon.serving.http import HttpRequest
from tenon.serving.http2 import CallContext
from tenon.serving.inference_protocol import InferenceApi, Repository, inference_methods
from tenon.serving.inference_protocol._datatypes import DTYPES
from tenon.serving.testing import FakeServable, StaticManager, fake_signature
from tests.serving.doubles import manager

SERVICE = "/inference.GRPCInferenceService/"
LENGTH = "inference-header-content-length"
JSON = [("Content-Type", "application/json")]


def message(kind, /, **fields):
    return message_class(f"inference.{kind}")(**fields)


def respond(method, path, body=b"", headers=None, api=None, query=""):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = HttpRequest.of(method, path, data, headers, query)
    return asyncio.run((api or InferenceApi(Pipeline(manager()))).respond(request))


def asked(method, path, body=b"", **options):
    """Return the status and the JSON of an answer."""
    response = respond(method, path, body, **options)
    return response.status, json.loads(response.body)


def answered(name, request, methods=None, metadata=None):
    """Return the bytes that a unary method answers."""
    handler = (methods or inference_methods(Pipeline(manager())))[SERVICE + name].handler
    data = request if isinstance(request, bytes) else request.SerializeToString()
    return asyncio.run(handler(data, CallContext(metadata or {}, None, "")))


def called(name, request, response=None, **options):
    kind = name if response is None else response
    return message_class(f"inference.{kind}Response").FromString(answered(name, request, **options))


def echoing(dtype, rank):
    """Return a manager whose model ``echo`` answers ``x`` with what it was sent."""
    spec = TensorSpec((None,) * rank, dtype)
    signature = fake_signature({"x": spec}, {"x": spec}, lambda x: {"x": x}) if dtype != DTYPES["BF16"] else None
    return StaticManager({"echo": {1: FakeServable({"serving_default": signature or _without_definition(spec)})}})


def _without_definition(spec):
    number = TensorSpec(spec.shape, np.float32)  # the double cannot describe bfloat16, and nothing reads it
    made = fake_signature({"x": number}, {"x": number}, lambda x: {"x": x})
    inputs = {"x": spec}
    return type(made)(type(made.signature)(inputs, inputs, made.signature.definition), made.function)


class Loading(Repository):
    """Writes down what it is told."""

    def __init__(self, lines=(), error=None):
        self.lines, self.error, self.told = lines, error, []

    def index(self):
        return self.lines

    async def load(self, name):
        self._note("load", name)

    async def unload(self, name):
        self._note("unload", name)

    def _note(self, *what):
        if self.error is not None:
            raise self.error
        self.told.append(what)


class Watching(Interceptor):
    """Notes what passes, and refuses what it is told to."""

    def __init__(self, error=None):
        self.error, self.seen = error, []

    def begin(self, call):
        self.seen.append((call.api, call.header("k")))
        call.reply.append(("x-answered-by", "a"))

    def admit(self, call):
        self.seen.append(str(call.request))
        if self.error is not None:
            raise self.error

    def finish(self, call, error):
        self.seen.append(error and error.code.name)


SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)


@cache
def arrays(datatype):
    """Return a strategy of arrays of a datatype; floats are finite or not, strings any bytes."""
    dtype = DTYPES[datatype]
    if datatype == "BF16":
        return hnp.arrays(np.uint16, SHAPES).map(lambda bits: bits.view(dtype))
    if datatype == "BYTES":
        return hnp.arrays(object, SHAPES, elements=st.binary(max_size=5), fill=st.nothing())
    return hnp.arrays(dtype, SHAPES)


def same(have, want):
    """Tell whether two arrays are equal, NaN where NaN is."""
    if (have.dtype, have.shape) != (want.dtype, want.shape):
        return False
    if want.dtype == object:
        return have.tolist() == want.tolist()
    return np.array_equal(
        have.astype(np.float64) if want.dtype.kind in "fV" else have,
        want.astype(np.float64) if want.dtype.kind in "fV" else want,
        equal_nan=want.dtype.kind in "fV",
    )
