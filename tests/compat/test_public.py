from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

import tenon
from tenon.compat import ABSENT, GRAPH_AWARE, V1, graph_aware_name
from tenon.core import NAMES
from tests.compat.v1 import tf


@pytest.mark.parametrize("path", sorted(V1))
def test_every_name_of_1x_is_found_under_its_path(path):
    found = tf
    for part in path.split("."):
        found = getattr(found, part)
    assert found is V1[path]


@pytest.mark.parametrize("path", ABSENT)
def test_what_is_absent_is_named_with_another_way(path):
    *parents, name = path.split(".")
    with pytest.raises(AttributeError, match=r"has no attribute .*\. Use "):
        getattr(importlib.import_module(".".join(["tenon.compat.v1", *parents])), name)


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("get_varible", r"tf\.compat\.v1\.get_variable"),
        ("losses.log_los", r"tf\.compat\.v1\.losses\.log_loss"),
        ("train.Coordinator", "concurrent.futures"),
        ("layers", r"tf\.keras\.layers"),
    ],
)
def test_names_that_are_near_are_told(path, hint):
    *parents, name = path.split(".")
    with pytest.raises(AttributeError, match=rf"'{name}'. Use .*{hint}"):
        getattr(importlib.import_module(".".join(["tenon.compat.v1", *parents])), name)


def test_everything_else_is_what_2x_has():
    assert tf.keras is tenon.keras
    assert tf.float32 is tenon.float32
    assert tf.nn.relu is tenon.nn.relu
    assert tf.train.latest_checkpoint is tenon.train.latest_checkpoint
    assert tf.errors.NotFoundError is tenon.errors.NotFoundError
    assert {"placeholder", "nn", "float32", "train"} <= set(dir(tf))
    assert "AdamOptimizer" in dir(tf.train)


def test_functions_compute_at_once_where_no_graph_is_built():
    for path in ("math.add", "linalg.matmul", "cond", "random.normal"):
        assert callable(graph_aware_name(path))
    assert graph_aware_name("math.add")(1, 2).numpy() == 3
    assert graph_aware_name("dtypes.as_dtype") is NAMES["dtypes.as_dtype"]
    assert set(GRAPH_AWARE) & set(NAMES)


def test_names_of_one_function_stay_those_of_one():
    assert tf.nn.lrn is tf.nn.local_response_normalization
    assert graph_aware_name("add") is graph_aware_name("math.add")


def test_names_that_were_used_before_can_build_graphs_afterwards():
    script = (
        "import tenon as tf; before = tf.add(1, 2); "
        "g = tf.Graph(); ctx = g.as_default(); ctx.__enter__(); print(tf.add(1, 2).name, float(before))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "Add:0 3.0", done.stderr


def test_modules_of_1x_import_like_modules():
    script = (
        "import tenon.compat.v1 as tf; from tenon.compat.v1.train import Saver; import tenon.compat.v1.nn as nn; "
        "print(nn.relu(2.0).numpy(), Saver is tf.train.Saver)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "2.0 True", done.stderr


def test_options_are_kept():
    options = tf.ConfigProto(allow_soft_placement=True, gpu_options=tf.GPUOptions(allow_growth=True))
    options.intra_op_parallelism_threads = 2
    options.graph_options.optimizer_options.global_jit_level = tf.OptimizerOptions.ON_1
    assert options.gpu_options.allow_growth
    assert "intra_op_parallelism_threads=2" in repr(options)
