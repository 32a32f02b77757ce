from pathlib import Path

import jax.numpy as jnp
import pytest

from tenon.base import InvalidArgumentError
from tenon.keras._profiler import BatchProfiler, BatchRange


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (0, None),
        (5, BatchRange(5, 5)),
        ((2, 4), BatchRange(2, 4)),
        ([3, 3], BatchRange(3, 3)),
        ("2,4", BatchRange(2, 4)),
        ("7", BatchRange(7, 7)),
    ],
)
def test_batches_are_understood_as_keras_understands_them(given: object, expected: BatchRange | None) -> None:
    assert BatchRange.parse(given) == expected


@pytest.mark.parametrize("given", [-1, (4, 2), (0, 3), (1, 2, 3), "a,b", (), 1.5, None])
def test_what_is_no_range_is_refused(given: object) -> None:
    with pytest.raises(InvalidArgumentError, match="profile_batch: must be 0"):
        BatchRange.parse(given)


def files(folder: Path) -> set[str]:
    return {path.name.partition(".")[2] for path in folder.glob("plugins/profile/*/*")}


def test_the_range_is_profiled_into_the_folder_that_tensorboard_reads(tmp_path: Path) -> None:
    profiler = BatchProfiler(str(tmp_path), BatchRange(2, 3))
    for batch in range(1, 5):
        profiler.before_batch(batch)
        profiler.after_batch(batch, {"loss": jnp.ones(3) * batch})
        assert bool(files(tmp_path)) == (batch >= 3)
    assert "xplane.pb" in files(tmp_path)


def test_a_training_that_ends_early_still_writes_its_profile(tmp_path: Path) -> None:
    profiler = BatchProfiler(str(tmp_path), BatchRange(1, 100))
    profiler.before_batch(1)
    profiler.stop()
    profiler.stop()
    assert "xplane.pb" in files(tmp_path)


def test_without_a_range_nothing_is_profiled(tmp_path: Path) -> None:
    profiler = BatchProfiler(str(tmp_path), None)
    profiler.before_batch(1)
    profiler.after_batch(1, None)
    profiler.stop()
    assert not files(tmp_path)
