"""What of 1.x is not there, and what takes its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ABSENT: Final[Mapping[str, str]] = {
    "layers": "tf.keras.layers in eager code (TensorFlow 2.21 has no tf.compat.v1.layers with Keras 3 either), or "
    "variables of get_variable",
    "nn.rnn_cell": "tf.keras.layers.LSTMCell and the like",
    "nn.dynamic_rnn": "tf.keras.layers.RNN",
    "nn.bidirectional_dynamic_rnn": "tf.keras.layers.Bidirectional",
    "nn.raw_rnn": "tf.while_loop with a tf.TensorArray",
    "nn.static_rnn": "tf.keras.layers.RNN",
    "contrib": "nothing: tf.contrib ended with TensorFlow 1",
    "estimator": "tf.keras: Estimators ended with TensorFlow 2.15",
    "feature_column": "Keras preprocessing layers",
    "app": "an ordinary main function",
    "flags": "argparse, or absl.flags",
    "metrics.auc": "tf.keras.metrics.AUC",
    "summary.audio": "tf.compat.v1.summary.histogram, or tf.summary",
    "summary.tensor_summary": "tf.compat.v1.summary.histogram",
    "distributions": "a library of distributions on JAX",
    "train.QueueRunner": "iterators of Python that feed session.run",
    "train.Coordinator": "concurrent.futures, or threads of Python",
    "train.start_queue_runners": "iterators of Python that feed session.run",
    "train.batch": "iterators of Python that feed session.run",
    "train.shuffle_batch": "iterators of Python that feed session.run",
    "train.string_input_producer": "iterators of Python that feed session.run",
    "train.Supervisor": "tf.compat.v1.Session with tf.compat.v1.train.Saver",
    "train.MonitoredTrainingSession": "tf.compat.v1.Session with tf.compat.v1.train.Saver",
    "train.MonitoredSession": "tf.compat.v1.Session with tf.compat.v1.train.Saver",
    "train.import_meta_graph": "the program that builds the graph, then Saver.restore",
    "train.export_meta_graph": "tf.saved_model.save",
    "train.write_graph": "tf.saved_model.save",
    "train.NewCheckpointReader": "tf.train.load_checkpoint",
    "import_graph_def": "tf.saved_model.load",
    "GraphDef": "tf.saved_model.save and tf.saved_model.load",
    "graph_util": "tf.saved_model.save: a SavedModel holds its constants",
    "FIFOQueue": "queue.Queue of Python",
    "RandomShuffleQueue": "queue.Queue of Python",
    "TFRecordReader": "tf.data.TFRecordDataset",
    "TextLineReader": "open and Python's iteration over lines",
    "WholeFileReader": "tf.io.read_file",
    "python_io": "tf.io.TFRecordWriter",
    "sparse_placeholder": "three placeholders: indices, values and shape",
    "Dataset": "iterators of Python that feed session.run",
    "data": "iterators of Python that feed session.run",
}
"""What to use in place of names of 1.x that are not there, by the path below ``tf.compat.v1``."""
