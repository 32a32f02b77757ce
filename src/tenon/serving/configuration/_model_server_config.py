"""Which models are served: TensorFlow Serving's ``ModelServerConfig``, checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tenon.base import InvalidArgumentError
from tenon.serving.configuration._text_proto import parse_text, read_bytes
from tenon.serving.lifecycle import All, Latest, ServableToMonitor, Specific, VersionPolicy
from tenon.serving.telemetry import RequestLogOptions

MESSAGE = "tensorflow.serving.ModelServerConfig"
PLATFORM = "tensorflow"


@dataclass(frozen=True)
class ModelConfig:
    """One model.

    Args:
        name: what clients call it; in a URL ``/`` and ``:`` of it are written ``%2F`` and ``%3A``.
        base_path: the absolute directory of its numbered versions.
        version_policy: which of them to serve.
        labels: versions by the names that clients may use instead of numbers.
        logging: where its requests are logged, if they are.

    Raises:
        InvalidArgumentError: the name or a label is empty, or the path is relative.

    Example:
        >>> ModelConfig("digits", Path("/models/digits"), labels={"stable": 3}).version_policy
        Latest(num_versions=1)
    """

    name: str
    base_path: Path
    version_policy: VersionPolicy = field(default_factory=Latest)
    labels: Mapping[str, int] = field(default_factory=dict)
    logging: RequestLogOptions | None = None

    def __post_init__(self) -> None:
        if not self.name:
            raise InvalidArgumentError("name: a model's name must be non-empty; received ''. Name it.")
        if not self.base_path.is_absolute():
            raise InvalidArgumentError(
                f"model {self.name!r}: base_path: must be absolute; received {str(self.base_path)!r}. "
                "Begin it with a slash."
            )
        if "" in self.labels:
            raise InvalidArgumentError(
                f"model {self.name!r}: version_labels: a label must be non-empty; received '' for version "
                f"{self.labels['']}. Name it."
            )

    @property
    def servable(self) -> ServableToMonitor:
        """What a source watches for this model."""
        return ServableToMonitor(self.base_path, self.version_policy)


@dataclass(frozen=True)
class ModelServerConfig:
    """All models of a server.

    Args:
        models: the models; none at all is allowed and serves nothing.

    Raises:
        InvalidArgumentError: two models have one name.

    Example:
        >>> config = ModelServerConfig((ModelConfig("m", Path("/models/m"), labels={"stable": 3}),))
        >>> config.labels
        {'m': {'stable': 3}}
    """

    models: tuple[ModelConfig, ...] = ()

    def __post_init__(self) -> None:
        counts = Counter(model.name for model in self.models)
        if twice := sorted(name for name, count in counts.items() if count > 1):
            raise InvalidArgumentError(
                f"model_config_list: each model must have a name of its own; received {twice} more than once. "
                "Rename or remove one."
            )

    @property
    def servables(self) -> dict[str, ServableToMonitor]:
        """What a source watches, per name."""
        return {model.name: model.servable for model in self.models}

    @property
    def labels(self) -> dict[str, Mapping[str, int]]:
        """The labels per name."""
        return {model.name: model.labels for model in self.models}

    @classmethod
    def from_proto(cls, message: Any) -> ModelServerConfig:
        """Read a ``tensorflow.serving.ModelServerConfig`` message.

        Args:
            message: the message.

        Raises:
            InvalidArgumentError: it lists no models (an empty list is one), or breaks a rule of this class, of
                ``ModelConfig`` or of TensorFlow Serving (unknown platform, ``custom_model_config``); the message names
                the model and the field.
        """
        if message.WhichOneof("config") == "custom_model_config":
            raise InvalidArgumentError(
                "custom_model_config: must not be set; received one of type "
                f"{message.custom_model_config.type_url!r}. List the models in model_config_list."
            )
        if message.WhichOneof("config") is None:  # such as a file that is being written
            raise InvalidArgumentError(
                "model_config_list: must be there; received none. Write model_config_list {} for no models at all."
            )
        return cls(tuple(_model(config) for config in message.model_config_list.config))


def parse_model_server_config(content: bytes, source: str) -> ModelServerConfig:
    """Parse the text of a ``--model_config_file``.

    Args:
        content: the text.
        source: the file's name, for errors.

    Raises:
        InvalidArgumentError: it is no such text, or breaks a rule of ``ModelServerConfig``.
    """
    message = parse_text(content, MESSAGE, source)
    try:
        return ModelServerConfig.from_proto(message)
    except InvalidArgumentError as error:
        raise InvalidArgumentError(f"{source}: {error.message}") from error


def read_model_server_config(path: Path) -> ModelServerConfig:
    """Read a ``--model_config_file``.

    Args:
        path: a file of protocol buffer text.

    Raises:
        NotFoundError: there is no such file.
        PermissionDeniedError: it may not be read.
        InvalidArgumentError: it breaks a rule; the message names the file and the line, or the model and the field.
    """
    return parse_model_server_config(read_bytes(path), str(path))


def _model(config: Any) -> ModelConfig:
    _check_platform(config)
    return ModelConfig(
        config.name,
        _base_path(config.name, config.base_path),
        _version_policy(config.model_version_policy),
        dict(config.version_labels),
        _logging(config) if config.HasField("logging_config") else None,
    )


def _logging(config: Any) -> RequestLogOptions:
    try:
        return RequestLogOptions.from_proto(config.logging_config)
    except InvalidArgumentError as error:
        raise InvalidArgumentError(f"model {config.name!r}: logging_config.{error.message}") from error


def _check_platform(config: Any) -> None:
    types = config.DESCRIPTOR.fields_by_name["model_type"].enum_type.values_by_number
    kind = types[config.model_type].name if config.model_type in types else str(config.model_type)
    if config.model_platform not in ("", PLATFORM) or kind not in ("MODEL_TYPE_UNSPECIFIED", "TENSORFLOW"):
        raise InvalidArgumentError(
            f"model {config.name!r}: requests unsupported platform: model_platform must be {PLATFORM!r}; "
            f"received {config.model_platform or kind!r}. Remove it or write model_platform: {PLATFORM!r}."
        )


def _base_path(name: str, text: str) -> Path:
    """Return the path of a local directory; ``file:`` is the only URI that leads to one."""
    address = urlsplit(text) if "://" in text else None
    if address is not None and address.scheme == "file" and address.netloc in ("", "localhost"):
        text = unquote(address.path)
    elif address is not None or not text or "\0" in text:
        raise InvalidArgumentError(
            f"model {name!r}: base_path: must be a local directory; received {text!r}. "
            "Mount or copy what is stored elsewhere."
        )
    return Path(text)


def _version_policy(policy: Any) -> VersionPolicy:
    choice = policy.WhichOneof("policy_choice")
    if choice == "all":
        return All()
    if choice == "specific":
        return Specific(tuple(policy.specific.versions))
    return Latest(max(1, policy.latest.num_versions))
