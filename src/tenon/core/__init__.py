"""Tensors, variables, modules, tapes, functions and operations, as TensorFlow has them, on JAX.

The folders inside each have one idea; they fill one table of TensorFlow's public names, which the front door reads.

    >>> NAMES["math.add"]([1, 2], 3).numpy().tolist()
    [4, 5]
"""

from tenon.core._names import NAMES
from tenon.core._public import PUBLIC
from tenon.xla import LOWERING_RULES as _RULES
from tenon.xla import choose_convolution_library as _choose_library
from tenon.xla import install_lowering_rules as _install_rules
from tenon.xla import keep_freed_memory as _keep_memory
from tenon.xla import limit_program_threads as _limit_threads

_install_rules(_RULES)
_choose_library()
_keep_memory()
_limit_threads()

__all__ = ["NAMES", "PUBLIC"]
