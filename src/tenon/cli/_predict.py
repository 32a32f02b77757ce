"""``tenon predict``."""

from __future__ import annotations

import argparse
import io
import os
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tenon.base import InvalidArgumentError, NotFoundError, ResourceExhaustedError, require_extra, write_file

SECRETS = {"token": "TENON_TOKEN", "api_key": "TENON_API_KEY"}
"""Secrets come from the environment: everybody on a machine can read the words of a command."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("url", metavar="URL", help="grpc://HOST:8500 or http://HOST:8501 (with TLS: grpcs, https)")
    parser.add_argument("model", metavar="MODEL", help="the model's name")
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument(
        "--inputs", metavar="FILE", nargs="+", help="x.npy for the only input, name=y.npy, or an .npz with all by name"
    )
    given.add_argument(
        "--json", metavar="TEXT", help="inputs by name, or the only input, as JSON; - reads it from stdin"
    )
    flags = (
        ("version", "N", int, "which version answers"),
        ("label", "LABEL", str, "which version answers, by its label"),
        ("signature", "NAME", str, "the signature (default serving_default)"),
        ("timeout", "S", float, "seconds for everything (default 30)"),
        ("ca", "FILE", Path, "authorities to trust instead of the system's, PEM"),
        ("certificate", "FILE", Path, "with --key: the certificate to show, PEM"),
        ("key", "FILE", Path, "the certificate's key, PEM"),
        ("output", "FILE.npz", Path, "write the answer there instead of printing it as JSON"),
    )
    for name, metavar, kind, text in flags:
        parser.add_argument(f"--{name}", metavar=metavar, type=kind, help=text)
    parser.add_argument("--outputs", metavar="NAME", nargs="+", default=(), help="only these outputs")
    parser.epilog = f"A token is taken from ${SECRETS['token']}, an API key from ${SECRETS['api_key']}."


def run(arguments: argparse.Namespace) -> int:
    """Ask once; print the answer or write it."""
    require_extra("serving")
    from tenon.serving.client import Client, to_json

    inputs = _from_files(arguments.inputs) if arguments.inputs else _from_json(arguments.json)
    options = {"timeout": arguments.timeout} if arguments.timeout is not None else {}
    with Client(
        arguments.url,
        token=os.environ.get(SECRETS["token"]),
        api_key=os.environ.get(SECRETS["api_key"]),
        ca=arguments.ca,
        certificate=_certificate(arguments),
        **options,
    ) as client:
        answer = client.predict(
            arguments.model,
            inputs,
            version=arguments.version,
            label=arguments.label,
            signature=arguments.signature,
            outputs=arguments.outputs,
        )
    if arguments.output is None:
        print(to_json(_readable(answer)).decode())
    else:
        _write(arguments.output, answer)
    return 0


def _certificate(arguments: argparse.Namespace) -> tuple[Path, Path] | None:
    pair = (arguments.certificate, arguments.key)
    if (pair[0] is None) != (pair[1] is None):
        raise InvalidArgumentError("--certificate, --key: one needs the other; received one of them.")
    return None if pair[0] is None else pair


def _from_files(words: list[str]) -> Any:
    if len(words) == 1 and ("=" not in words[0] or Path(words[0]).exists()):
        return _load(words[0])
    inputs = {}
    for word in words:
        name, equals, file = word.partition("=")
        if not (name and equals and file):
            raise InvalidArgumentError(f"--inputs: must be NAME=FILE.npy for several inputs; received {word!r}.")
        if name in inputs:
            raise InvalidArgumentError(f"--inputs: each name may be given once; received {name!r} twice.")
        inputs[name] = _load(file)
    return inputs


def _load(file: str) -> Any:
    """Read a .npy or an .npz; neither may hold Python objects, which would run code."""
    try:
        with open(file, "rb") as stream:
            loaded = np.load(stream, allow_pickle=False)
            return {name: loaded[name] for name in loaded.files} if hasattr(loaded, "files") else loaded
    except OSError as error:
        raise NotFoundError(f"--inputs: {file!r} cannot be read ({error.strerror}).") from error
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise InvalidArgumentError(
            f"--inputs: {file!r} must be an array of numbers or text, saved by numpy.save: {error}."
        ) from error


def _from_json(text: str) -> Any:
    from tenon.serving.client import from_json

    return from_json(sys.stdin.buffer.read() if text == "-" else text.encode())


def _readable(answer: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Return strings as text where all of them are; what JSON has no form for becomes a wider float."""
    return {name: _texts(array) if array.dtype.hasobject else _widened(array) for name, array in answer.items()}


def _texts(array: np.ndarray) -> np.ndarray:
    try:
        return np.array([item.decode() for item in array.ravel().tolist()], object).reshape(array.shape)
    except UnicodeDecodeError:
        return array


def _widened(array: np.ndarray) -> np.ndarray:
    narrow = array.dtype.kind not in "biufc" or array.dtype == np.float16
    return array.astype(np.float32) if narrow else array


def _write(path: Path, answer: Mapping[str, np.ndarray]) -> None:
    content = io.BytesIO()
    arrays = {name: _storable(name, array) for name, array in answer.items()}
    np.savez(content, **arrays)  # type: ignore[arg-type]  # names of arrays, none of them "allow_pickle"
    try:
        write_file(path, content.getvalue())
    except OSError as error:
        raise ResourceExhaustedError(f"--output: {str(path)!r} cannot be written ({error.strerror}).") from error


def _storable(name: str, array: np.ndarray) -> np.ndarray:
    if not array.dtype.hasobject:
        return _widened(array)
    if any([item.endswith(b"\0") for item in array.ravel().tolist()]):
        raise InvalidArgumentError(
            f"--output: NumPy's files cut zeros from the end of strings, and output {name!r} has some. "
            "Print it as JSON."
        )
    return array.astype(bytes)
