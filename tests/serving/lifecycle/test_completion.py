"""Half-copied versions are never loaded, whether they have a manifest or not."""

import shutil

import pytest

from tenon.saved_model import TensorSpec, manifest_sizes, save
from tenon.saved_model._manifest import _encode
from tenon.serving import FileSystemSource, ServableToMonitor

DATA = "variables/variables.data-00000-of-00001"
MANIFEST = "assets.extra/tenon/manifest.json"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "1"
    save(lambda x: {"y": x + 1}, path, {"serving_default": {"x": TensorSpec((None,), "float32")}})
    return path


@pytest.fixture
def source(tmp_path):
    return FileSystemSource({"m": ServableToMonitor(tmp_path / "m")}, listed_sizes=manifest_sizes)


@pytest.fixture
def base(tmp_path):
    (tmp_path / "m").mkdir()
    return tmp_path / "m"


def plain(path):
    """Make a version that has no manifest, as TensorFlow writes them."""
    path.mkdir()
    (path / "saved_model.pb").touch()
    return path


def found(source):
    return list(source.poll({}).versions["m"])


def note(source):
    return source.poll({}).warnings.get("m", "")


def test_a_manifest_tells_the_sizes_of_its_files(model, tmp_path):
    sizes = manifest_sizes(model)
    assert sizes["saved_model.pb"] == (model / "saved_model.pb").stat().st_size
    assert manifest_sizes(tmp_path) is None
    shutil.copytree(model, tmp_path / "1")
    with (tmp_path / "1" / MANIFEST).open("ab") as file:
        file.write(b" ")
    assert manifest_sizes(tmp_path / "1") is None


def test_a_whole_version_is_found_at_once(model, base, source):
    assert found(source) == []
    shutil.copytree(model, base / "1")
    assert found(source) == [1]


def test_a_copy_is_found_when_its_last_byte_is_there(model, base, source):
    shutil.copytree(model, base / "1")
    assert found(source) == [1]
    shutil.copytree(model, base / "2")
    content = (base / "2" / "saved_model.pb").read_bytes()
    for end in (0, 10, len(content) - 1):
        (base / "2" / "saved_model.pb").write_bytes(content[:end])
        assert found(source) == [1]
    (base / "2" / "saved_model.pb").write_bytes(content)
    assert found(source) == [2]


def test_a_copy_that_goes_on_is_told_once_and_one_that_rests_by_its_file(model, base, source):
    shutil.copytree(model, base / "2")
    content = (base / "2" / "saved_model.pb").read_bytes()
    (base / "2" / DATA).unlink(missing_ok=True)
    (base / "2" / "saved_model.pb").write_bytes(content[:5])
    first = note(source)
    assert "2 is ignored until it is whole: " in first
    (base / "2" / "saved_model.pb").write_bytes(content)
    (base / "2" / "fingerprint.pb").unlink()
    assert note(source) == first
    assert "fingerprint.pb is missing or has another size than its manifest says" in note(source)


def test_without_a_manifest_a_version_is_found_when_it_has_rested(base, source):
    assert found(source) == []
    version = plain(base / "1")
    assert found(source) == []
    (version / "variables").write_bytes(b"half")
    assert found(source) == []
    (version / "variables").write_bytes(b"half and half")
    assert found(source) == []
    assert found(source) == [1]


def test_what_is_there_at_the_first_look_is_taken_as_it_is(base, source):
    plain(base / "1")
    plain(base / "2")
    assert found(source) == [2]
    assert source.poll({"m": [2]}).versions["m"].keys() == {1, 2}


def test_a_version_that_is_served_stays_while_its_files_are_replaced(model, base, source):
    shutil.copytree(model, base / "1")
    before = source.poll({})
    content = (base / "1" / "saved_model.pb").read_bytes()
    (base / "1" / "saved_model.pb").write_bytes(content[:7])
    during = source.poll({})
    assert list(during.versions["m"]) == [1]
    assert during.stamps["m"] == {}
    assert during.warnings == {}
    (base / "1" / "saved_model.pb").write_bytes(content)
    after = source.poll({})
    assert after.stamps["m"].keys() == {1}
    assert after.stamps["m"] != before.stamps["m"]


def test_a_manifest_that_lies_harms_nobody(model, base, source):
    shutil.copytree(model, base / "1")
    for files in ({"a\0b": {"size": 1}}, {"x" * 5000: {"size": 1}}, {"/etc/passwd": {"size": "1"}}):
        (base / "1" / MANIFEST).write_bytes(_encode({"files": files, "format": 1}))
        assert found(source) == []
    (base / "1" / MANIFEST).write_bytes(_encode({"files": {"a": 3}, "format": 1}))
    assert manifest_sizes(base / "1") is None
    assert found(source) == []
    assert found(source) == [1]  # what is wrong with it is the loader's to say
