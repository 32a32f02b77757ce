"""The private names of JAX that lowering rules and the compile cache need, all in this file.

``tests/xla/test_jax_internals.py`` has a list of them and says which one an installed JAX lacks.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from typing import Any, Final

from jax._src import compilation_cache as _compilation_cache
from jax._src.compilation_cache_interface import CacheInterface
from jax._src.interpreters import pxla as _pxla
from jax.extend.core import Primitive
from jax.interpreters import mlir

__all__ = [
    "CacheInterface",
    "add_compile_options",
    "forget_store",
    "holds_a_program",
    "keep_programs_in",
    "operations_named",
    "plain_lowering",
]

Store = tuple[CacheInterface, str]
"""What JAX keeps compiled programs in, and the directory."""


def plain_lowering(primitive: Primitive, platform: str) -> Any:
    """Return how JAX lowers a primitive for a platform.

    Args:
        primitive: which.
        platform: ``"cpu"``, ``"cuda"``, ...
    """
    own = mlir._platform_specific_lowerings[platform].get(primitive)
    return (own or mlir._lowerings[primitive]).rule


def forget_store() -> None:
    """Let JAX look at the settings of its compile cache again when it next compiles."""
    _compilation_cache.reset_cache()


def holds_a_program(entry: bytes) -> bool:
    """Tell whether an entry of JAX's compile cache can be unpacked; its checksum tells that nothing is missing."""
    try:
        return bool(_compilation_cache.decompress_executable(entry))
    except (zlib.error, ValueError):
        return False


_own_store: Final = _compilation_cache.get_file_cache


def keep_programs_in(store: Callable[[str], Store | None]) -> None:
    """Let JAX keep programs in what ``store`` makes of a directory; where that is ``None``, in its own.

    Args:
        store: is told the directory.
    """
    _compilation_cache.get_file_cache = lambda path: store(path) or _own_store(path)


_own_options: Any = _pxla.create_compile_options


def add_compile_options(options: Callable[[Any, str], Mapping[str, str]]) -> None:
    """Let XLA compile each program with options of its own; those that a caller of ``jax.jit`` gives come first.

    Args:
        options: is told the program, an MLIR module, and the platform that it is compiled for. What it was before is
            replaced.
    """

    def with_options(
        computation: Any, tuple_args: Any, to_inputs: Any, to_outputs: Any, backend: Any, devices: Any, given: Any
    ) -> Any:
        chosen = {**options(computation, backend.platform), **dict(given or {})}
        return _own_options(computation, tuple_args, to_inputs, to_outputs, backend, devices, chosen)

    _pxla.create_compile_options = with_options


def operations_named(module: Any, name: str) -> list[Any]:
    """Return the operations of one kind in an MLIR module, in functions and loops too.

    Args:
        module: which.
        name: of the kind, such as ``"stablehlo.convolution"``.
    """
    found: list[Any] = []

    def look(operation: Any) -> Any:
        if operation.name == name:
            found.append(operation)
        return mlir.ir.WalkResult.ADVANCE

    module.operation.walk(look)
    return found
