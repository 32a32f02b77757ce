"""Several processes serve one port, each a share of it.

A supervisor starts workers, each a whole `ModelServer`; the kernel divides connections among them. It replaces those
that die and changes all of them together, over a `Channel` to each. It answers no request itself.
"""

from tenon.serving.workers._fleet import Fleet
from tenon.serving.workers._fleet_controls import FleetControls
from tenon.serving.workers._process import WorkerProcess
from tenon.serving.workers._restarts import RestartPolicy
from tenon.serving.workers._supervisor import serve_workers

__all__ = ["Fleet", "FleetControls", "RestartPolicy", "WorkerProcess", "serve_workers"]
