"""``tf.function``."""

from tenon.core.functions._concrete import ConcreteFunction
from tenon.core.functions._flags import functions_run_eagerly, run_functions_eagerly
from tenon.core.functions._function import Function, function

__all__ = ["ConcreteFunction", "Function", "function", "functions_run_eagerly", "run_functions_eagerly"]
