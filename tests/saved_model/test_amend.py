"""Files join a SavedModel in one step, and the manifest knows them."""

from __future__ import annotations

import json

import pytest

from tenon.base import DataLossError, InvalidArgumentError, NotFoundError
from tenon.saved_model import EXTRAS, TensorSpec, amend, read, save


@pytest.fixture
def model(tmp_path):
    save(lambda x: x + 1, tmp_path / "m" / "1", {"f": {"x": TensorSpec((None,), "float32")}})
    return tmp_path / "m" / "1"


def listed(model):
    return set(json.loads((model / EXTRAS / "manifest.json").read_bytes())["files"])


def test_new_files_are_read_and_verified_with_the_others(model):
    before = listed(model)
    with amend(model, "notes") as notes:
        (notes / "deep").mkdir()
        (notes / "deep" / "a.txt").write_text("a")
    assert listed(model) == before | {f"{EXTRAS}/notes/deep/a.txt"}
    read(model)
    (model / EXTRAS / "notes" / "deep" / "a.txt").write_text("b")
    with pytest.raises(DataLossError, match=r"notes/deep/a\.txt"):
        read(model)


def test_a_second_time_replaces_the_first(model):
    for name in ("old", "new"):
        with amend(model, "notes") as notes:
            (notes / name).touch()
    assert [path.name for path in (model / EXTRAS / "notes").iterdir()] == ["new"]
    read(model)


def test_files_that_the_manifest_does_not_name_stay_so(model):
    extra = model / "assets.extra" / "tf_serving_warmup_requests"
    extra.write_bytes(b"1")
    with amend(model, "notes"):
        pass
    extra.write_bytes(b"changed later")
    read(model)


def test_nothing_changes_when_it_fails(model):
    before = {path: path.read_bytes() for path in model.rglob("*") if path.is_file()}
    with pytest.raises(FileNotFoundError), amend(model, "notes") as notes:
        (notes / "missing" / "a").touch()
    assert {path: path.read_bytes() for path in model.rglob("*") if path.is_file()} == before
    assert [path.name for path in model.parent.iterdir()] == ["1"]


@pytest.mark.parametrize("folder", ["", "..", "a/b", "../up", "manifest.json", "/etc"])
def test_only_plain_names_are_folders(model, folder):
    with pytest.raises(InvalidArgumentError, match="folder: must be a plain name"), amend(model, folder):
        pass


def test_a_damaged_model_is_not_amended(model):
    (model / "saved_model.pb").write_bytes(b"")
    with pytest.raises(DataLossError, match=r"saved_model\.pb"), amend(model, "notes"):
        pass


def test_a_missing_model_is_not_found(tmp_path):
    with pytest.raises(NotFoundError), amend(tmp_path / "none", "notes"):
        pass
