"""What functions, control flow and host calls do, case by case: the same code runs in Tenon and in TensorFlow.

A case is a function without arguments that returns what it saw.
"""

from tests.interop.function_cases import concrete, control_flow, gradients, host, state, tracing
from tests.interop.function_cases.registry import CASES, answer

__all__ = ["CASES", "answer", "concrete", "control_flow", "gradients", "host", "state", "tracing"]
