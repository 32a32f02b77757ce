"""The generator that a program shares, ``tf.random.get_global_generator``."""

from __future__ import annotations

import threading
from typing import Final

from tenon.core._names import export
from tenon.core._settings import SETTINGS
from tenon.core.random._generator import Generator


class _Shared:
    """Holds the one generator; safe for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._generator: Generator | None = None

    def get(self) -> Generator:
        with self._lock:
            if self._generator is None:
                if SETTINGS.op_determinism:
                    raise RuntimeError(
                        '"get_global_generator" cannot be called if determinism is enabled, unless '
                        '"set_global_generator" has already been called. Please call "set_global_generator" first.'
                    )
                self._generator = Generator.from_non_deterministic_state()
            return self._generator

    def set(self, generator: Generator) -> None:
        with self._lock:
            self._generator = generator


_shared: Final = _Shared()


@export("random.get_global_generator", "random.experimental.get_global_generator")
def get_global_generator() -> Generator:
    """Return the generator that the program shares; the first call makes it, where nobody can foresee.

    Raises:
        RuntimeError: nobody set one and ``tf.config.experimental.enable_op_determinism`` was called.

    Example:
        >>> get_global_generator() is get_global_generator()
        True
    """
    return _shared.get()


@export("random.set_global_generator", "random.experimental.set_global_generator")
def set_global_generator(generator: Generator) -> None:
    """Let the program share another generator. Functions that were traced before keep the one they saw.

    Example:
        >>> generator = Generator.from_seed(1)
        >>> set_global_generator(generator)
        >>> get_global_generator() is generator
        True
    """
    _shared.set(generator)
