"""Python on the host, called from compiled programs in their order: printing, Python functions, failing.

>>> tell(print, [1])
1
"""

from tenon.core.callbacks._host import ask, tell, told
from tenon.core.callbacks._print import print_
from tenon.core.callbacks._python import numpy_function, py_function
from tenon.core.callbacks._timestamp import timestamp

__all__ = ["ask", "numpy_function", "print_", "py_function", "tell", "timestamp", "told"]
