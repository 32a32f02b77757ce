"""Requests share runs: queues, padded sizes, splitting."""

from tenon.serving.batching._batch_sizes import batch_sizes
from tenon.serving.batching._signature_runner import SignatureRunner

__all__ = [
    "SignatureRunner",
    "batch_sizes",
]
