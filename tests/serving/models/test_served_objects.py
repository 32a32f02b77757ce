"""Objects with tf.functions are served as models are."""

from __future__ import annotations

import asyncio

import numpy as np

import tenon as tf
from tenon.serving import SavedModelLoader, ServableId
from tenon.serving.batching import Batching, BatchingParameters, BatchScheduler


class Wide(tf.Module):
    def __init__(self):
        super().__init__()
        self.offset = tf.Variable(2**40, dtype=tf.int64)
        self.calls = tf.Variable(0)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int64, "ids"), tf.TensorSpec([None], tf.float64, "x")])
    def compute(self, ids, x):
        self.calls.assign_add(1)
        return {"ids": ids + self.offset, "x": x * tf.cast(ids, tf.float64), "calls": self.calls.read_value()}


def test_64_bits_are_served_as_such_and_state_stays_as_it_was_saved(tmp_path, caplog):
    wide = Wide()
    tf.saved_model.save(wide, tmp_path / "1", {"serving_default": wide.compute})
    request = {"ids": np.array([1, 2]), "x": np.array([1 + 2.0**-40, 0.5])}
    scheduler = BatchScheduler(1)
    loader = SavedModelLoader(
        ServableId("m", 1), tmp_path / "1", Batching(scheduler, BatchingParameters(max_batch_size=4))
    )
    servable = loader.load()
    for _ in range(2):
        answer = asyncio.run(servable.run("serving_default", request))
        assert answer["ids"].tolist() == [2**40 + 1, 2**40 + 2]
        assert answer["x"].tolist() == [1 + 2.0**-40, 1.0]
        assert int(answer["calls"]) == 1
    servable.close()
    scheduler.close()
    assert "assigns the variables ['calls']" in caplog.text
