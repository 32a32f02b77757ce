"""LiteRT's refusals, and who answers then."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tenon.base import InvalidArgumentError, UnimplementedError
from tenon.serving.engines import LiteRtEngine
from tenon.serving.engines._litert import ON_DEMAND_BYTES
from tenon.serving.engines._xla import check_shapes
from tests.serving.engines.signatures import flatbuffer, signature, xla_engine

OUTSIDE = [np.array([0, 99], "i4")]


def test_an_input_that_litert_refuses_is_an_error_without_a_fallback():
    program = LiteRtEngine(flatbuffer("rows of a table"), 1).prepare(((2,),))
    with pytest.raises(RuntimeError, match="out of bounds"):
        program(OUTSIDE)
    assert program([np.array([1, 2], "i4")])[0].tolist() == [[3, 4, 5], [6, 7, 8]]  # the refusal left nothing behind


def test_an_input_that_litert_refuses_is_answered_by_the_fallback():
    xla = xla_engine("rows of a table")
    program = LiteRtEngine(flatbuffer("rows of a table"), 1, xla.compile_and_run).prepare(((2,),))
    assert program(OUTSIDE)[0].tolist() == xla.compile_and_run(OUTSIDE)[0].tolist()


def test_shapes_that_litert_cannot_take_are_refused():
    with pytest.raises(UnimplementedError, match=r"LiteRT cannot run the program for the shapes \(\(2, 5\),\)"):
        LiteRtEngine(flatbuffer("dense"), 1).prepare(((2, 5),))


def test_shapes_that_the_signature_does_not_take_are_refused():
    engine = LiteRtEngine(flatbuffer("sequence"), 1, check=lambda shapes: check_shapes(signature("sequence"), shapes))
    with pytest.raises(InvalidArgumentError, match=r"no program can be made for the shapes \(\(2, 0\),\)"):
        engine.compile_and_run([np.zeros((2, 0), "f4")])


@pytest.mark.parametrize("content", [b"", b"no flatbuffer at all", bytes(4096), "cut", "garbled"])
def test_bytes_that_are_no_program_are_refused(content):
    whole = flatbuffer("dense")
    if content == "cut":
        content = whole.content[: len(whole.content) // 2]
    if content == "garbled":
        content = whole.content[:64] + bytes(255 - byte for byte in whole.content[64:])
    with pytest.raises(UnimplementedError, match="LiteRT cannot run the program"):
        LiteRtEngine(replace(whole, content=content), 1).prepare(((1, 4),))


def test_fewer_programs_are_kept_for_a_large_model():
    small = flatbuffer("dense")
    padded = replace(small, content=small.content + bytes(ON_DEMAND_BYTES // 3))
    engine = LiteRtEngine(padded, 1)
    for rows in (1, 2, 3, 4):
        engine.compile_and_run([np.zeros((rows, 4), "f4")])
    assert [engine.find(((rows, 4),)) is None for rows in (1, 2, 3, 4)] == [True, True, False, False]
