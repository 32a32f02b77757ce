"""What the operator wrote becomes what the server does: flags, files of models, reloads.

Everything that was written is checked before anything is done, and an error names the file, the place and the rule.
"""

from tenon.serving.configuration._batching_parameters import PER_MODEL_FILE, read_batching_parameters
from tenon.serving.configuration._command_line import server_options
from tenon.serving.configuration._config_file_poller import ConfigFilePoller
from tenon.serving.configuration._flags import FLAGS, Effect, Flag
from tenon.serving.configuration._model_server_config import (
    ModelConfig,
    ModelServerConfig,
    parse_model_server_config,
    read_model_server_config,
)
from tenon.serving.configuration._monitoring_config import MonitoringConfig, read_monitoring_config
from tenon.serving.configuration._options import ServerOptions
from tenon.serving.configuration._server_core import ServedModel, ServerCore
from tenon.serving.configuration._ssl_config import read_ssl_config
from tenon.serving.configuration._traffic_config import parse_traffic_table

__all__ = [
    "FLAGS",
    "PER_MODEL_FILE",
    "ConfigFilePoller",
    "Effect",
    "Flag",
    "ModelConfig",
    "ModelServerConfig",
    "MonitoringConfig",
    "ServedModel",
    "ServerCore",
    "ServerOptions",
    "parse_model_server_config",
    "parse_traffic_table",
    "read_batching_parameters",
    "read_model_server_config",
    "read_monitoring_config",
    "read_ssl_config",
    "server_options",
]
