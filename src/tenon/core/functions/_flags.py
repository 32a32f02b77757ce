"""Whether functions are traced at all."""

from __future__ import annotations

from tenon.core._names import export


class _Flags:
    eagerly = False


_flags = _Flags()


@export("config.run_functions_eagerly")
def run_functions_eagerly(run_eagerly: bool) -> None:
    """Let every ``tf.function`` run its Python code at each call, ``tf.config.run_functions_eagerly``: for debugging.

    Args:
        run_eagerly: whether to.

    Example:
        >>> run_functions_eagerly(True)
        >>> functions_run_eagerly()
        True
        >>> run_functions_eagerly(False)
    """
    _flags.eagerly = bool(run_eagerly)


@export("config.functions_run_eagerly")
def functions_run_eagerly() -> bool:
    """Tell whether functions run eagerly, ``tf.config.functions_run_eagerly``.

    Example:
        >>> functions_run_eagerly()
        False
    """
    return _flags.eagerly
