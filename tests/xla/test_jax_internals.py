"""The private names of JAX that lowering rules and the compile cache need are there, and are used in one file only."""

import ast
import importlib
import inspect
import zlib
from pathlib import Path

import jax
import pytest

import tenon.xla
from tenon.xla._jax_internals import _own_options, forget_store, holds_a_program, plain_lowering

_OPTIONS = (
    *("computation", "tuple_args", "allow_prop_to_inputs", "allow_prop_to_outputs"),
    *("backend", "np_dev", "compiler_options"),
)
"""What XLA's options are made of; the function is replaced by one that adds to the last."""

NAMES = {
    "jax._src.compilation_cache": {
        "get_file_cache": ["path"],  # it is replaced, and called with a directory
        "reset_cache": [],
        "decompress_executable": ["executable"],
    },
    "jax._src.compilation_cache_interface": {"CacheInterface": None},
    "jax._src.interpreters.pxla": {"create_compile_options": _OPTIONS},
    "jax.interpreters.mlir": {"_lowerings": None, "_platform_specific_lowerings": None, "register_lowering": None},
}
NAMED = [(module, name) for module, names in NAMES.items() for name in names]


@pytest.mark.parametrize(("module", "name"), NAMED)
def test_jax_has_the_name(module, name):
    found = getattr(importlib.import_module(module), name, None)
    assert found is not None, f"{module}.{name} is missing in JAX {jax.__version__}; repair tenon/xla/_jax_internals.py"


@pytest.mark.parametrize("name", ["reset_cache", "decompress_executable"])
def test_jax_is_called_as_it_wants_to_be(name):
    function = getattr(importlib.import_module("jax._src.compilation_cache"), name)
    assert list(inspect.signature(function).parameters) == NAMES["jax._src.compilation_cache"][name]


def test_compile_options_are_made_of_what_is_handed_on():
    replaced = importlib.import_module("jax._src.interpreters.pxla").create_compile_options
    assert len(inspect.signature(replaced).parameters) == len(_OPTIONS)
    assert tuple(inspect.signature(_own_options).parameters) == _OPTIONS


def test_the_store_is_asked_for_two_things_only():
    interface = importlib.import_module("jax._src.compilation_cache_interface").CacheInterface
    assert interface.__abstractmethods__ == {"get", "put"}


def test_private_names_are_imported_in_one_file_only():
    offenders = []
    for path in Path(tenon.xla.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if path.name != "_jax_internals.py" and any(module.startswith("jax._src") for module in modules):
                offenders.append(path.name)
    assert offenders == []


def test_a_primitive_has_a_plain_lowering_general_or_of_its_platform():
    assert callable(plain_lowering(jax.lax.add_p, "cpu"))
    assert callable(plain_lowering(jax.lax.dot_general_p, "cpu"))


def test_an_entry_is_whole_or_it_is_not():
    entry = zlib.compress(b"program")
    assert holds_a_program(entry)
    assert not any(holds_a_program(damaged) for damaged in (b"", entry[:-1], b"program", entry[:5] + b"x" + entry[6:]))


def test_the_store_is_forgotten_without_harm():
    forget_store()
    assert jax.jit(lambda x: x + 1)(1) == 2
