"""``tf.summary``: the functions that write to the default writer."""

from __future__ import annotations

import numpy as np
import pytest

import tenon as tf
from tenon.formats import message_class, read_records


def written(folder):
    """Return ``(tag, step, plugin, value)`` of every summary in a folder."""
    found = []
    for path in sorted(folder.iterdir()):
        for record in read_records(path):
            event = message_class("tensorflow.Event").FromString(record)
            found += [
                (value.tag, event.step, value.metadata.plugin_data.plugin_name, value.tensor)
                for value in event.summary.value
            ]
    return found


def test_numbers_are_written_with_their_steps_and_scopes(tmp_path):
    writer = tf.summary.create_file_writer(str(tmp_path))
    step = tf.Variable(3, dtype=tf.int64)
    with writer.as_default():
        assert tf.summary.scalar("loss", 0.25, step=1).numpy()
        with tf.name_scope("train"):
            tf.summary.scalar("loss", tf.constant(0.5), step=step)
        tf.summary.experimental.set_step(step)
        step.assign_add(1)
        tf.summary.scalar("later", 1, description="what it is")
    tf.summary.experimental.set_step(None)
    found = written(tmp_path)
    assert [entry[:3] for entry in found] == [
        ("loss", 1, "scalars"),
        ("train/loss", 3, "scalars"),
        ("later", 4, "scalars"),
    ]
    assert found[1][3].float_val[:] == [0.5] or found[1][3].tensor_content == np.float32(0.5).tobytes()


def test_a_traced_function_writes_whenever_it_runs(tmp_path):
    writer = tf.summary.create_file_writer(str(tmp_path))

    @tf.function
    def train(step, x):
        tf.summary.scalar("mean", tf.reduce_mean(x), step=step)
        tf.summary.histogram("values", x, step=step)
        tf.summary.text("note", "traced", step=step)

    with writer.as_default():
        for number in range(3):
            train(tf.constant(number, tf.int64), tf.ones([2]) * number)
    writer.close()
    assert [entry[:2] for entry in written(tmp_path)] == [
        (tag, number) for number in range(3) for tag in ("mean", "values", "note")
    ]


def test_pictures_and_distributions_are_written(tmp_path):
    with tf.summary.create_file_writer(str(tmp_path)).as_default(step=7):
        tf.summary.image("pictures", np.zeros((4, 8, 8, 1), np.float32), max_outputs=2)
        tf.summary.histogram("weights", tf.random.normal([100]), buckets=5)
        tf.summary.text("several", tf.constant(["a", "b"]))
        tf.summary.flush()
    found = written(tmp_path)
    assert [entry[:3] for entry in found] == [
        ("pictures", 7, "images"),
        ("weights", 7, "histograms"),
        ("several", 7, "text"),
    ]
    assert len(found[0][3].string_val) == 4


def test_nothing_is_written_without_a_writer_or_where_it_is_not_wanted(tmp_path):
    assert not tf.summary.scalar("loss", 1.0, step=1).numpy()
    assert not tf.summary.should_record_summaries().numpy()
    with tf.summary.create_file_writer(str(tmp_path)).as_default():
        for number in range(4):
            with tf.summary.record_if(tf.equal(number % 2, 0)):
                tf.summary.scalar("even", number, step=number)
        with tf.summary.record_if(lambda: False):
            assert not tf.summary.should_record_summaries().numpy()
        with tf.summary.create_noop_writer().as_default():
            tf.summary.scalar("nothing", 1.0, step=1)
    assert [entry[:2] for entry in written(tmp_path)] == [("even", 0), ("even", 2)]


def test_what_cannot_be_written_is_refused(tmp_path):
    writer = tf.summary.create_file_writer(str(tmp_path))
    with writer.as_default():
        with pytest.raises(ValueError, match="No step set"):
            tf.summary.scalar("loss", 1.0)
        with pytest.raises(ValueError, match="Expected scalar shape, saw shape: \\(2,\\)"):
            tf.summary.scalar("loss", [1.0, 2.0], step=1)
        with pytest.raises(ValueError, match="must be strings"):
            tf.summary.text("note", 1.0, step=1)
    writer.close()
    with pytest.raises(RuntimeError, match="already closed"), writer.as_default():
        pass


def test_a_default_writer_is_set_for_the_thread(tmp_path):
    writer = tf.summary.create_file_writer(str(tmp_path))
    writer.init()
    writer.set_as_default(step=2)
    try:
        tf.summary.scalar("loss", 1.0)
    finally:
        tf.summary.create_noop_writer().set_as_default()
        tf.summary.experimental.set_step(None)
    writer.flush()
    assert [entry[:2] for entry in written(tmp_path)] == [("loss", 2)]
