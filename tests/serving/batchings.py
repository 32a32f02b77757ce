"""Ways to batch, for the tests of what loads models."""

from contextlib import contextmanager

from tenon.serving.batching import Batching, BatchingParameters, BatchScheduler


@contextmanager
def batching(*sizes, threads=1):
    """Yield a way to batch in these padded sizes, whose threads end with the block."""
    scheduler = BatchScheduler(threads)
    try:
        yield Batching(scheduler, BatchingParameters(max_batch_size=sizes[-1], allowed_batch_sizes=sizes))
    finally:
        scheduler.close()
