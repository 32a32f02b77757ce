"""Values follow their files; a broken new one keeps the old, and is told once."""

import logging
import os

import pytest

from tenon.base import InvalidArgumentError
from tenon.serving.security._reloading import FILE_SECONDS, RETRY_SECONDS, Refresher, Reloading, reloading_file
from tests.serving.security.credentials import wait_for


def parse(content):
    if content.startswith(b"bad"):
        raise InvalidArgumentError(f"the file says {content.decode()}")
    return content.decode()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "value"
    path.write_bytes(b"one")
    return path


def look(value):
    value.want(0.0)
    value.poll(1.0)
    return value.value


def put(path, content):
    """Write as careful people do: the name never stands for a part."""
    path.with_suffix(".new").write_bytes(content)
    path.with_suffix(".new").replace(path)


def test_a_value_follows_its_file(file):
    value = reloading_file("it", file, parse)
    assert value.value == "one"
    put(file, b"two")
    assert look(value) == "two"


def test_an_untouched_file_is_not_read_and_an_equal_one_keeps_the_very_value(file):
    value = reloading_file("it", file, lambda content: [content])
    first = value.value
    put(file, b"one")
    assert look(value) is first
    file.chmod(0)
    file.chmod(0o600)
    os.utime(file)
    assert look(value) is first


def test_a_broken_file_keeps_the_old_value_and_is_told_once_until_it_is_mended(file, caplog):
    value = reloading_file("the file of the test", file, parse)
    put(file, b"bad news")
    with caplog.at_level(logging.WARNING, "tenon.serving"):
        assert [look(value), look(value)] == ["one", "one"]
        file.unlink()
        assert look(value) == "one"
        put(file, b"three")
        assert look(value) == "three"
    first, second, third = (record.getMessage() for record in caplog.records)
    assert first.startswith("the file of the test cannot be loaded, what was there before stays: InvalidArgumentError")
    assert first.endswith("the file says bad news")
    assert "FileNotFoundError" in second
    assert third == "the file of the test can be loaded again"


def test_a_file_that_is_broken_at_the_start_is_an_error(file, tmp_path):
    file.write_bytes(b"bad")
    with pytest.raises(InvalidArgumentError, match="the file says bad"):
        reloading_file("it", file, parse)
    with pytest.raises(FileNotFoundError):
        reloading_file("it", tmp_path / "none", parse)


def test_a_value_with_a_start_needs_no_content_yet():
    contents = iter([OSError("away"), b"here"])

    def read():
        content = next(contents)
        if isinstance(content, Exception):
            raise content
        return content

    value = Reloading("it", read, parse, seconds=300.0, start="nothing")
    assert value.value == "nothing"
    due = value.poll(0.0)
    assert (value.value, value.loaded) == ("nothing", False)
    value.poll(due - 1.0)  # too early
    assert not value.loaded
    assert look(value) == "here"
    assert value.loaded


def test_a_failure_is_tried_again_soon():
    def read():
        raise OSError("away")

    failing = Reloading("it", read, parse, seconds=300.0, start="")
    working = Reloading("it", lambda: b"", parse, seconds=300.0, start="x")
    assert working.poll(0.0) - failing.poll(0.0) == pytest.approx(300 - RETRY_SECONDS, abs=1)
    assert FILE_SECONDS < RETRY_SECONDS


def test_a_look_that_is_wanted_during_a_look_is_not_forgotten():
    def read():
        if not contents:
            value.want(0.0)
        contents.append(b"%d" % len(contents))
        return contents[-1]

    contents = []
    value = Reloading("it", read, parse, seconds=300.0, start="")
    while value.poll(1.0) < 1.0:
        pass
    assert value.value == "1"


def test_the_refresher_polls_in_the_background_and_ends(file):
    value = reloading_file("it", file, parse)
    refresher = Refresher(value)
    put(file, b"four")
    value.want(0.0)
    refresher.wake()
    wait_for(lambda: value.value == "four")
    refresher.close()
    refresher._thread.join(20)
    assert not refresher._thread.is_alive()
