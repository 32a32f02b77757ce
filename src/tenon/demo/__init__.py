"""The whole path on real data, in one call: read, train, export, serve, ask over REST and gRPC, compare.

``run_demo`` is what ``tenon demo`` calls; ``read_digits`` and ``read_table`` are its two sources of data.
"""

from tenon.demo._dataset import Dataset, hold_out
from tenon.demo._digits import read_digits
from tenon.demo._options import DemoOptions
from tenon.demo._story import run_demo
from tenon.demo._table import read_table

__all__ = ["Dataset", "DemoOptions", "hold_out", "read_digits", "read_table", "run_demo"]
