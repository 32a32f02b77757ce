"""The command ``tenon``."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from tenon.base import InvalidArgumentError, TenonError

_COMMANDS = {
    "api-key": "make an API key for a client of a server",
    "audit": "check that nobody has changed a server's audit",
    "compile": "compile a SavedModel for this kind of machine and put the result into it",
    "demo": "train on real data, export, serve, and ask the server over REST and gRPC",
    "predict": "ask a server for a prediction, over gRPC or REST",
    "serve": "serve SavedModels over TensorFlow Serving's REST and gRPC",
    "sign": "sign every file of a model with a private key (OpenSSF model-signing)",
    "verify": "check that a model is, file for file, what a trusted key signed",
}
"""Every word and its help. The module ``tenon.cli._WORD``, with ``_`` for ``-``, has ``add_arguments(parser)`` and
``run(arguments)``."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: the words after ``tenon``; those of the process when ``None``.

    Returns:
        The exit code: 0, 1 after an error that is printed, 2 for words that make no sense, 130 when interrupted.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        parsed = _parser(words).parse_args(words)
        return int(_module(parsed.command).run(parsed))
    except InvalidArgumentError as error:
        print(f"tenon {words[0]}: {error}", file=sys.stderr)
        return 2
    except TenonError as error:
        print(f"tenon {words[0]}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tenon", description="Put models into production on OpenXLA.")
    parser.add_argument("--version", action="version", version=f"tenon {version('tenon-ml')}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for word, text in _COMMANDS.items():
        command = commands.add_parser(word, help=text, description=text[0].upper() + text[1:] + ".", allow_abbrev=False)
        if word in words[:1]:  # only the module of the word typed is imported: it may be heavy
            _module(word).add_arguments(command)
    return parser


def _module(word: str) -> Any:
    return importlib.import_module(f"tenon.cli._{word.replace('-', '_')}")
