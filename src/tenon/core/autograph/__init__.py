"""AutoGraph: Python's control flow on tensors becomes staged control flow, as in TensorFlow.

``convert`` rewrites a function, with diastatic-malt, so that ``if``, ``while``, ``for``, ``and``, ``assert`` and so on
ask at run time whether they depend on a tensor of a trace. If not, they do what Python does. If so, they call the
operations of a ``Staging``, which is all that this folder knows about tensors.

What TensorFlow 2.21 takes is taken, and what it refuses is refused with the same variable in the message, but for what
can be staged after all: ``return`` inside loops and in one branch of several, ``while True`` with a ``break`` on a
tensor, a loop's ``else``, ``enumerate`` and ``zip`` of tensors, ``assert``, private names, and None in both branches.
A list may not grow in a loop over tensors; TensorFlow notices that later, when the list is used.
"""

from tenon.core.autograph._api import convert, convert_if_active, do_not_convert, set_verbosity, to_code, to_graph
from tenon.core.autograph._conversions import AutoGraphWarning
from tenon.core.autograph._directives import set_loop_options
from tenon.core.autograph._staging import LoopOptions, Staging, Structure

__all__ = [
    "AutoGraphWarning",
    "LoopOptions",
    "Staging",
    "Structure",
    "convert",
    "convert_if_active",
    "do_not_convert",
    "set_loop_options",
    "set_verbosity",
    "to_code",
    "to_graph",
]
