"""Whether a row's answer ignores the other rows, which batching and padding rely on."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from tenon.saved_model import LoadedSignature
from tenon.serving.engines import Engine, Shapes
from tenon.serving.models._samples import OPEN_SIZE, concrete_shapes, random_inputs

PROBE_TOLERANCE = 1e-3
"""How much of an answer's largest value may be noise when its row is the same and the others differ."""

_log = logging.getLogger("tenon.serving")


def rows_are_independent(signature: LoadedSignature, engine: Engine, size: int) -> bool:
    """Probe whether a row's answer ignores the other rows.

    The same program runs twice on random rows that differ everywhere but in the first; the first answer must be the
    same but for the noise of sums taken in another order. Models that mix rows (batch statistics, attention over the
    batch) are told apart by it: what other rows do to an answer is larger than that noise.

    Args:
        signature: what runs.
        engine: what runs it.
        size: the batch size; at 1 there is nothing to mix.
    """
    shapes = concrete_shapes(signature, size, OPEN_SIZE)
    if size == 1 or shapes is None:
        return True
    generator = np.random.default_rng(0)
    one, other = (random_inputs(signature, shapes, generator) for _ in range(2))
    for first, second in zip(one, other, strict=True):
        second[0] = first[0]
    try:
        answers = [_run(engine, shapes, arrays) for arrays in (one, other)]
    except Exception:  # whatever the compiler says to a size that the model cannot take; the safe answer is no
        _log.warning("signature %r cannot be probed with inputs of shapes %s.", signature.name, shapes, exc_info=True)
        return False
    return all(len(a) == len(b) == size and _same(a[0], b[0]) for a, b in zip(*answers, strict=True))


def _run(engine: Engine, shapes: Shapes, arrays: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
    program = engine.find(shapes)
    return engine.compile_and_run(arrays) if program is None else program(arrays)


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    if one.dtype.kind not in "fcV":
        return np.array_equal(one, other)
    one, other = one.astype(np.complex128), other.astype(np.complex128)
    scale = float(np.abs(one[np.isfinite(one)]).max(initial=0.0))
    return np.allclose(one, other, rtol=0.0, atol=PROBE_TOLERANCE * scale, equal_nan=True)
