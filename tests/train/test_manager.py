import logging
import time

import pytest

from tenon.base import InvalidArgumentError
from tenon.core.variables import Variable
from tenon.train import Checkpoint, CheckpointManager, CheckpointOptions, get_checkpoint_state, latest_checkpoint
from tenon.train._state_file import write_checkpoint_state


def manager_of(folder, keep=2, value=0, **options):
    return CheckpointManager(Checkpoint(v=Variable(value)), folder, keep, **options)


def names(paths):
    return [path.rpartition("/")[2] for path in paths]


def indices(folder):
    return sorted(path.stem for path in folder.glob("*.index"))


def test_the_newest_stay_with_their_files_and_the_others_go(tmp_path):
    manager = manager_of(tmp_path)
    saved = [manager.save() for _ in range(4)]
    assert names(manager.checkpoints) == ["ckpt-3", "ckpt-4"]
    assert manager.latest_checkpoint == saved[-1] == latest_checkpoint(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "checkpoint",
        *(f"ckpt-{number}.{kind}" for number in (3, 4) for kind in ("data-00000-of-00001", "index")),
    ]


def test_all_stay_without_a_limit(tmp_path):
    manager = manager_of(tmp_path, keep=None)
    for _ in range(3):
        manager.save()
    assert names(manager.checkpoints) == ["ckpt-1", "ckpt-2", "ckpt-3"]


def test_the_next_manager_goes_on_with_what_is_there(tmp_path):
    first = manager_of(tmp_path, value=7)
    for _ in range(3):
        first.save()
    second = manager_of(tmp_path)
    assert second.checkpoints == first.checkpoints
    assert second.restore_or_initialize() == first.latest_checkpoint
    assert int(second.checkpoint.v) == 7
    assert names([second.save()]) == ["ckpt-4"]
    assert indices(tmp_path) == ["ckpt-3", "ckpt-4"]


def test_checkpoints_that_were_saved_without_a_manager_are_left_alone(tmp_path):
    checkpoint = Checkpoint(v=Variable(1))
    checkpoint.save(tmp_path / "ckpt")
    manager = CheckpointManager(checkpoint, tmp_path, max_to_keep=1)
    assert (manager.checkpoints, names([manager.latest_checkpoint])) == ([], ["ckpt-1"])
    for _ in range(2):
        manager.save()
    assert indices(tmp_path) == ["ckpt-1", "ckpt-3"]


def test_one_in_so_many_hours_stays_for_good(tmp_path):
    now = time.time()
    checkpoint = Checkpoint(v=Variable(1))
    paths = [checkpoint.write(tmp_path / f"ckpt-{number}") for number in range(3)]
    write_checkpoint_state(tmp_path, paths, [now - 5 * 3600, now - 2 * 3600, now - 3600], now - 5.5 * 3600)
    manager = CheckpointManager(checkpoint, tmp_path, max_to_keep=1, keep_checkpoint_every_n_hours=3)
    manager.save(checkpoint_number=9)
    assert indices(tmp_path) == ["ckpt-1", "ckpt-9"]
    assert names(manager.checkpoints) == ["ckpt-9"]
    again = CheckpointManager(checkpoint, tmp_path, max_to_keep=1)
    again.save(checkpoint_number=10)
    assert indices(tmp_path) == ["ckpt-1", "ckpt-10"]


def test_a_clock_that_went_back_deletes_nothing_too_early(tmp_path, caplog):
    checkpoint = Checkpoint(v=Variable(1))
    path = checkpoint.write(tmp_path / "ckpt-1")
    future = time.time() + 1000
    write_checkpoint_state(tmp_path, [path], [future + 10], future)
    with caplog.at_level(logging.WARNING):
        manager = CheckpointManager(checkpoint, tmp_path, max_to_keep=1)
    assert "the clock is behind" in caplog.text
    manager.save(checkpoint_number=2)
    assert get_checkpoint_state(tmp_path).last_preserved_timestamp <= time.time()


def test_steps_that_are_too_near_are_not_saved(tmp_path):
    step = Variable(0)
    manager = manager_of(tmp_path, step_counter=step, checkpoint_interval=3)
    saved = []
    for number in range(7):
        step.assign(number)
        saved.append(manager.save() is not None)
    assert saved == [True, False, False, True, False, False, True]
    assert manager.checkpoint_interval == 3
    assert manager.save(check_interval=False) is None
    step.assign(7)
    assert manager.save(check_interval=False) is not None


def test_the_interval_counts_from_the_restored_or_the_given_step(tmp_path):
    step = Variable(10)
    checkpoint = Checkpoint(step=step)
    CheckpointManager(checkpoint, tmp_path, 1).save()
    step.assign(0)
    manager = CheckpointManager(checkpoint, tmp_path, 1, step_counter=step, checkpoint_interval=5)
    manager.restore_or_initialize()
    step.assign(12)
    assert manager.save() is None
    given = manager_of(tmp_path / "b", step_counter=step, checkpoint_interval=5, last_checkpoint_step=8)
    assert given.save() is None


def test_the_first_run_is_initialized(tmp_path):
    calls = []
    manager = manager_of(tmp_path, init_fn=lambda: calls.append(1))
    assert manager.restore_or_initialize() is None
    manager.save()
    assert manager_of(tmp_path, init_fn=lambda: calls.append(2)).restore_or_initialize() == manager.latest_checkpoint
    assert calls == [1]
    assert manager_of(tmp_path / "other").restore_or_initialize() is None


@pytest.mark.parametrize("number", [12, Variable(12)], ids=["number", "variable"])
def test_numbers_and_names_may_be_given(tmp_path, number):
    manager = manager_of(tmp_path, checkpoint_name="model")
    assert names([manager.save(checkpoint_number=number)]) == ["model-12"]
    assert int(manager.checkpoint.save_counter) == 1
    assert manager.directory == str(tmp_path)


def test_a_number_that_comes_again_replaces_its_checkpoint(tmp_path):
    manager = manager_of(tmp_path)
    for value in range(3):
        manager.checkpoint.v.assign(value)
        manager.save(checkpoint_number=5)
    assert names(manager.checkpoints) == ["ckpt-5"]
    assert int(manager_of(tmp_path).restore_or_initialize() is not None and manager.checkpoint.v) == 2


def test_the_background_sweeps_when_all_is_on_disk(tmp_path):
    manager = manager_of(tmp_path)
    options = CheckpointOptions(enable_async=True, experimental_write_callbacks=[lambda: None])
    for _ in range(4):
        manager.save(options=options)
    manager.sync()
    assert indices(tmp_path) == ["ckpt-3", "ckpt-4"]
    assert len(options.experimental_write_callbacks) == 1


@pytest.mark.parametrize("keep", [0, -1])
def test_a_limit_must_be_positive(tmp_path, keep):
    with pytest.raises(InvalidArgumentError, match=f"`max_to_keep`, got {keep}"):
        manager_of(tmp_path, keep=keep)


def test_an_interval_needs_a_counter(tmp_path):
    with pytest.raises(ValueError, match="`step_counter` should be passed"):
        manager_of(tmp_path, checkpoint_interval=3)
