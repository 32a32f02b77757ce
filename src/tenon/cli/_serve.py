"""``tenon serve``."""

from __future__ import annotations

import argparse
import logging
import os
from collections.abc import Iterable
from contextlib import suppress
from importlib.metadata import version
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tenon.base import require_extra

if TYPE_CHECKING:
    from tenon.serving import ModelServer
    from tenon.serving.workers import Fleet

_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of ``tenon.serving.configuration.FLAGS``; ``-`` and ``_`` are one.

    As in TensorFlow Serving, a boolean may stand alone or have a value.
    """
    require_extra("serving")
    from tenon.serving.configuration import FLAGS, Effect, Flag

    parser.usage = "tenon serve --model NAME=DIR [--FLAG VALUE ...]"
    groups = {effect: parser.add_argument_group(effect.value) for effect in Effect}

    def add(flag: Flag) -> None:
        spellings = dict.fromkeys((f"--{flag.name.replace('_', '-')}", f"--{flag.name}"))
        more: dict[str, Any] = {"type": flag.kind, "metavar": flag.kind.__name__.upper()}
        if flag.kind is bool:
            more = {"type": _boolean, "metavar": "true|false", "nargs": "?", "const": True}
        if flag.name == "model":
            more |= {"action": "append"}
        if flag.name == "version":
            more = {"action": "version", "version": f"tenon {version('tenon-ml')}"}
        text = flag.text.replace("%", "%%").replace("`", "'")
        groups[flag.effect].add_argument(*spellings, dest=flag.name, help=text, default=argparse.SUPPRESS, **more)

    for flag in FLAGS:
        add(flag)


def _boolean(text: str) -> bool:
    if text.lower() not in _BOOLEANS:
        raise argparse.ArgumentTypeError(f"must be one of {sorted(_BOOLEANS)}; received {text!r}")
    return _BOOLEANS[text.lower()]


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or Ctrl-C, and end the process: a load in progress would keep it for minutes."""
    from tenon.serving import host_and_port
    from tenon.serving.configuration import server_options
    from tenon.serving.telemetry import log_crashes_to_stderr, log_to_stderr

    log_crashes_to_stderr()
    log_to_stderr("text")  # what is wrong with the flags comes before anybody knows another format
    options = server_options({name: value for name, value in vars(arguments).items() if name != "command"})
    log_to_stderr(options.log_format)

    def announce(server: ModelServer | Fleet, names: Iterable[str]) -> None:
        grpc, rest = (host_and_port(options.host, port) for port in (server.port, server.rest_api_port))
        for name in names:
            _print(f"model {name!r}: http://{rest}/v1/models/{quote(name, safe='')}")
        _print(f"serving: gRPC {grpc}, REST {rest}")

    if options.workers > 1:
        from tenon.serving.workers import serve_workers

        serve_workers(options, lambda fleet: announce(fleet, sorted(fleet.config.servables)))
    else:
        from tenon.serving import serve

        serve(options, lambda server: announce(server, [model.name for model in server.models()]))
    logging.shutdown()
    os._exit(0)  # Python would wait for the threads of loads, which nobody waits for any more


def _print(line: str) -> None:
    with suppress(OSError):  # whoever read the output has gone, or its disk is full; requests are answered all the same
        print(line, flush=True)
