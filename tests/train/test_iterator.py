import threading

from tenon.train import checkpoints_iterator
from tenon.train._state_file import write_checkpoint_state


def noted(folder, number):
    (folder / f"a-{number}.index").touch()
    write_checkpoint_state(folder, [str(folder / f"a-{number}")])


def test_each_new_checkpoint_is_yielded_once(tmp_path):
    found = []
    noted(tmp_path, 1)
    for path in checkpoints_iterator(tmp_path, timeout=0):
        found.append(path[-3:])
        if len(found) < 3:
            noted(tmp_path, len(found) + 1)
    assert found == ["a-1", "a-2", "a-3"]


def test_what_came_meanwhile_is_skipped_but_for_the_latest(tmp_path):
    noted(tmp_path, 1)
    iterator = checkpoints_iterator(tmp_path, timeout=0)
    assert next(iterator)[-3:] == "a-1"
    for number in (2, 3):
        noted(tmp_path, number)
    assert [path[-3:] for path in iterator] == ["a-3"]


def test_it_waits_for_the_first_one(tmp_path):
    timer = threading.Timer(0.1, noted, [tmp_path, 1])
    timer.start()
    assert next(checkpoints_iterator(tmp_path, timeout=30))[-3:] == "a-1"
    timer.join()


def test_who_is_asked_at_the_end_of_the_time_may_go_on(tmp_path):
    answers = [False, False, True]
    assert list(checkpoints_iterator(tmp_path, timeout=0, timeout_fn=lambda: answers.pop(0))) == []
    assert answers == []
