"""Every folder has one door, and what stands in it is promised and described."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys
from enum import Enum
from pathlib import Path
from typing import Protocol

import pytest
from google.protobuf.message import Message

SOURCE = Path(__file__).resolve().parents[1] / "src"
FILES = sorted(SOURCE.rglob("*.py"))
FOLDERS = sorted(path.parent.name for path in SOURCE.glob("tenon/*/__init__.py"))
DOORS = sorted(
    ".".join(path.parent.relative_to(SOURCE / "tenon").parts) for path in SOURCE.glob("tenon/*/**/__init__.py")
)
OWN_FOLDERS = [name for name in DOORS if name != "keras"]
"""The folders, and the folders inside them, whose names are all Tenon's; most of keras's are Keras's."""


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")


def isort_order(name: str) -> tuple[int, str]:
    """Constants, then classes, then functions, numbers by their value: the order in which ruff sorts names."""
    natural = re.sub(r"\d+", lambda digits: digits.group().zfill(4), name)
    return (0 if name.isupper() else 1 if name[0].isupper() else 2), natural


def public_symbols():
    for folder in OWN_FOLDERS:
        module = importlib.import_module(f"tenon.{folder}")
        yield from ((f"tenon.{folder}.{name}", getattr(module, name)) for name in module.__all__)
    yield "tenon.keras.program_of", importlib.import_module("tenon.keras").program_of


def described():
    """The public functions and classes, and the public methods and properties of those classes."""
    for name, symbol in public_symbols():
        if inspect.isfunction(symbol) or inspect.isclass(symbol):
            yield name, symbol
        if inspect.isclass(symbol):
            for key, member in vars(symbol).items():
                member = getattr(member, "fget", getattr(member, "__func__", member))
                if inspect.isfunction(member) and not key.startswith("_"):
                    yield f"{name}.{key}", member


DESCRIBED = dict(described())


@pytest.mark.parametrize("folder", OWN_FOLDERS)
def test_what_a_door_lists_is_what_can_be_imported_from_it(folder):
    module = importlib.import_module(f"tenon.{folder}")
    for name in module.__all__:
        getattr(module, name)  # some load when they are first used
    found = {name for name, value in vars(module).items() if not name.startswith("_") and not inspect.ismodule(value)}
    assert set(module.__all__) == found


@pytest.mark.parametrize("folder", OWN_FOLDERS)
def test_a_door_lists_its_names_once_and_sorted(folder):
    names = importlib.import_module(f"tenon.{folder}").__all__
    assert list(names) == sorted(set(names), key=isort_order)


def test_the_door_of_keras_has_all_that_keras_has():
    ours, theirs = importlib.import_module("tenon.keras"), importlib.import_module("keras")
    missing = [name for name in ours.__all__ if not hasattr(ours, name)]
    assert missing == []
    assert {name for name in dir(theirs) if not name.startswith("_")} - {"src"} <= set(ours.__all__)


def test_every_name_at_the_front_door_can_be_had():
    import tenon

    assert [name for name in tenon.__all__ if getattr(tenon, name, None) is None] == ["newaxis"]


def test_every_folder_stands_at_the_front_door_but_those_that_only_the_command_uses():
    import tenon

    assert set(FOLDERS) - set(tenon.__all__) == {"cli", "demo"} & set(FOLDERS)


def test_the_front_door_takes_neither_jax_nor_keras_nor_numpy():
    code = "import sys, tenon; tenon.__version__; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"jax", "keras", "numpy", "google.protobuf", "tensorboard"} & set(loaded) == set()


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_a_module_says_what_it_is_and_never_imports_the_front_door(path):
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree), f"{path} has no docstring"
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            assert "tenon" not in [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0
            assert node.module != "tenon"


@pytest.mark.parametrize("name", DESCRIBED)
def test_a_public_symbol_is_described_and_tells_the_errors_it_raises(name):
    text = inspect.getdoc(DESCRIBED[name])
    assert text
    if inspect.isfunction(DESCRIBED[name]) and re.search(
        r"^ +raise \w", inspect.getsource(DESCRIBED[name]), re.MULTILINE
    ):
        assert "Raises:" in text


@pytest.mark.parametrize("name", [name for name, _ in public_symbols() if name in DESCRIBED])
def test_a_public_function_or_class_tells_its_arguments(name):
    symbol = DESCRIBED[name]
    if issubclass(symbol if inspect.isclass(symbol) else object, (Exception, Enum, Protocol, Message)):
        return
    text = inspect.getdoc(symbol)
    assert [key for key in inspect.signature(symbol).parameters if not re.search(rf"\b{key}\b", text)] == []


CLASSES = sorted(
    {
        member
        for path in FILES
        for member in vars(importlib.import_module(module_name(path))).values()
        if inspect.isclass(member) and str(member.__module__).startswith("tenon.") and not issubclass(member, Exception)
    },
    key=lambda member: (member.__module__, member.__qualname__),
)


DERIVED_BY_USERS = {
    *("Module", "Tensor", "Variable", "Function", "IndexedSlices", "SparseTensor", "TensorArray", "TensorShape"),
    *("Initializer", "Optimizer"),  # of 1.x
}
"""Classes that TensorFlow's users derive from and ask ``isinstance`` of, and so may we."""


def test_a_class_is_abstract_or_final():
    """A class with a subclass of ours is an interface: every public method of it is abstract."""
    for child in CLASSES:
        for parent in set(child.__mro__[1:]) & set(CLASSES):
            if parent.__name__ in DERIVED_BY_USERS:
                continue
            methods = [key for key, value in vars(parent).items() if inspect.isroutine(value) and key[0] != "_"]
            assert inspect.isabstract(parent), f"{child} overrides the concrete {parent}"
            assert set(methods) <= parent.__abstractmethods__
