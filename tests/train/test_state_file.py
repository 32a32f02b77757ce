import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError
from tenon.train import get_checkpoint_state, latest_checkpoint
from tenon.train._state_file import write_checkpoint_state

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=9).map("n{}".format)


@given(st.lists(NAMES, min_size=1, max_size=4, unique=True), st.floats(0, 1e10))
def test_what_is_written_is_read(names, moment):
    import tempfile

    folder = tempfile.mkdtemp()
    paths = [f"{folder}/{name}" for name in names]
    write_checkpoint_state(folder, paths, [moment] * len(paths), moment)
    state = get_checkpoint_state(folder)
    assert state.model_checkpoint_path == paths[-1]
    assert list(state.all_model_checkpoint_paths) == paths
    assert list(state.all_model_checkpoint_timestamps) == [moment] * len(paths)
    assert state.last_preserved_timestamp == moment


def test_the_file_is_text_with_paths_from_its_folder(tmp_path):
    write_checkpoint_state(tmp_path, [str(tmp_path / "a-1"), str(tmp_path / "sub" / "a-2")])
    assert (tmp_path / "checkpoint").read_text() == (
        'model_checkpoint_path: "sub/a-2"\nall_model_checkpoint_paths: "a-1"\nall_model_checkpoint_paths: "sub/a-2"\n'
    )


def test_absolute_paths_of_others_are_left_so(tmp_path):
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "/elsewhere/a-1"')
    assert get_checkpoint_state(tmp_path).model_checkpoint_path == "/elsewhere/a-1"


def test_another_file_may_be_named(tmp_path):
    (tmp_path / "mine").write_text('model_checkpoint_path: "a-1"')
    (tmp_path / "a-1.index").touch()
    assert get_checkpoint_state(tmp_path) is None
    assert latest_checkpoint(tmp_path, "mine") == str(tmp_path / "a-1")


@pytest.mark.parametrize("content", [b"garbage {{", b"\xff\xfe", b"unknown_field: 3"])
def test_a_file_that_cannot_be_read_is_ignored_and_logged(tmp_path, caplog, content):
    (tmp_path / "checkpoint").write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert latest_checkpoint(tmp_path) is None
    assert "the file is ignored, it cannot be read" in caplog.text


def test_a_file_without_a_latest_checkpoint_is_refused(tmp_path):
    (tmp_path / "checkpoint").write_text("")
    with pytest.raises(ValueError, match="checkpoint: Invalid checkpoint state"):
        get_checkpoint_state(tmp_path)


def test_a_checkpoint_that_is_gone_is_not_the_latest(tmp_path, caplog):
    write_checkpoint_state(tmp_path, [str(tmp_path / "a-1")])
    assert latest_checkpoint(tmp_path) is None
    assert "Couldn't match files for checkpoint" in caplog.text


def test_a_folder_without_the_file_has_none(tmp_path):
    assert get_checkpoint_state(tmp_path) is None
    assert latest_checkpoint(tmp_path / "nothing") is None


def test_a_checkpoint_must_not_have_the_name_of_the_file(tmp_path):
    with pytest.raises(InvalidArgumentError, match="conflicts with path used for checkpoint state"):
        write_checkpoint_state(tmp_path, [str(tmp_path / "checkpoint")])
