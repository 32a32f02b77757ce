from __future__ import annotations

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.compat.v1 import tf


def test_tensorboard_reads_what_a_graph_summarized(tmp_path, run):
    x = tf.placeholder("float32", [None])
    tf.summary.scalar("average", tf.reduce_mean(x))
    with tf.name_scope("layer"):
        tf.summary.histogram("values", x)
    tf.summary.image("image", tf.reshape(x, [1, 2, 2, 1]))
    tf.summary.text("note", tf.constant("hello"))
    merged = tf.summary.merge_all()
    with tf.summary.FileWriter(tmp_path, graph=tf.get_default_graph()) as writer:
        for step in (1, 2):
            writer.add_summary(run(merged, {x: [0.0, 0.1 * step, 0.2, 0.3]}), global_step=step)
        writer.flush()
    assert writer.get_logdir() == str(tmp_path)
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    tags = set(events.Tags()["tensors"])
    assert {"average", "layer/values", "image", "note"} <= tags
    assert [event.step for event in events.Tensors("average")] == [1, 2]


def test_summaries_are_listed_where_that_is_asked(graph):
    tf.summary.scalar("a", 1.0, collections=["mine"], family="family")
    assert tf.summary.merge_all() is None
    assert len(tf.get_collection("mine")) == 1
    assert tf.summary.merge_all("mine").dtype.name == "string"
