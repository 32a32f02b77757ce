"""Choices and loops: of Python at top level, part of the program inside a traced function.

>>> cond(True, lambda: 1, lambda: 2)
1
"""

from tenon.core.control_flow._branches import switch
from tenon.core.control_flow._conditional import case, cond, is_staged, switch_case
from tenon.core.control_flow._loops import ShapeChangeError, scan_arrays, while_arrays
from tenon.core.control_flow._while import while_loop

__all__ = [
    "ShapeChangeError",
    "case",
    "cond",
    "is_staged",
    "scan_arrays",
    "switch",
    "switch_case",
    "while_arrays",
    "while_loop",
]
