"""Keys and certificates of the gRPC port: TensorFlow Serving's ``SSLConfig``."""

from __future__ import annotations

from pathlib import Path

from tenon.base import InvalidArgumentError
from tenon.serving.configuration._text_proto import read_text
from tenon.serving.security import TlsConfig

_BEGIN = "-----BEGIN "


def read_ssl_config(path: Path) -> TlsConfig:
    """Read an ``--ssl_config_file``: ``tensorflow.serving.SSLConfig`` as text, which holds PEM texts and not paths.

    No error quotes the file.

    Args:
        path: the file.

    Raises:
        NotFoundError: there is no such file.
        PermissionDeniedError: it may not be read.
        InvalidArgumentError: it is no such text, a text in it is no PEM, the key or the certificate is missing, or
            clients are to be verified against nothing; the message names the file.
    """
    message = read_text(path, "tensorflow.serving.SSLConfig", secret=True)
    for name in ("server_key", "server_cert", "custom_ca"):
        text = getattr(message, name)
        if _BEGIN not in text and (text or name != "custom_ca"):
            raise InvalidArgumentError(
                f"{path}: {name}: must be PEM text that has a line {_BEGIN!r}; received {len(text)} characters without "
                "one. Put the file's content there, not its path."
            )
    client_ca = message.custom_ca.encode() or None
    try:
        return TlsConfig(message.server_cert.encode(), message.server_key.encode(), client_ca, message.client_verify)
    except InvalidArgumentError as error:
        raise InvalidArgumentError(f"{path}: {error.message}") from error
