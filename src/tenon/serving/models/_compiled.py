"""Machine code and conversions that a SavedModel brings along, so that a first start has nothing to compile."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from tenon.saved_model import EXTRAS, LoadedModel
from tenon.serving.engines import machine_features
from tenon.serving.models._options import LoadingOptions
from tenon.xla import add_compiled_programs

FOLDER = "compiled"
"""The folder below ``assets.extra/tenon``; every file in it stands in the SavedModel's manifest."""

INDEX, PROGRAMS, BLOBS = "compiled.json", "xla", "tenon"
FORMAT = 1

_log = logging.getLogger("tenon.serving")


def install_compiled(model: LoadedModel, options: LoadingOptions, label: str) -> bool:
    """Put what a model brings along into the cache, if it is trusted and made for this machine.

    Only files count that stand in the manifest, with the bytes that it says.

    Args:
        model: just read.
        options: whether it is trusted, and where the cache is.
        label: what to call the model in the log.

    Returns:
        Whether anything was there and is used.
    """
    files = _listed(model)
    if INDEX not in files:
        return False
    reason = _against(files, options)
    if reason is None and options.cache is not None:
        try:
            add_compiled_programs(options.cache, _below(files, PROGRAMS))
            for name, content in _below(files, BLOBS).items():
                if options.blobs.get(name) is None:
                    options.blobs.put(name, content)
        except OSError as error:
            reason = f"the cache cannot be written: {error}"
    if reason is None:
        _log.info("%s: uses the programs that were compiled into it.", label)
    else:
        _log.info("%s: the programs that were compiled into it are not used: %s.", label, reason)
    return reason is None


def _against(files: Mapping[str, bytes], options: LoadingOptions) -> str | None:
    """Return why compiled files are not used, if so."""
    if not options.uses_compiled:
        return "they are machine code, and the server was not told to trust it"
    if options.cache is None:
        return "there is no compile cache to put them in"
    try:
        index = json.loads(files[INDEX])
        made = {key: index[key] for key in ("format", *environment())}
    except (ValueError, KeyError, TypeError) as error:
        return f"their index cannot be read ({error})"
    differs = [key for key, value in {"format": FORMAT, **environment()}.items() if made[key] != value]
    return f"they were made for another {' and '.join(differs)}" if differs else None


def environment() -> dict[str, Any]:
    """Return what compiled files depend on, besides the model."""
    versions = {name: version(name) for name in ("jax", "jaxlib")}
    return {"machine": machine_features(), "versions": versions}


def _listed(model: LoadedModel) -> dict[str, bytes]:
    """Return the compiled files that the manifest names and that are what it says, by name below the folder."""
    manifest = json.loads((model.extras / "manifest.json").read_bytes())["files"]
    prefix = f"{EXTRAS}/{FOLDER}/"
    found = {}
    for name, entry in manifest.items():
        if name.startswith(prefix):
            content = (model.path / name).read_bytes()
            if hashlib.sha256(content).hexdigest() == entry["sha256"]:
                found[name.removeprefix(prefix)] = content
    return found


def _below(files: Mapping[str, bytes], folder: str) -> dict[str, bytes]:
    prefix = f"{folder}/"
    inside = {name.removeprefix(prefix): each for name, each in files.items() if name.startswith(prefix)}
    return {name: each for name, each in inside.items() if "/" not in name}
