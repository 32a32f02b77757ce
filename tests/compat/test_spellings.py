from __future__ import annotations

import inspect

import numpy as np
import pytest

from tenon.compat._moved import MOVED
from tenon.compat._spellings import SPELLINGS, spelled
from tenon.core import NAMES
from tests.compat.v1 import tf


@pytest.mark.parametrize("path", SPELLINGS)
def test_every_parameter_is_one_of_the_function_or_ignored(path):
    row = SPELLINGS[path]
    theirs = set(inspect.signature(NAMES[row.path]).parameters)
    own = inspect.signature(spelled(path)).parameters
    assert {row.renamed.get(name, name) for name in own if name not in row.ignored} <= theirs
    assert set(row.renamed) | set(row.ignored) <= set(own)


def test_what_moved_is_where_it_is_said_to_be():
    assert set(MOVED.values()) <= set(NAMES)


def test_old_arguments_work_eagerly_too():
    x = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)
    assert tf.reduce_sum(x, reduction_indices=1, keep_dims=True).numpy().tolist() == [[3.0], [7.0]]
    assert tf.argmax(x, dimension=1).numpy().tolist() == [1, 1]
    assert tf.log(1.0).numpy() == 0.0
    assert tf.to_int32(x).numpy().tolist() == [[1, 2], [3, 4]]
    assert tf.div(7, 2).numpy() == 3
    assert tf.div(7.0, 2).numpy() == 3.5
    assert tf.where([True, False], x, -x).numpy().tolist() == [[1.0, 2.0], [-3.0, -4.0]]
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        tf.reduce_sum(x, nothing=1)
