"""Tenon as its users train with it."""

from __future__ import annotations

from benchmarks.models.frameworks.keras_models import whole_arrays
from benchmarks.models.task import Runner, Task
from tenon import keras


def runner(task: Task) -> Runner:
    """Return the task, ready to run."""
    return whole_arrays(keras, task)
