"""What was compiled into a SavedModel is used where it was made for, if trusted, and as it was written."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil

import numpy as np
import pytest

from tenon.base import DataLossError, NotFoundError
from tenon.cli import main
from tenon.saved_model import EXTRAS, amend, read, save
from tenon.serving import ServableId
from tenon.serving.models import LoadingOptions, SavedModelLoader, compile_saved_model
from tenon.xla import compile_cache_in, compiled_programs
from tests.serving.batchings import batching
from tests.serving.engines.signatures import KERNEL, MODELS

FOLDER = f"{EXTRAS}/compiled"
SIZES = (1, 2, 4)


def saved(path):
    for name in ("dense", "depthwise"):
        function, inputs, variables = MODELS[name]
        save(function, path / name, {"serving_default": inputs}, variables=variables)
    return path


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    root = saved(tmp_path_factory.mktemp("compiled"))
    reports = {name: compile_saved_model(root / name, SIZES) for name in ("dense", "depthwise")}
    return root, reports


@pytest.fixture
def copy(compiled, tmp_path):
    shutil.copytree(compiled[0] / "dense", tmp_path / "1")
    return tmp_path / "1"


def load(path, cache, trust=True):
    """Load in a fresh container; return how many programs had to be compiled, and an answer."""
    with batching(*SIZES) as way, compile_cache_in(cache):
        options = LoadingOptions(cache=cache, trust_compiled=trust)
        servable = SavedModelLoader(ServableId("m", 1), path, way, options=options).load()
        [(name, spec)] = servable.signatures["serving_default"].inputs.items()
        x = np.ones((1, *spec.shape[1:]), "f4")
        answer = asyncio.run(servable.run("serving_default", {name: x}))
        servable.close()
    found = compiled_programs(path / FOLDER / "xla")
    return len(compiled_programs(cache)) - len(found), answer


@pytest.mark.parametrize("name", ["dense", "depthwise"])
def test_a_first_start_in_a_fresh_container_compiles_nothing(compiled, tmp_path, name):
    root, reports = compiled
    assert reports[name].programs > 0
    new, _ = load(root / name, tmp_path)
    assert new == 0
    assert len(list((tmp_path / "tenon").iterdir())) == len(list((root / name / FOLDER / "tenon").iterdir()))


def test_the_answer_is_that_of_a_model_that_was_not_compiled(compiled, tmp_path):
    _, answer = load(compiled[0] / "dense", tmp_path)
    np.testing.assert_allclose(answer["p"], MODELS["dense"][0](KERNEL, np.ones((1, 4), "f4"))["p"], rtol=1e-5)


def test_the_report_tells_engines_and_sizes(compiled):
    root, reports = compiled
    index = json.loads((root / "depthwise" / FOLDER / "compiled.json").read_bytes())
    assert index["sizes"] == list(SIZES)
    assert index["engines"]["serving_default"]["engine"] == reports["depthwise"].engines["serving_default"]["engine"]
    files = [path for path in (root / "depthwise" / FOLDER).rglob("*") if path.is_file()]
    assert reports["depthwise"].size == sum(path.stat().st_size for path in files)


def test_untrusted_machine_code_is_left_alone(compiled, tmp_path, caplog):
    with caplog.at_level(logging.INFO, "tenon.serving"):
        new, _ = load(compiled[0] / "dense", tmp_path, trust=False)
    assert new == 0  # as many as were compiled into it, by the same sizes
    assert "are not used: they are machine code, and the server was not told to trust it" in caplog.text


def rewrite(path, change):
    """Write other things into the compiled files, with a manifest that says so."""
    old = path / FOLDER
    files = {each.relative_to(old): each.read_bytes() for each in old.rglob("*") if each.is_file()}
    with amend(path, "compiled") as folder:
        for name, content in files.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(change(name.name, content))


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"machine": {"model name": "another"}}, "made for another machine"),
        ({"versions": {"jax": "0.1"}}, "made for another versions"),
        ({"format": 99}, "made for another format"),
    ],
)
def test_what_was_made_for_another_machine_or_version_is_ignored_and_logged(copy, tmp_path, caplog, changes, text):
    rewrite(
        copy,
        lambda name, old: json.dumps({**json.loads(old), **changes}).encode() if name == "compiled.json" else old,
    )
    with caplog.at_level(logging.INFO, "tenon.serving"):
        _, answer = load(copy, tmp_path / "cache-of-mine")
    assert text in caplog.text
    assert answer["p"].shape == (1, 3)


def test_a_program_that_was_altered_is_never_loaded(copy, tmp_path):
    program = compiled_programs(copy / FOLDER / "xla")[0]
    program.write_bytes(program.read_bytes()[:-1] + b"?")
    with pytest.raises(DataLossError, match=program.name):
        load(copy, tmp_path / "cache")


def test_a_program_that_the_manifest_does_not_name_is_never_used(copy, tmp_path):
    (copy / FOLDER / "xla" / "jit_call_exported-0000-cache").write_bytes(b"hostile")
    load(copy, tmp_path / "cache")
    assert not (tmp_path / "cache" / "jit_call_exported-0000-cache").exists()


def test_a_damaged_program_with_a_manifest_that_fits_is_compiled_anew(copy, tmp_path, caplog):
    rewrite(copy, lambda name, old: old[:20] if name.endswith("-cache") else old)
    _, answer = load(copy, tmp_path / "cache")
    assert "is damaged; its program is compiled anew" in caplog.text
    assert all(program.stat().st_size > 20 for program in compiled_programs(tmp_path / "cache"))
    assert answer["p"].shape == (1, 3)


def test_compiling_again_replaces_what_was_there(copy):
    before = read(copy)
    compile_saved_model(copy, (1,))
    assert json.loads((copy / FOLDER / "compiled.json").read_bytes())["sizes"] == [1]
    assert read(copy).signatures.keys() == before.signatures.keys()


def test_a_missing_model_is_not_found(tmp_path):
    with pytest.raises(NotFoundError, match="no SavedModel directory"):
        compile_saved_model(tmp_path / "none", (1,))


def test_the_command_compiles_and_says_what_it_chose(copy, capsys):
    assert main(["compile", str(copy), "--max-batch-size", "2", "--engine", "xla"]) == 0
    printed = capsys.readouterr().out
    assert "signature 'serving_default': xla (asked for)" in printed
    assert "2 XLA programs" in printed


@pytest.mark.parametrize(("words", "code"), [(["none"], 1), (["none", "--max-batch-size", "0"], 2)])
def test_the_command_says_what_is_wrong(tmp_path, capsys, words, code):
    assert main(["compile", str(tmp_path / words[0]), *words[1:]]) == code
    assert capsys.readouterr().err.startswith("tenon compile: ")
