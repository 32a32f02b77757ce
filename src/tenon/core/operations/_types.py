"""Sets of dtypes that operations take."""

from __future__ import annotations

FLOATS = frozenset({"bfloat16", "float16", "float32", "float64"})
"""Names of the real floating point dtypes."""
INEXACT = FLOATS | {"complex64", "complex128"}
"""Names of the floating point and complex dtypes."""
INTEGERS = frozenset({"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"})
"""Names of the integer dtypes."""
REALS = FLOATS | INTEGERS
"""Names of the dtypes that have an order."""
NUMBERS = REALS | INEXACT
"""Names of the dtypes that can be added."""
SIGNED = INEXACT | {"int8", "int16", "int32", "int64"}
"""Names of the dtypes of numbers that can be negative."""
BOOLEAN = frozenset({"bool"})
"""The name of ``tf.bool``."""
STRINGS = frozenset({"string"})
"""The name of ``tf.string``."""
NUMERIC = NUMBERS | BOOLEAN
"""Names of every dtype that is no string."""
