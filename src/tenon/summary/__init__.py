"""What TensorBoard shows: scalars, histograms, images, text and graphs, written to event files without TensorFlow.

The summaries are those of TensorFlow 2 (tensors with the metadata of a TensorBoard plugin), so every dashboard shows
them as if ``tf.summary`` had written them.
"""

from tenon.summary._functions import (
    create_file_writer,
    create_noop_writer,
    experimental,
    flush,
    histogram,
    image,
    record_if,
    scalar,
    should_record_summaries,
    text,
)
from tenon.summary._histogram import DEFAULT_BUCKETS, histogram_buckets
from tenon.summary._writer import SummaryWriter

__all__ = [
    "DEFAULT_BUCKETS",
    "SummaryWriter",
    "create_file_writer",
    "create_noop_writer",
    "experimental",
    "flush",
    "histogram",
    "histogram_buckets",
    "image",
    "record_if",
    "scalar",
    "should_record_summaries",
    "text",
]
