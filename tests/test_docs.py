"""The documentation does what it says: its code runs, its tables are true, it builds without the network."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tenon import base
from tenon.serving import ServerOptions
from tenon.serving.answering import Pipeline
from tenon.serving.configuration import FLAGS, Effect
from tenon.serving.http import HttpRequest
from tenon.serving.inference_protocol import InferenceApi
from tenon.serving.rest import RestApi
from tenon.serving.testing import StaticManager, half_plus_two
from tests.documents import ROOT, code_blocks, links, table_rows
from tests.server_process import start_server

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
TENSORFLOW = DOCS / "guides/tensorflow.md"
TUTORIAL, SERVING, SAVED_MODEL = (
    DOCS / "tutorials/first_light.md",
    DOCS / "guides/serving.md",
    DOCS / "guides/saved_model.md",
)
DECISIONS = [page for page in PAGES if page.parent.name == "decisions" and page.stem != "index"]


def unquoted(cell: str) -> str:
    return cell.strip().removeprefix("`").removesuffix("`")


def test_the_tutorial_works_when_typed_along(tmp_path, compile_cache, capsys):
    names: dict[str, object] = {}
    server = None
    with contextlib.chdir(tmp_path):
        for language, text in code_blocks(TUTORIAL):
            if language == "sh":
                server = start_server(compile_cache, *text.removeprefix("tenon serve").split())
            if server is not None:
                text = text.replace(":8500", f":{server.grpc_port}").replace(":8501", f":{server.rest_port}")
            if language == "python":
                exec(compile(text, str(TUTORIAL), "exec"), names)
    assert server.stop(signal.SIGINT) == 0
    assert names["accuracy"] >= 0.95
    assert "accuracy on held-out digits: 0.9" in capsys.readouterr().out
    assert (tmp_path / "logs" / "train").is_dir()


def test_the_guide_to_saved_models_works_when_typed_along(tmp_path, capsys):
    blocks = [text for language, text in code_blocks(SAVED_MODEL) if language == "python"]
    (printed,) = [text for language, text in code_blocks(SAVED_MODEL) if language == "text"]
    names: dict[str, object] = {}
    with contextlib.chdir(tmp_path):
        for number, text in enumerate(blocks[:-1]):  # the last is for TensorFlow: tests/interop/test_docs.py
            file = tmp_path / f"block_{number}.py"  # AutoGraph reads the source of functions
            file.write_text(text)
            exec(compile(text, str(file), "exec"), names)
    assert capsys.readouterr().out == printed


def test_the_guide_to_tensorflows_code_works_when_typed_along(tmp_path, capsys):
    names: dict[str, object] = {}
    with contextlib.chdir(tmp_path):
        for number, (language, text) in enumerate(code_blocks(TENSORFLOW)):
            if language == "text":
                assert capsys.readouterr().out == text
                continue
            file = tmp_path / f"block_{number}.py"  # AutoGraph reads the source of functions
            file.write_text(text)
            exec(compile(text, str(file), "exec"), names)


def shown_default(flag) -> str | None:
    """Return a flag's default as the guide writes it; ``None`` where it is no plain value."""
    if not flag.option or flag.convert is not None:
        return None
    value = getattr(ServerOptions(models={"m": Path("m")}), flag.option)
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value).removesuffix(".0")


def test_the_table_of_flags_has_every_flag_and_its_default():
    rows = {unquoted(flag): (unquoted(default), text) for flag, default, text in table_rows(SERVING, "## Flags")}
    served = {f"--{flag.name.replace('_', '-')}": flag for flag in FLAGS if flag.effect is Effect.SERVED}
    assert {name: text for name, (_, text) in rows.items()} == {name: flag.text for name, flag in served.items()}
    shown = {name: default for name, flag in served.items() if (default := shown_default(flag)) is not None}
    assert {name: rows[name][0] for name in shown} == shown


@pytest.mark.parametrize(
    ("heading", "effect"),
    [("### Flags without effect", Effect.NONE), ("### Flags that are refused", Effect.REFUSED)],
)
def test_the_tables_of_other_flags_tell_why(heading, effect):
    rows = {unquoted(flag): text for flag, text in table_rows(SERVING, heading)}
    assert rows == {f"--{flag.name.replace('_', '-')}": flag.text for flag in FLAGS if flag.effect is effect}


ERRORS = table_rows(SERVING, "### Errors")


@pytest.mark.parametrize(("request_line", "body", "status", "error"), ERRORS, ids=range(len(ERRORS)))
def test_the_table_of_errors_is_what_the_server_answers(request_line, body, status, error):
    method, path = unquoted(request_line).split()
    api = RestApi(Pipeline(StaticManager({"half": {1: half_plus_two()}})))
    response = asyncio.run(api.respond(HttpRequest.of(method, path, unquoted(body).encode())))
    assert response.status == int(status)
    text = json.loads(response.body).get("error", "")
    assert text.startswith(unquoted(error))
    assert bool(text) == bool(error)


def test_the_request_of_the_open_inference_protocol_is_answered():
    (body,) = [text for language, text in code_blocks(SERVING) if language == "json" and "datatype" in text]
    api = InferenceApi(Pipeline(StaticManager({"half": {1: half_plus_two()}})))
    response = asyncio.run(api.respond(HttpRequest.of("POST", "/v2/models/half/infer", body.encode())))
    assert json.loads(response.body)["outputs"][0]["data"] == [2.5, 3.0]


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_has_its_four_parts_in_order(page):
    parts = re.findall(r"^\*\*(\w+)\.\*\*", page.read_text(), re.MULTILINE)
    assert parts == ["Context", "Decision", "Evidence", "Consequence"]


def test_every_decision_is_listed():
    assert set(links(DOCS / "decisions/index.md")) == set(DECISIONS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(DOCS).as_posix())
def test_every_test_and_file_that_a_page_names_exists(page):
    named = re.findall(r"`((?:tests|src|tools)/[\w./-]+)`", page.read_text())
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_error_that_the_guides_name_exists():
    names = set(re.findall(r"`(\w+Error)`", SAVED_MODEL.read_text() + SERVING.read_text()))
    assert names
    assert all(issubclass(getattr(base, name), base.TenonError) for name in names)


def test_the_pages_build_strictly_and_load_nothing_from_elsewhere(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", tmp_path],
        cwd=ROOT,
        env={"PATH": "", "PYTHONPATH": str(ROOT / "src"), "NO_MKDOCS_2_WARNING": "1"},
        check=True,
    )
    pages = [path.read_text() for path in tmp_path.rglob("*.html")]
    assert len(pages) >= len(PAGES)
    loaded = [address for text in pages for address in re.findall(r"(?:src|href)=\"?(https?://[^\"> ]+)", text)]
    assert loaded == []


def test_the_floors_of_the_reference_are_those_of_the_source():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    folders = {folder for floor in contracts[0]["layers"] for folder in floor.split(" | ")}
    assert {page.stem for page in (DOCS / "reference").glob("*.md")} == folders - {"__main__", "_front_door", "demo"}
