"""Keys and certificates of the server: TensorFlow Serving's ``SSLConfig``."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tenon.base import InvalidArgumentError
from tenon.serving.configuration._text_proto import read_text

_BEGIN = "-----BEGIN "


@dataclass(frozen=True)
class SSLConfig:
    """Transport security as TensorFlow Serving's operators write it: PEM texts, not paths.

    Args:
        server_key: the private key; never printed.
        server_cert: the certificate, or the chain of them.
        custom_ca: certificates of whoever signs the clients', or empty.
        client_verify: whether a client must show a certificate that ``custom_ca`` signed.

    Raises:
        InvalidArgumentError: a text is no PEM, the key or the certificate is missing, or clients are to be verified
            against nothing.
    """

    server_key: str = field(repr=False)
    server_cert: str
    custom_ca: str = ""
    client_verify: bool = False

    def __post_init__(self) -> None:
        for name in ("server_key", "server_cert", "custom_ca"):
            text = getattr(self, name)
            if _BEGIN not in text and (text or name != "custom_ca"):
                raise InvalidArgumentError(
                    f"{name}: must be PEM text that has a line {_BEGIN!r}; received {len(text)} characters without "
                    "one. Put the file's content there, not its path."
                )
        if self.client_verify and not self.custom_ca:
            raise InvalidArgumentError(
                "client_verify: needs custom_ca, against which certificates are verified; received none. Add it."
            )


def read_ssl_config(path: Path) -> SSLConfig:
    """Read an ``--ssl_config_file``: ``tensorflow.serving.SSLConfig`` as text. No error quotes the file.

    Args:
        path: the file.

    Raises:
        NotFoundError: there is no such file.
        PermissionDeniedError: it may not be read.
        InvalidArgumentError: it is no such text, or a rule of ``SSLConfig`` is broken; the message names the file.
    """
    message = read_text(path, "tensorflow.serving.SSLConfig", secret=True)
    try:
        return SSLConfig(message.server_key, message.server_cert, message.custom_ca, message.client_verify)
    except InvalidArgumentError as error:
        raise InvalidArgumentError(f"{path}: {error.message}") from error
