import logging
import os

import jax
import jax.numpy as jnp
import numpy as np

import tenon as tf
from tenon.core._settings import SETTINGS


def test_functions_run_eagerly_where_that_is_switched_on():
    calls = []

    @tf.function
    def function(x):
        calls.append(None)
        return x + 1

    tf.config.run_functions_eagerly(True)
    try:
        assert tf.config.functions_run_eagerly()
        function(tf.constant(1))
        function(tf.constant(1))
        assert len(calls) == 2
    finally:
        tf.config.run_functions_eagerly(False)
    assert not tf.config.functions_run_eagerly()


def test_tensor_float_32_is_jaxs_precision():
    assert tf.config.experimental.tensor_float_32_execution_enabled()
    tf.config.experimental.enable_tensor_float_32_execution(False)
    try:
        assert not tf.config.experimental.tensor_float_32_execution_enabled()
        text = jax.jit(jnp.dot).lower(np.ones((2, 2), np.float32), np.ones((2, 2), np.float32)).as_text()
        assert "HIGHEST" in text
    finally:
        tf.config.experimental.enable_tensor_float_32_execution(True)


def test_determinism_is_remembered_and_told_to_xla(monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--xla_dump_to=x")
    before = SETTINGS.op_determinism
    try:
        for _ in range(2):
            tf.config.experimental.enable_op_determinism()
        assert os.environ["XLA_FLAGS"] == "--xla_dump_to=x --xla_gpu_exclude_nondeterministic_ops=true"
    finally:
        SETTINGS.op_determinism = before


def test_the_optimizers_options_are_remembered():
    before = tf.config.optimizer.get_experimental_options()
    assert before == {"disable_model_pruning": False, "disable_meta_optimizer": False}
    tf.config.optimizer.set_experimental_options({"constant_folding": True})
    assert tf.config.optimizer.get_experimental_options() == {**before, "constant_folding": True}
    assert tf.config.optimizer.get_jit() == ""
    tf.config.optimizer.set_jit(True)
    assert tf.config.optimizer.get_jit() == "autoclustering"
    tf.config.optimizer.set_jit(False)


def test_threads_are_left_to_xla():
    assert tf.config.threading.get_intra_op_parallelism_threads() == 0
    assert tf.config.threading.get_inter_op_parallelism_threads() == 0


def test_programs_can_ask_what_they_run_on():
    assert tuple(map(int, tf.version.VERSION.split("."))) >= (2, 21)
    assert tf.version.GRAPH_DEF_VERSION > 2000
    assert tf.test.is_built_with_xla()
    assert tf.test.is_gpu_available() == bool(tf.config.list_physical_devices("GPU"))
    assert bool(tf.test.gpu_device_name()) == tf.test.is_gpu_available()
    assert tf.sysconfig.get_build_info()["is_cuda_build"] == tf.test.is_built_with_cuda()
    assert tf.test.is_built_with_gpu_support() == (tf.test.is_built_with_cuda() or tf.test.is_built_with_rocm())


def test_the_logger_is_that_of_every_part(caplog):
    with caplog.at_level(logging.WARNING, logger=tf.get_logger().name):
        logging.getLogger("tenon.saved_model").warning("heard")
    assert "heard" in caplog.text
