"""Schedulers whose threads end with the test."""

import pytest

from tenon.serving.batching import BatchScheduler


@pytest.fixture
def scheduler():
    made = BatchScheduler(2, cores=2)
    yield made
    made.close()


@pytest.fixture
def one_thread():
    made = BatchScheduler(1, cores=2)
    yield made
    made.close()
