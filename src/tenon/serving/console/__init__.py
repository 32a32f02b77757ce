"""What operators see and change, on a port of their own: the admin API, and the page that speaks it.

`Controls` is everything that can be asked and changed, `LocalControls` that of one process. `AdminApi` is the edge
above it: who may, what is meant, how it is told, and a line in the audit for each change.
"""

from tenon.serving.console._api import DEFAULT_MAX_BODY_BYTES, AdminApi
from tenon.serving.console._controls import Controls
from tenon.serving.console._local_controls import LocalControls
from tenon.serving.console._reports import model_report, signature_report

__all__ = ["DEFAULT_MAX_BODY_BYTES", "AdminApi", "Controls", "LocalControls", "model_report", "signature_report"]
