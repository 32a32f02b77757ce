"""Requests share runs: queues, turns, padded sizes, splitting."""

from tenon.serving.batching._batch_sizes import batch_sizes
from tenon.serving.batching._batching import Batching
from tenon.serving.batching._observer import BatchObserver, SignatureId
from tenon.serving.batching._parameters import BatchingParameters
from tenon.serving.batching._run_plan import RunPlan
from tenon.serving.batching._scheduler import BatchScheduler
from tenon.serving.batching._signature_runner import SignatureRunner

__all__ = [
    "BatchObserver",
    "BatchScheduler",
    "Batching",
    "BatchingParameters",
    "RunPlan",
    "SignatureId",
    "SignatureRunner",
    "batch_sizes",
]
