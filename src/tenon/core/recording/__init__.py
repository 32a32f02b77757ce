"""What ran is remembered: kernels run here, recorders learn of it, derivatives are taken of it.

>>> import jax.numpy as jnp
>>> x = jnp.array([1.0, 2.0])
>>> recorder = Recorder()
>>> recorder.watch(x)
>>> with recorder:
...     y = run(kernel(jnp.square), (x,))
>>> backward(recorder.nodes, [y], [x], [None])[0].tolist()
[2.0, 4.0]
"""

from tenon.core.recording._derivatives import backward, forward
from tenon.core.recording._kernels import (
    Kernel,
    LeakedTensorError,
    add_result_check,
    is_differentiable,
    kernel,
    kinds,
    leaked,
    on_device,
    remove_result_check,
    run,
    run_unrecorded,
    stage,
)
from tenon.core.recording._recorder import (
    Node,
    Recorder,
    active_recorders,
    base_trace,
    executing_eagerly_on_arrays,
    new_identity,
    unrecorded,
)
from tenon.core.recording._saving import run_saving

__all__ = [
    "Kernel",
    "LeakedTensorError",
    "Node",
    "Recorder",
    "active_recorders",
    "add_result_check",
    "backward",
    "base_trace",
    "executing_eagerly_on_arrays",
    "forward",
    "is_differentiable",
    "kernel",
    "kinds",
    "leaked",
    "new_identity",
    "on_device",
    "remove_result_check",
    "run",
    "run_saving",
    "run_unrecorded",
    "stage",
    "unrecorded",
]
