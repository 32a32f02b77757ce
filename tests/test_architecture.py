"""ARCHITECTURE.md says what is so."""

from __future__ import annotations

import importlib
import inspect
import re
import tomllib

import pytest

from tenon import keras, saved_model
from tests.documents import ROOT, code_blocks, table_rows

PAGE = ROOT / "ARCHITECTURE.md"
FOLDERS = [re.sub("`", "", row[0]) for row in table_rows(PAGE, "## Floors")]
GLOSSARY = {row[0]: re.sub("`", "", row[2]) for row in table_rows(PAGE, "## Glossary")}


def resolve(symbol: str):
    """Return what a dotted name stands for: the longest module in it, then attributes."""
    parts = symbol.split(".")
    for count in range(len(parts), 0, -1):
        try:
            value = importlib.import_module(".".join(parts[:count]))
        except ModuleNotFoundError:
            continue
        for attribute in parts[count:]:
            value = getattr(value, attribute)
        return value
    raise AssertionError(f"{symbol} is no module")


def test_the_folders_are_those_of_the_source():
    source = ROOT / "src/tenon"
    found = {path.parent.name for path in source.glob("*/__init__.py")} | {"_front_door", "__main__"}
    assert set(FOLDERS) == found


def test_the_floors_are_those_of_the_contract():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert [folder for floor in contracts[0]["layers"] for folder in floor.split(" | ")] == FOLDERS


def test_the_floors_of_core_are_those_of_the_contract():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    written = [re.sub("`", "", row[0]) for row in table_rows(PAGE, "### Inside core")]
    assert [folder for floor in contracts[1]["layers"] for folder in floor.split(" | ")] == written


def test_the_floors_of_serving_are_those_of_the_contract():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    written = [re.sub("`", "", row[0]) for row in table_rows(PAGE, "### Inside serving")]
    listed = [folder for floor in contracts[2]["layers"] for folder in floor.split(" | ")]
    assert [folder for folder in listed if not folder.startswith("(")] == written


def test_the_diagram_has_the_floors_in_order():
    diagram = next(text for text in PAGE.read_text().split("```") if "__main__ ->" in text)
    assert re.split(r" -> | \| ", diagram.splitlines()[1]) == FOLDERS


@pytest.mark.parametrize("noun", GLOSSARY)
def test_a_noun_of_the_glossary_is_a_symbol(noun):
    assert resolve(GLOSSARY[noun]) is not None


def test_every_interface_of_serving_is_in_the_glossary():
    serving = importlib.import_module("tenon.serving")
    interfaces = {f"tenon.serving.{name}" for name in serving.__all__ if inspect.isabstract(getattr(serving, name))}
    assert interfaces <= set(GLOSSARY.values())


def test_the_drawn_directory_is_what_save_writes(tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.save(tmp_path / "1")
    assert saved_model.read(tmp_path / "1").signatures
    drawing = next(text for text in PAGE.read_text().split("```") if "manifest.json" in text)
    drawn = set(re.findall(r"[\w.]+\.(?:pb|json|index|jax_export|data-\d+-of-\d+)\b", drawing))
    assert drawn == {path.name for path in (tmp_path / "1").rglob("*") if path.is_file()}


def test_the_page_has_no_code_that_nobody_runs():
    assert code_blocks(PAGE) == []
