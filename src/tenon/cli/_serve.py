"""``tenon serve``."""

from __future__ import annotations

import argparse
import logging
import os
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from tenon.base import InvalidArgumentError, require_extra


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags; names and defaults are TensorFlow Serving's where it has them, ``-`` and ``_`` are one."""
    flags = (
        ("model", "NAME=DIR", str, "a model's name and its directory of numbered versions; repeat for more models"),
        ("model_name", "NAME", str, "with --model_base_path: TensorFlow Serving's way to name one model"),
        ("model_base_path", "DIR", str, "with --model_name: the directory of numbered versions"),
        ("host", "ADDRESS", str, "address to listen on (default 127.0.0.1)"),
        ("port", "PORT", int, "gRPC port (default 8500; 0 takes a free one)"),
        ("rest_api_port", "PORT", int, "REST port (default 8501; 0 takes a free one)"),
        ("max_batch_size", "ROWS", int, "rows that share one run at most (default 64)"),
        ("file_system_poll_wait_seconds", "S", float, "seconds between looks for new versions (default 1; 0: once)"),
        ("drain_seconds", "S", float, "time for requests in flight after SIGTERM (default 30)"),
        ("compile_cache", "DIR", Path, "directory of compiled programs (default: the user's cache folder)"),
    )
    for name, metavar, kind, text in flags:
        spellings = dict.fromkeys((f"--{name.replace('_', '-')}", f"--{name}"))
        extra = {"action": "append", "default": []} if name == "model" else {"default": argparse.SUPPRESS}
        parser.add_argument(*spellings, dest=name, metavar=metavar, type=kind, help=text, **extra)


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or Ctrl-C, and end the process: a load in progress would keep it for minutes."""
    require_extra("serving")
    from tenon.serving import ModelServer, ServerOptions, host_and_port, serve

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    given = {key: value for key, value in vars(arguments).items() if key not in _NOT_OPTIONS}
    options = ServerOptions(models=_models(arguments), **given)

    def ready(server: ModelServer) -> None:
        grpc, rest = (host_and_port(options.host, port) for port in (server.port, server.rest_api_port))
        for name in options.models:
            _print(f"model {name!r}: http://{rest}/v1/models/{quote(name)}")
        _print(f"serving: gRPC {grpc}, REST {rest}")

    serve(options, ready)
    logging.shutdown()
    os._exit(0)  # Python would wait for the threads of loads, which nobody waits for any more


def _print(line: str) -> None:
    with suppress(OSError):  # whoever read the output has gone, or its disk is full; requests are answered all the same
        print(line, flush=True)


_NOT_OPTIONS = ("command", "model", "model_name", "model_base_path")


def _models(arguments: argparse.Namespace) -> dict[str, Path]:
    models: dict[str, Path] = {}
    named = getattr(arguments, "model_base_path", None)
    if named is None and hasattr(arguments, "model_name"):
        raise InvalidArgumentError(
            f"--model-name: needs --model-base-path DIR beside it; received {arguments.model_name!r} alone."
        )
    pairs = [f"{getattr(arguments, 'model_name', 'default')}={named}"] if named else []
    for pair in (*arguments.model, *pairs):
        name, equals, directory = pair.partition("=")
        if not (name and equals and directory):
            raise InvalidArgumentError(
                f"--model: must be NAME=DIR; received {pair!r}. Example: --model digits=models/digits"
            )
        if name in models:
            raise InvalidArgumentError(f"--model: each name may be given once; received {name!r} twice.")
        models[name] = Path(directory)
    return models
