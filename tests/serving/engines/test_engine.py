"""What every engine does: one suite, run for each."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.serving.engines.signatures import expected, litert_engine, mixed_engine, xla_engine

RNG = np.random.default_rng(5)
ENGINES = {"xla": xla_engine, "litert": litert_engine, "litert+xla": mixed_engine}


def floats(*shape):
    return RNG.standard_normal(shape).astype("f4")


def kinds(rows):
    return [
        floats(rows, 2),
        RNG.integers(-5, 5, rows).astype("i4"),
        RNG.integers(0, 2, rows).astype(bool),
        RNG.integers(0, 255, (rows, 3)).astype("u1"),
    ]


CASES = {
    "one row": ("dense", [floats(1, 4)]),
    "an odd number of rows": ("dense", [floats(7, 4)]),
    "not contiguous": ("dense", [floats(4, 6).T]),
    "read-only": ("dense", [np.broadcast_to(np.float32(0.5), (3, 4))]),
    "many dtypes": ("kinds", kinds(3)),
    "an input that nothing depends on": ("unused", [floats(2, 2), np.zeros(2, "i4")]),
    "open sizes": ("sequence", [floats(2, 5)]),
}


@pytest.fixture(params=ENGINES)
def make(request):
    made = []

    def make_one(name):
        made.append(ENGINES[request.param](name))
        return made[-1]

    yield make_one
    for engine in made:
        engine.close()


def shapes_of(inputs):
    return tuple(array.shape for array in inputs)


@pytest.mark.parametrize("case", CASES)
def test_it_answers_as_the_signature_does(make, case):
    name, inputs = CASES[case]
    got = make(name).compile_and_run(inputs)
    for one, other in zip(got, expected(name, *inputs), strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_a_scalar_is_answered_with_a_scalar(make):
    [answer] = make("scalar").compile_and_run([np.asarray(np.float32(4))])
    assert answer.shape == ()
    assert answer == 8


def test_nothing_is_found_before_it_is_made_and_then_it_stays(make):
    engine, shapes = make("dense"), ((2, 4),)
    assert engine.find(shapes) is None
    program = engine.prepare(shapes)
    assert engine.find(shapes) is program is engine.prepare(shapes)
    assert program.seconds > 0
    assert program.engine in engine.name
    assert program.engine == engine.engine_for(2)


def test_what_a_request_made_is_found_by_the_next(make):
    engine, inputs = make("dense"), [floats(3, 4)]
    engine.compile_and_run(inputs)
    assert engine.find(shapes_of(inputs)) is not None


def test_answers_belong_to_the_caller(make):
    engine, x = make("dense"), floats(2, 4)
    program = engine.prepare(((2, 4),))
    first = program([x])
    kept = [each.copy() for each in first]
    program([floats(2, 4)])
    for one, other in zip(first, kept, strict=True):
        np.testing.assert_array_equal(one, other)


def test_many_threads_get_the_answers_to_their_own_inputs(make):
    program = make("dense").prepare(((2, 4),))
    inputs = [floats(2, 4) for _ in range(64)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda x: program([x]), inputs))
    for x, (_, same) in zip(inputs, answers, strict=True):
        np.testing.assert_array_equal(same, x)


def test_it_can_be_closed_twice_and_a_program_in_use_goes_on(make):
    engine = make("dense")
    program = engine.prepare(((1, 4),))
    engine.close()
    engine.close()
    assert engine.find(((1, 4),)) is None
    assert len(program([floats(1, 4)])) == 2
