"""A signature becomes a LiteRT flatbuffer."""

from __future__ import annotations

import logging
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax import export

from tenon.base import UnavailableError, UnimplementedError, require_extra
from tenon.saved_model import LoadedSignature
from tenon.serving.engines import _converter
from tenon.serving.engines._converter import Form

MAX_WEIGHTS_BYTES = 2**28
"""Each interpreter packs the weights anew, and there is one for each batch size at least."""

MAX_SECONDS = 120.0
"""A conversion that takes longer is stopped."""

MAX_REASON = 400
"""Characters that are kept of what the converter says; it tends to quote the whole program."""

_log = logging.getLogger("tenon.serving")


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
            _run_best_form(signature, source, target)
            return target.read_bytes()
    except OSError as error:  # a full disk, or no process to be had
        raise UnavailableError(f"the conversion cannot run: {error}") from error


def _run_best_form(signature: LoadedSignature, source: Path, target: Path) -> None:
    """Convert for rows alone where these are all that is open, and else, or where that fails, for each open size."""
    if are_rows_open(signature.input_shapes):
        try:
            run_converter(source, target, Form.ROWS, signature.is_wide, MAX_SECONDS / 2)
        except (UnimplementedError, UnavailableError) as error:
            _log.debug("%s is converted with open shapes: %s", signature.name, error.message)
        else:
            return
    run_converter(source, target, Form.OPEN, signature.is_wide)


def are_rows_open(shapes: Sequence[Sequence[int | str]]) -> bool:
    """Return whether all open sizes are one number, such as that of the rows.

    Args:
        shapes: of the inputs, open sizes as their symbols.

    Example:
        >>> are_rows_open([("b", 3), ("b",)]), are_rows_open([("b", "s")]), are_rows_open([("b",), ("2*b",)])
        (True, False, False)
    """
    symbols = {size for shape in shapes for size in shape if isinstance(size, str)}
    return len(symbols) <= 1 and all(symbol.isidentifier() for symbol in symbols)


def converter_versions() -> dict[str, str]:
    """Return the versions of all that a flatbuffer depends on, besides the signature."""
    return {name: version(name) for name in ("ai-edge-litert", "litert-converter", "jax")} | {"format": "3"}


def run_converter(source: Path, target: Path, form: Form, wide: bool, seconds: float = MAX_SECONDS) -> None:
    """Convert a file in a process of its own.

    Args:
        source: StableHLO as text.
        target: where the flatbuffer goes.
        form: which the converter is given.
        wide: whether numbers of 64 bits are kept as such.
        seconds: how long it may take.

    Raises:
        UnimplementedError: refused; the message says why.
        UnavailableError: the converter died, or took too long.
    """
    command = [sys.executable, "-P", _converter.__file__, str(source), str(target), form, "wide" if wide else "narrow"]
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
            jitted = jax.jit(call, keep_unused=True)
            return str(_exported(jitted, specs).mlir_module())
    except (ValueError, TypeError, NotImplementedError) as error:
        reason = " ".join(str(error).split())[:MAX_REASON]
        raise UnimplementedError(f"its program cannot be written with open dimensions: {reason}") from error


def _exported(jitted: Any, specs: Sequence[jax.ShapeDtypeStruct]) -> export.Exported:
    """Lower a program in the plain form where it has one: no rule of ``tenon.xla`` changes what a TPU runs.

    The converter knows convolutions and pools; said as XLA's CPU compiler likes them best, they run 24 times slower in
    LiteRT (a depthwise convolution and two pools: 1.65 ms and 0.07 ms).
    """
    try:
        return export.export(jitted, platforms=("tpu",))(*specs)
    except (ValueError, NotImplementedError):  # saved for CPUs only
        return export.export(jitted, platforms=("cpu",))(*specs)
