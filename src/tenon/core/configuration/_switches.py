"""Switches of ``tf.config``: how functions run, how exact and how repeatable results are, the number of threads."""

from __future__ import annotations

import os
from typing import Any, Final

import jax

from tenon.core._names import export
from tenon.core._settings import SETTINGS
from tenon.core.configuration._physical import require_untaken

_config: Any = jax.config


@export("config.run_functions_eagerly")
def run_functions_eagerly(run_eagerly: bool) -> None:
    """Let every ``tf.function`` run its Python function, to debug it, ``tf.config.run_functions_eagerly``.

    Args:
        run_eagerly: whether to.

    Example:
        >>> run_functions_eagerly(True)
        >>> functions_run_eagerly()
        True
        >>> run_functions_eagerly(False)
    """
    SETTINGS.run_functions_eagerly = bool(run_eagerly)


@export("config.functions_run_eagerly")
def functions_run_eagerly() -> bool:
    """Tell whether every ``tf.function`` runs its Python function."""
    return SETTINGS.run_functions_eagerly


@export("config.experimental.enable_op_determinism")
def enable_op_determinism() -> None:
    """Give the same results in every run, ``tf.config.experimental.enable_op_determinism``.

    Random functions then need a seed. XLA is told to avoid what is not deterministic on GPUs, if nothing was computed
    yet; CPUs and TPUs always give the same results.
    """
    SETTINGS.op_determinism = True
    _add_xla_flag("--xla_gpu_exclude_nondeterministic_ops=true")


def _add_xla_flag(flag: str) -> None:
    flags = os.environ.get("XLA_FLAGS", "")
    if flag not in flags.split():
        os.environ["XLA_FLAGS"] = f"{flags} {flag}".strip()


@export("config.set_soft_device_placement")
def set_soft_device_placement(enabled: bool) -> None:
    """Say whether ``tf.device`` takes another device where the named one is not there: ``enabled``."""
    SETTINGS.soft_device_placement = bool(enabled)


@export("config.get_soft_device_placement")
def get_soft_device_placement() -> bool:
    """Tell whether ``tf.device`` takes another device where the named one is not there."""
    return SETTINGS.soft_device_placement


@export("config.experimental.enable_tensor_float_32_execution")
def enable_tensor_float_32_execution(enabled: bool) -> None:
    """Say whether products of float32 matrices may be rounded to TensorFloat-32, on GPUs that have it."""
    jax.config.update("jax_default_matmul_precision", None if enabled else "highest")


@export("config.experimental.tensor_float_32_execution_enabled")
def tensor_float_32_execution_enabled() -> bool:
    """Tell whether products of float32 matrices may be rounded to TensorFloat-32.

    Example:
        >>> tensor_float_32_execution_enabled()
        True
    """
    return _config.jax_default_matmul_precision not in ("highest", "float32")


class _Threads:
    """How many threads were asked for; 0 leaves it to XLA."""

    def __init__(self) -> None:
        self.intra = 0
        self.inter = 0


_THREADS: Final = _Threads()


@export("config.threading.get_intra_op_parallelism_threads")
def get_intra_op_parallelism_threads() -> int:
    """Return how many threads one operation on the CPU may use; 0 for as many as there are cores."""
    return _THREADS.intra


@export("config.threading.set_intra_op_parallelism_threads")
def set_intra_op_parallelism_threads(num_threads: int) -> None:
    """Say how many threads one operation on the CPU may use.

    Raises:
        RuntimeError: something was computed already.
    """
    if num_threads == _THREADS.intra:
        return
    require_untaken("Intra op parallelism")
    _THREADS.intra = int(num_threads)
    if num_threads:
        os.environ["NPROC"] = str(num_threads)  # from which XLA's CPU takes the size of its pool
    else:
        os.environ.pop("NPROC", None)


@export("config.threading.get_inter_op_parallelism_threads")
def get_inter_op_parallelism_threads() -> int:
    """Return what ``set_inter_op_parallelism_threads`` was told."""
    return _THREADS.inter


@export("config.threading.set_inter_op_parallelism_threads")
def set_inter_op_parallelism_threads(num_threads: int) -> None:
    """Remember a number: XLA's programs have no threads between operations.

    Raises:
        RuntimeError: something was computed already.
    """
    if num_threads == _THREADS.inter:
        return
    require_untaken("Inter op parallelism")
    _THREADS.inter = int(num_threads)


class _Optimizer:
    """What was asked of TensorFlow's graph optimizer, which is not there: XLA always optimizes."""

    def __init__(self) -> None:
        self.jit = ""
        self.options: dict[str, Any] = {"disable_model_pruning": False, "disable_meta_optimizer": False}


_OPTIMIZER: Final = _Optimizer()


@export("config.optimizer.get_jit")
def get_jit() -> str:
    """Return what ``set_jit`` was told: ``""`` or ``"autoclustering"``."""
    return _OPTIMIZER.jit


@export("config.optimizer.set_jit")
def set_jit(enabled: bool | str) -> None:
    """Remember whether XLA is wanted: it compiles everything here, wanted or not."""
    _OPTIMIZER.jit = "autoclustering" if enabled in (True, "autoclustering") else ""


@export("config.optimizer.get_experimental_options")
def get_experimental_options() -> dict[str, Any]:
    """Return what ``set_experimental_options`` was told."""
    return dict(_OPTIMIZER.options)


@export("config.optimizer.set_experimental_options")
def set_experimental_options(options: dict[str, Any]) -> None:
    """Remember options of TensorFlow's graph optimizer, which change nothing: XLA does what they ask for."""
    _OPTIMIZER.options.update(options)
