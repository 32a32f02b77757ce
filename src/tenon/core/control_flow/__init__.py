"""Choices and loops: of Python at top level, part of the program inside a traced function.

>>> cond(True, lambda: 1, lambda: 2)
1
"""

from tenon.core.control_flow._branches import switch
from tenon.core.control_flow._conditional import case, cond, is_staged, switch_case
from tenon.core.control_flow._loops import ShapeChangeError, scan_arrays, while_arrays
from tenon.core.control_flow._map import foldl, foldr, map_fn, scan, vectorized_map
from tenon.core.control_flow._tensor_array import TensorArray
from tenon.core.control_flow._unrolled import has_growing, unrolled
from tenon.core.control_flow._while import while_loop

__all__ = [
    "ShapeChangeError",
    "TensorArray",
    "case",
    "cond",
    "foldl",
    "foldr",
    "has_growing",
    "is_staged",
    "map_fn",
    "scan",
    "scan_arrays",
    "switch",
    "switch_case",
    "unrolled",
    "vectorized_map",
    "while_arrays",
    "while_loop",
]
