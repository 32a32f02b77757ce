"""Steps of a program that run on the host: strings become numbers before it, numbers become strings after it.

XLA has no strings. A function that takes or returns some is steps on the host, one program on a device, and steps on
the host. Each step is an operation of TensorFlow's, which TensorFlow runs as a node of the graph; here NumPy runs it:

    >>> import numpy as np
    >>> strings = np.array([b"1.5", b"2"], object)
    >>> number = Step("StringToNumber", (Reference(INPUT, 0),), {"out_type": np.dtype("float32")})
    >>> steps = HostSteps((number,), arguments=(Reference(STEP, 0),), outputs=(Reference(RESULT, 0),))
    >>> arguments, found = steps.before([strings])
    >>> steps.after(found, [arguments[0] * 2])[0].tolist()
    [3.0, 4.0]
"""

from tenon.host_steps._examples import ExampleParser
from tenon.host_steps._nodes import HostNodes, steps_from_json, steps_to_json
from tenon.host_steps._numbers import as_string, decode_raw, parse_number, string_to_number
from tenon.host_steps._steps import INPUT, RESULT, STEP, HostSteps, Reference, Step

__all__ = [
    "INPUT",
    "RESULT",
    "STEP",
    "ExampleParser",
    "HostNodes",
    "HostSteps",
    "Reference",
    "Step",
    "as_string",
    "decode_raw",
    "parse_number",
    "steps_from_json",
    "steps_to_json",
    "string_to_number",
]
