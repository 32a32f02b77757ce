"""A file system source finds numbered directories that hold a SavedModel, and says what is odd."""

import contextlib
import os
import re
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import NotFoundError, UnavailableError, replace_directory
from tenon.serving import All, FileSystemSource, Latest, ServableToMonitor, Specific
from tenon.serving.lifecycle._source import _version_number

ALL = All()


def put(base, *names):
    for name in names:
        (base / name).mkdir(parents=True)
        (base / name / "saved_model.pb").touch()


def poll(base, policy=ALL):
    return FileSystemSource({"m": ServableToMonitor(base, policy)}).poll({})


def found(base, policy=ALL):
    return {version: path.name for version, path in poll(base, policy).versions["m"].items()}


def test_numbered_directories_are_versions(tmp_path):
    put(tmp_path, "1", "2", "10")
    assert found(tmp_path) == {1: "1", 2: "2", 10: "10"}
    assert poll(tmp_path).warnings == {}


def test_leading_zeros_are_allowed_and_zero_is_a_version(tmp_path):
    put(tmp_path, "00000123", "0")
    assert found(tmp_path) == {123: "00000123", 0: "0"}


@pytest.mark.parametrize(
    "name", ["latest", "1.0", "-1", "+1", " 1", "1_0", "0x1", "9223372036854775808", "٣", ".1.tmp-77-abc", "1.tmp"]
)
def test_other_names_are_ignored_without_a_word(tmp_path, name):
    put(tmp_path, "5", name)
    assert found(tmp_path) == {5: "5"}
    assert poll(tmp_path).warnings == {}


def test_a_file_with_a_number_for_a_name_is_ignored(tmp_path):
    put(tmp_path, "5")
    (tmp_path / "6").touch()
    assert found(tmp_path) == {5: "5"}


def test_the_largest_int64_is_a_version(tmp_path):
    put(tmp_path, "9223372036854775807")
    assert found(tmp_path) == {2**63 - 1: "9223372036854775807"}


def test_of_two_names_with_one_number_the_first_in_order_wins_with_a_warning(tmp_path):
    put(tmp_path, "7", "007", "07")
    assert found(tmp_path) == {7: "007"}
    assert "7 is ignored: 007 is version 7 too" in poll(tmp_path).warnings["m"]


def test_a_directory_without_a_model_is_not_a_version_yet(tmp_path):
    put(tmp_path, "1")
    (tmp_path / "2").mkdir()
    assert found(tmp_path, Latest()) == {1: "1"}
    assert "2 is ignored until it has a saved_model.pb" in poll(tmp_path).warnings["m"]


def test_a_version_that_is_being_written_is_not_seen(tmp_path):
    with replace_directory(tmp_path / "1") as temporary:
        (temporary / "saved_model.pb").touch()
        assert found(tmp_path) == {}
    assert found(tmp_path) == {1: "1"}


@pytest.mark.parametrize(("name", "version"), [("export", 1), ("42", 42), ("0", 0)])
def test_a_base_that_is_itself_a_model_is_one_version(tmp_path, name, version):
    put(tmp_path, name, f"{name}/9")
    assert found(tmp_path / name) == {version: name}


def test_a_relative_base_path_gives_absolute_versions(tmp_path):
    put(tmp_path, "3")
    with contextlib.chdir(tmp_path / "3"):
        assert poll(Path()).versions["m"] == {3: tmp_path / "3"}


def test_the_policy_chooses(tmp_path):
    put(tmp_path, "1", "2", "3")
    assert found(tmp_path, Latest()) == {3: "3"}
    assert found(tmp_path, Latest(2)) == {3: "3", 2: "2"}
    assert found(tmp_path, Specific((1,))) == {1: "1"}


def test_a_pinned_version_that_is_missing_is_only_warned_about(tmp_path):
    put(tmp_path, "1")
    assert found(tmp_path, Specific((1, 4))) == {1: "1"}
    assert "version 4 is asked for and not found" in poll(tmp_path, Specific((1, 4))).warnings["m"]


def test_an_empty_base_path_wants_nothing_and_says_so(tmp_path):
    assert found(tmp_path) == {}
    assert f"no version found under {tmp_path}: expected a directory <number>" in poll(tmp_path).warnings["m"]


def test_a_missing_base_path_is_an_error_of_its_servable_alone(tmp_path):
    put(tmp_path / "good", "1")
    servables = {"bad": ServableToMonitor(tmp_path / "bad"), "good": ServableToMonitor(tmp_path / "good")}
    result = FileSystemSource(servables).poll({})
    assert set(result.versions) == {"good"}
    assert isinstance(result.errors["bad"], NotFoundError)
    assert str(result.errors["bad"]).startswith("servable 'bad': its base path cannot be listed; received")
    assert str(tmp_path / "bad") in str(result.errors["bad"])


def test_the_stamp_of_a_version_changes_with_its_files_and_only_then(tmp_path):
    put(tmp_path, "1", "2")
    data = tmp_path / "1" / "data"
    changes = (data.touch, partial(data.write_bytes, b"x"), partial(os.utime, data, (1, 1)), data.unlink)
    first = before = poll(tmp_path).stamps["m"]
    for change in changes:
        change()
        after = poll(tmp_path).stamps["m"]
        assert after[1] != before[1]
        assert after[2] == before[2]
        before = after
    (tmp_path / "1" / "link").symlink_to("nowhere")
    assert poll(tmp_path).stamps["m"] == first


def test_a_version_that_cannot_be_read_is_named(tmp_path):
    put(tmp_path, "1")
    (tmp_path / "2").mkdir()
    (tmp_path / "2" / "saved_model.pb").symlink_to("x" * 300)
    error = poll(tmp_path).errors["m"]
    assert isinstance(error, UnavailableError)
    assert re.search(r"/2/saved_model.pb' \(File name too long\)", str(error))


def test_a_base_path_that_is_a_file_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    result = poll(tmp_path / "file")
    assert isinstance(result.errors["m"], UnavailableError)
    assert "Not a directory" in str(result.errors["m"])


@given(st.text(max_size=25))
def test_any_name_is_a_number_of_int64_or_ignored(name):
    version = _version_number(name)
    assert version is None or (0 <= version < 2**63 and name.lstrip("0") in {str(version), ""})


@given(st.integers(0, 2**63 - 1), st.integers(0, 4))
def test_every_int64_is_read_back(version, zeros):
    assert _version_number("0" * zeros + str(version)) == version


@pytest.mark.parametrize(
    ("policy", "failed", "wanted"),
    [
        (Latest(), [], [4]),
        (Latest(), [4], [4, 3]),
        (Latest(), [4, 3], [4, 3, 2]),
        (Latest(), [3], [4]),
        (Latest(), [1, 2, 3, 4], [4, 3, 2, 1]),
        (Latest(2), [4], [4, 3, 2]),
        (ALL, [4], [4, 3, 2, 1]),
        (Specific((4,)), [4], [4]),
    ],
)
def test_a_version_that_failed_stays_wanted_and_so_is_what_would_be_without_it(tmp_path, policy, failed, wanted):
    put(tmp_path, "1", "2", "3", "4")
    source = FileSystemSource({"m": ServableToMonitor(tmp_path, policy)})
    assert sorted(source.poll({"m": failed}).versions["m"], reverse=True) == wanted


def test_another_kind_of_model_may_be_looked_for(tmp_path):
    put(tmp_path, "1")
    (tmp_path / "2").mkdir()
    (tmp_path / "2" / "model.tflite").touch()
    source = FileSystemSource({"m": ServableToMonitor(tmp_path)}, ("saved_model.pb", "model.tflite"))
    assert list(source.poll({}).versions["m"]) == [2]
    assert "expected a directory <number>/saved_model.pb" in poll(tmp_path / "2").warnings["m"]


def test_what_is_watched_may_change(tmp_path):
    put(tmp_path, "a/1", "b/1", "b/2")
    source = FileSystemSource({"a": ServableToMonitor(tmp_path / "a")})
    source.poll({})
    source.watch({"b": ServableToMonitor(tmp_path / "b", ALL)})
    assert {name: sorted(versions) for name, versions in source.poll({}).versions.items()} == {"b": [1, 2]}
