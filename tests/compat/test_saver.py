from __future__ import annotations

import numpy as np
import pytest

import tenon
from tenon.base import InvalidArgumentError, NotFoundError
from tenon.compat import Graph, Session
from tests.compat.v1 import tf


def saved(path, values, **options):
    """Save variables with values under their names."""
    with Graph().as_default(), Session() as session:
        for name, value in values.items():
            tf.get_variable(name, initializer=value)
        session.run(tf.global_variables_initializer())
        return tf.train.Saver(**options).save(session, path)


def test_values_come_back_without_initializing(tmp_path, graph):
    path = saved(tmp_path / "model", {"a/b": [1.0, 2.0], "n": 3, "s": "text"})
    variables = [tf.get_variable("a/b", [2]), tf.get_variable("n", [], tf.int32), tf.get_variable("s", initializer="")]
    with Session() as session:
        tf.train.Saver().restore(session, path)
        found = session.run(variables)
    assert found[0].tolist() == [1.0, 2.0]
    assert found[1:] == [3, b"text"]
    assert tf.train.latest_checkpoint(tmp_path) == path
    assert tenon.train.load_variable(path, "n") == 3


def test_the_newest_are_kept_and_numbered(tmp_path, run):
    v = tf.get_variable("v", initializer=0)
    step = tf.train.get_or_create_global_step()
    run(tf.global_variables_initializer())
    saver = tf.train.Saver(max_to_keep=2)
    paths = []
    for _ in range(3):
        run([v.assign_add(1), step.assign_add(10)])
        paths.append(saver.save(tf.get_default_session(), tmp_path / "m", global_step=step))
    assert paths == [f"{tmp_path}/m-{number}" for number in (10, 20, 30)]
    assert saver.last_checkpoints == paths[1:]
    assert [tf.train.checkpoint_exists(path) for path in paths] == [False, True, True]
    assert list(tf.train.get_checkpoint_state(tmp_path).all_model_checkpoint_paths) == paths[1:]
    assert len(tf.train.get_checkpoint_mtimes(paths)) == 2
    other = tf.train.Saver()
    other.recover_last_checkpoints(paths)
    assert other.last_checkpoints == paths[1:]


def test_some_can_be_saved_under_other_names(tmp_path, run):
    v, w = tf.get_variable("v", initializer=1.0), tf.get_variable("w", initializer=2.0)
    run(tf.global_variables_initializer())
    session = tf.get_default_session()
    path = tf.train.Saver({"other": v}).save(session, tmp_path / "some", write_state=False)
    run([v.assign(5.0), w.assign(6.0)])
    tf.train.Saver({"other": v}).restore(session, path)
    assert run([v, w]) == [1.0, 6.0]
    assert tf.train.latest_checkpoint(tmp_path) is None


def test_what_does_not_fit_is_refused(tmp_path, graph):
    path = saved(tmp_path / "model", {"v": [1.0, 2.0]})
    with Session() as session:
        v = tf.get_variable("v", [2, 1])
        with pytest.raises(InvalidArgumentError, match="requires shapes of both tensors to match for v"):
            tf.train.Saver().restore(session, path)
        tf.train.Saver(reshape=True).restore(session, path)
        assert session.run(v).tolist() == [[1.0], [2.0]]
        with pytest.raises(InvalidArgumentError, match="expected dtype float64"):
            tf.train.Saver({"v": tf.get_variable("x", [2], tf.float64)}).restore(session, path)
        with pytest.raises(NotFoundError, match="Key x not found in checkpoint"):
            tf.train.Saver().restore(session, path)
        with pytest.raises(ValueError, match="not a valid checkpoint"):
            tf.train.Saver().restore(session, tmp_path / "nothing")
        with pytest.raises(ValueError, match="when it is None"):
            tf.train.Saver().restore(session, None)
        with pytest.raises(TypeError, match="'sess' must be a Session"):
            tf.train.Saver().save(None, path)


def test_a_saver_needs_variables_with_distinct_names(graph):
    with pytest.raises(ValueError, match="No variables to save"):
        tf.train.Saver()
    v = tf.get_variable("v", [1])
    with pytest.raises(ValueError, match="At least two variables have the same name"):
        tf.train.Saver([v, v])
    with pytest.raises(TypeError, match="is not a Variable"):
        tf.train.Saver([tf.constant(1.0)])
    tf.train.Saver([], allow_empty=True)


def test_the_state_of_a_folder_can_be_written_by_hand(tmp_path):
    paths = [saved(tmp_path / name, {"v": np.float32(1)}) for name in ("a", "b")]
    tf.train.update_checkpoint_state(tmp_path, paths[0], paths)
    assert tf.train.latest_checkpoint(tmp_path) == paths[0]
    tf.train.remove_checkpoint(paths[0])
    assert not tf.train.checkpoint_exists(paths[0])
