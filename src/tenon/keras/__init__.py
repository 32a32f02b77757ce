"""Keras 3 on JAX, and what it lacks without TensorFlow.

``tenon.keras.X`` is ``keras.X`` for every public name of Keras, and ``tenon.keras.layers`` and the other modules import
like modules. Keras runs on JAX whatever ``KERAS_BACKEND`` says. Added, in Keras itself or in its place:

- ``model.save(directory)`` and ``model.export(directory)`` write a TensorFlow SavedModel, without TensorFlow;
- ``models.load_model(directory)`` gives the model back, ready to train on;
- ``callbacks.TensorBoard`` writes for TensorBoard, without TensorFlow;
- ``fit`` and ``evaluate`` run several small steps at once where no callback listens to batches;
- what XLA compiles is kept in the user's cache folder, so that a second start is quick (``TENON_COMPILE_CACHE=off``).

    >>> from tenon import keras
    >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    >>> model.output_shape
    (None, 3)
"""

from typing import Any

from tenon.keras._aliases import install_modules, public_names
from tenon.keras._backend import keras as _keras
from tenon.keras._checkpoints import install as _install_checkpoints
from tenon.keras._executions import install as _install_executions
from tenon.keras._initial_values import install as _install_initial_values
from tenon.keras._legacy import install as _install_operations
from tenon.keras._listeners import install as _install_listeners
from tenon.keras._precision import install as _install_notes
from tenon.keras._program import program_of
from tenon.keras._saving import install as _install_methods
from tenon.keras._startup import leave_out_what_is_there as _leave_out_what_is_there
from tenon.keras._tensors import install as _install_tensors
from tenon.keras._training import install as _install_steps
from tenon.xla import LOWERING_RULES as _RULES
from tenon.xla import choose_convolution_library as _choose_library
from tenon.xla import enable_compile_cache_by_default as _enable_compile_cache
from tenon.xla import install_lowering_rules as _install_rules
from tenon.xla import keep_freed_memory as _keep_memory
from tenon.xla import limit_program_threads as _limit_threads

_enable_compile_cache()
_install_rules(_RULES)
_choose_library()
_keep_memory()
_limit_threads()
_install_initial_values()
_install_methods()
_install_checkpoints()
_install_tensors()
_install_steps()
_install_notes()
_install_listeners()
_install_executions()
_install_operations()
_modules = install_modules()
globals().update(_modules)
_leave_out_what_is_there()

# Keras's names change with its releases, so that the list is taken from it.
__all__ = ["program_of", *public_names()]


def __getattr__(name: str) -> Any:
    if name.startswith("__") and name != "__version__":
        raise AttributeError(name)
    return getattr(_keras, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
