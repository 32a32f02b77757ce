from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tenon as tf
from tenon.base import InvalidArgumentError

NUMPY = {"cumsum": (np.add, 0.0), "cumprod": (np.multiply, 1.0), "cumulative_logsumexp": (np.logaddexp, -np.inf)}


def running(x, axis, exclusive, reverse, combine, start):
    turned = np.flip(x, axis) if reverse else x
    done = combine.accumulate(turned, axis)
    if exclusive:
        first = np.full_like(np.take(done, [0], axis), start)
        done = np.concatenate([first, np.delete(done, -1, axis)], axis)
    return np.flip(done, axis) if reverse else done


@given(st.sampled_from(sorted(NUMPY)), st.sampled_from([0, 1, -1]), st.booleans(), st.booleans())
@settings(max_examples=36)
def test_running_results_are_those_of_numpy(name, axis, exclusive, reverse):
    x = np.random.default_rng(0).normal(size=(3, 4))
    found = getattr(tf.math, name)(x, axis, exclusive, reverse).numpy()
    np.testing.assert_allclose(found, running(x, axis, exclusive, reverse, *NUMPY[name]), rtol=1e-9)


def test_integers_keep_their_dtype_and_nothing_stays_nothing():
    assert tf.cumsum(np.array([100, 100], np.int8)).numpy().tolist() == [100, -56]
    assert tf.cumsum(tf.zeros([0, 2])).shape == [0, 2]
    assert tf.cumsum(tf.zeros([0, 2]), exclusive=True).shape == [0, 2]


def test_an_axis_that_does_not_exist_is_refused():
    with pytest.raises(InvalidArgumentError, match="must be in the range"):
        tf.cumsum([1, 2], 5)
