"""A signature becomes a LiteRT flatbuffer."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax import export

from tenon.base import UnavailableError, UnimplementedError, require_extra
from tenon.saved_model import LoadedSignature
from tenon.serving.engines import _converter
from tenon.xla import without_lowering_rules

MAX_WEIGHTS_BYTES = 2**28
"""Each interpreter packs the weights anew, and there is one for each batch size at least."""

MAX_SECONDS = 120.0
"""A conversion that takes longer is stopped."""

PLATFORMS = ("cuda", "cpu")
"""Whose form of a program is converted: the first that it was saved for.

What is saved for a CPU follows the rules of ``tenon.xla``, which say convolutions in ways that suit XLA. LiteRT has
kernels of its own for these and knows them by their plain form, which the program has for other platforms.
"""

MAX_REASON = 400
"""Characters that are kept of what the converter says; it tends to quote the whole program."""


def convert(signature: LoadedSignature) -> bytes:
    """Convert a signature for LiteRT, for every size of its open dimensions.

    Args:
        signature: what to convert, weights included.

    Raises:
        UnimplementedError: LiteRT cannot run it; the message says why.
        UnavailableError: the converter died, took too long or found no room; another time it may do better.
        MissingExtraError: the extra ``lite`` is not installed.
    """
    require_extra("lite")
    weights = sum(np.asarray(value).nbytes for value in signature.values)
    if weights > MAX_WEIGHTS_BYTES:
        raise UnimplementedError(f"its weights have {weights} bytes, and at most {MAX_WEIGHTS_BYTES} are converted")
    module = _stablehlo(signature)
    try:
        with tempfile.TemporaryDirectory(prefix="tenon-convert-") as folder:
            source, target = Path(folder, "module.mlir"), Path(folder, "model.tflite")
            source.write_text(module)
            run_converter(source, target, signature.is_wide)
            return target.read_bytes()
    except OSError as error:  # a full disk, or no process to be had
        raise UnavailableError(f"the conversion cannot run: {error}") from error


def converter_versions() -> dict[str, str]:
    """Return the versions of all that a flatbuffer depends on, besides the signature."""
    return {name: version(name) for name in ("ai-edge-litert", "litert-converter", "jax")} | {"format": "1"}


def run_converter(source: Path, target: Path, wide: bool, seconds: float = MAX_SECONDS) -> None:
    """Convert a file in a process of its own.

    Args:
        source: StableHLO as text.
        target: where the flatbuffer goes.
        wide: whether numbers of 64 bits are kept as such.
        seconds: how long it may take.

    Raises:
        UnimplementedError: refused; the message says why.
        UnavailableError: the converter died, or took too long.
    """
    command = [sys.executable, "-P", _converter.__file__, str(source), str(target), "wide" if wide else "narrow"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise UnavailableError(f"the conversion takes longer than {seconds:.0f} s") from None
    if done.returncode == _converter.REFUSED:
        raise UnimplementedError(done.stderr.decode(errors="replace").rpartition("\n")[2][:MAX_REASON])
    if done.returncode or not target.is_file():
        raise UnavailableError(f"the converter ended with code {done.returncode}")


def _stablehlo(signature: LoadedSignature) -> str:
    """Return the signature as a module with its weights inside, its open dimensions open."""

    def call(*inputs: Any) -> Any:
        return signature.function(*weights, *inputs)

    pairs = zip(signature.values, signature.variable_dtypes, strict=True)
    weights = [np.asarray(value, dtype) for value, dtype in pairs]
    scope = export.SymbolicScope()
    try:
        with jax.enable_x64(signature.is_wide):
            specs = [
                jax.ShapeDtypeStruct(export.symbolic_shape(",".join(map(str, shape)), scope=scope), dtype)
                for shape, dtype in zip(signature.input_shapes, signature.argument_dtypes, strict=True)
            ]
            return _exported(call, specs)
    except (ValueError, TypeError, NotImplementedError) as error:
        reason = " ".join(str(error).split())[:MAX_REASON]
        raise UnimplementedError(f"its program cannot be written with open dimensions: {reason}") from error


def _exported(call: Callable[..., Any], specs: Sequence[jax.ShapeDtypeStruct]) -> str:
    """Return the module in its plain form if there is one."""
    jitted = jax.jit(call, keep_unused=True)
    with without_lowering_rules():
        for platform in PLATFORMS[:-1]:
            with suppress(ValueError, NotImplementedError):
                return str(export.export(jitted, platforms=(platform,))(*specs).mlir_module())
        return str(export.export(jitted, platforms=PLATFORMS[-1:])(*specs).mlir_module())
