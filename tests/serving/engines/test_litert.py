"""LiteRT's refusals, and who answers then."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from tenon.base import InvalidArgumentError, UnimplementedError
from tenon.serving.engines import LiteRtEngine
from tenon.serving.engines._xla import check_shapes
from tests.serving.engines.signatures import expected, flatbuffer, signature, xla_engine

OUTSIDE = [np.array([0, 99], "i4")]


def test_an_input_that_litert_refuses_is_an_error_without_a_fallback():
    program = LiteRtEngine(flatbuffer("rows of a table"), {1: 1}).prepare(((2,),))
    with pytest.raises(RuntimeError, match="out of bounds"):
        program(OUTSIDE)
    assert program([np.array([1, 2], "i4")])[0].tolist() == [[3, 4, 5], [6, 7, 8]]  # the refusal left nothing behind


def test_an_input_that_litert_refuses_is_answered_by_the_fallback():
    xla = xla_engine("rows of a table")
    program = LiteRtEngine(flatbuffer("rows of a table"), {1: 1}, xla.compile_and_run).prepare(((2,),))
    assert program(OUTSIDE)[0].tolist() == xla.compile_and_run(OUTSIDE)[0].tolist()


def test_shapes_that_litert_cannot_take_are_refused():
    with pytest.raises(UnimplementedError, match=r"LiteRT cannot run the program for the shapes \(\(2, 5\),\)"):
        LiteRtEngine(flatbuffer("dense"), {1: 1}).prepare(((2, 5),))


def test_shapes_that_the_signature_does_not_take_are_refused():
    engine = LiteRtEngine(
        flatbuffer("sequence"), {1: 1}, check=lambda shapes: check_shapes(signature("sequence"), shapes)
    )
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
        LiteRtEngine(replace(whole, content=content), {1: 1}).prepare(((1, 4),))


def test_one_interpreter_runs_all_shapes_in_any_order():
    engine = LiteRtEngine(flatbuffer("dense"), {1: 1})
    for rows in (3, 1, 8, 3):
        x = np.random.default_rng(rows).standard_normal((rows, 4)).astype("f4")
        answer, copy = engine.compile_and_run([x])
        np.testing.assert_allclose(answer, expected("dense", x)[0], rtol=1e-5)
        assert np.array_equal(copy, x)


def test_a_program_answers_the_same_on_any_number_of_threads():
    x = np.random.default_rng(1).standard_normal((2, 32, 32, 16)).astype("f4")
    program = LiteRtEngine(flatbuffer("depthwise"), {1: 2, 2: 1}).prepare((x.shape,))
    assert (program.threads, program.on(1).threads, program.on(1).on(2).threads) == (2, 1, 2)
    np.testing.assert_allclose(program.on(1)([x])[0], program([x])[0], rtol=1e-6)


def test_a_number_of_threads_that_there_is_not_counts_as_the_next_smaller():
    program = LiteRtEngine(flatbuffer("dense"), {2: 1, 4: 1}).prepare(((1, 4),))
    assert [program.on(threads).threads for threads in (1, 2, 3, 8)] == [2, 2, 2, 4]


def test_runs_at_once_do_not_meet_in_one_interpreter():
    program = LiteRtEngine(flatbuffer("dense"), {1: 2}).prepare(((64, 4),))
    batches = [np.random.default_rng(seed).standard_normal((64, 4)).astype("f4") for seed in range(32)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda x: program([x])[1], batches))
    assert all(np.array_equal(answer, x) for answer, x in zip(answers, batches, strict=True))
