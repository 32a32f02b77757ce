"""``import tenon as tf``: names, namespaces, and what the door says of what is not there."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

import tenon as tf
from tenon import base, core


def test_importing_the_package_imports_neither_jax_nor_keras():
    script = "import sys, tenon; print(sorted({'jax', 'keras', 'numpy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout.strip() == "[]"


@pytest.mark.parametrize("path", sorted(core.NAMES))
def test_every_name_of_core_is_found_under_its_path(path):
    if "tenon.compat" in sys.modules:
        assert tf.compat.v1.Session is not None  # whoever asks for graphs by the front door has names looked up anew
    found = tf
    for part in path.split("."):
        found = getattr(found, part)
    compat = sys.modules.get("tenon.compat")  # graphs were used in this process: what is found can build them
    assert found is (core.NAMES[path] if compat is None else compat.graph_aware_name(path))


def test_namespaces_import_like_modules():
    assert importlib.import_module("tenon.math") is tf.math
    script = "from tenon.math import add; import tenon.nn; from tenon import random; print(add(1, 2).numpy())"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout.strip() == "3"


def test_a_namespace_lists_its_names():
    assert {"add", "reduce_sum"} <= set(dir(tf.math)) == set(tf.math.__all__)
    assert {"math", "float32", "Variable", "keras", "losses"} <= set(dir(tf))


def test_namespaces_of_keras_are_those_of_keras():
    assert tf.losses.MeanSquaredError is tf.keras.losses.MeanSquaredError
    assert "Adam" in dir(importlib.import_module("tenon.optimizers"))


def test_errors_have_tensorflows_names_and_codes():
    assert tf.errors.InvalidArgumentError is base.InvalidArgumentError
    assert tf.errors.OpError is base.TenonError
    assert tf.errors.NOT_FOUND == 5


def test_names_that_only_tools_ask_for_are_not_searched_for():
    with pytest.raises(AttributeError, match=r"^module 'tenon' has no attribute '_reduce_sum'\.$"):
        _ = tf._reduce_sum


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("math.ad", "tf.math.add"),
        ("Session", r"tf\.compat\.v1\.Session"),
        ("contrib", "ended with TensorFlow 1"),
        ("reduce_some", "tf.reduce_sum"),
    ],
)
def test_what_is_absent_is_an_attribute_error_with_a_hint(path, hint):
    namespace, _, name = path.rpartition(".")
    with pytest.raises(AttributeError, match=hint):
        getattr(getattr(tf, namespace) if namespace else tf, name)
    assert not hasattr(tf, "no_such_name_at_all")


def test_a_module_that_does_not_exist_cannot_be_imported():
    with pytest.raises(ModuleNotFoundError, match=r"tenon\.nothing"):
        importlib.import_module("tenon.nothing")


def test_no_public_name_refuses_with_not_implemented():
    """A name that exists works: no function of the front door is only a ``raise NotImplementedError``."""
    stubs = [
        path
        for path, value in core.NAMES.items()
        if getattr(value, "__code__", None) is not None and "NotImplementedError" in value.__code__.co_names
    ]
    assert stubs == []


def test_names_build_graphs_whoever_loaded_them_first():
    script = (
        "import tenon as tf, tenon.compat\n"
        "early = tf.Variable\n"
        "import tenon.compat.v1 as tf1\n"
        "tf1.disable_v2_behavior()\n"
        "assert tf.Variable is tenon.compat.graph_aware_name('Variable')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
