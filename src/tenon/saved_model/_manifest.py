"""The manifest: every file of a SavedModel with its size and SHA-256, and a checksum of itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tenon.base import DataLossError, NotFoundError, PermissionDeniedError
from tenon.saved_model._layout import MANIFEST, MANIFEST_FORMAT

_ADVICE = "Restore the directory from a good copy, or save the model again."


def write_manifest(root: Path, names: Iterable[str] | None = None) -> None:
    """Record files; call it after everything else is written.

    Args:
        root: the SavedModel.
        names: which files, relative to ``root``; ``None`` for all.
    """
    if names is None:
        names = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]
    files = {name: {"sha256": _sha256(root / name), "size": (root / name).stat().st_size} for name in sorted(names)}
    (root / MANIFEST).write_bytes(_encode({"files": files, "format": MANIFEST_FORMAT}))


def manifest_files(root: Path) -> dict[str, dict[str, Any]]:
    """Return size and SHA-256 of every file that the manifest names, by the file's name.

    Raises:
        DataLossError: the manifest is missing or damaged.
    """
    files: dict[str, dict[str, Any]] = _read(root / MANIFEST)["files"]
    return files


def verify_manifest(root: Path) -> None:
    """Check every file of the SavedModel at ``root`` against its manifest.

    Files that the manifest does not name (warm-up requests, signatures added later) are left alone.

    Raises:
        NotFoundError: there is no directory at ``root``.
        DataLossError: the manifest, or a file that it names, is missing, has another size or other bytes; the
            message names the file.
        PermissionDeniedError: a file may not be read.
    """
    try:
        if not root.is_dir():
            raise NotFoundError(
                f"path: there is no SavedModel directory at {str(root)!r}; give the directory that was saved."
            )
        for name, entry in _read(root / MANIFEST)["files"].items():
            _verify(root, name, entry["size"], entry["sha256"])
    except PermissionError as error:
        raise PermissionDeniedError(
            f"{error.filename}: the file may not be read ({error.strerror}). Let this user read the whole directory."
        ) from error
    except OSError as error:
        raise DataLossError(f"{error.filename}: the file cannot be read ({error.strerror}). {_ADVICE}") from error


def manifest_sizes(root: Path) -> dict[str, int] | None:
    """Return the size in bytes of every file that the manifest of a SavedModel names, by its path in the directory.

    Args:
        root: the SavedModel's directory.

    Returns:
        The sizes, or ``None`` if there is no manifest that can be read and is intact.
    """
    try:
        files = _read(root / MANIFEST)["files"]
        return {name: entry["size"] for name, entry in files.items()}
    except (DataLossError, OSError, AttributeError, KeyError, TypeError):  # its checksum is no proof of its structure
        return None


def _verify(root: Path, name: str, size: int, sha256: str) -> None:
    path = root / name
    if not path.is_file():
        raise DataLossError(f"{path}: the file is missing though the manifest names it. {_ADVICE}")
    if path.stat().st_size != size:
        raise DataLossError(f"{path}: must have {size} bytes by the manifest; it has {path.stat().st_size}. {_ADVICE}")
    if _sha256(path) != sha256:
        raise DataLossError(
            f"{path}: the bytes do not match the SHA-256 in the manifest; the file is damaged. {_ADVICE}"
        )


def _read(path: Path) -> dict[str, Any]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise DataLossError(f"{path}: the manifest is missing: {_why_missing(path.parents[2])}") from None
    try:
        manifest: dict[str, Any] = json.loads(content)
        checksum = manifest.pop("sha256")
        intact = checksum == _digest(manifest) and content == _encode(manifest)
    except (ValueError, KeyError, TypeError, AttributeError):
        intact = False
    if not intact:
        raise DataLossError(f"{path}: the manifest does not match its own checksum; the file is damaged. {_ADVICE}")
    if manifest["format"] != MANIFEST_FORMAT:
        raise DataLossError(
            f"{path}: the manifest must have format {MANIFEST_FORMAT}; it has {manifest['format']}. "
            "It was written by a newer Tenon: upgrade this one."
        )
    return manifest


def _why_missing(root: Path) -> str:
    if not (root / "saved_model.pb").is_file():
        return f"the directory is not a SavedModel or is only half copied. {_ADVICE}"
    return (
        "the directory is a SavedModel, but it is only half copied or was not written by Tenon. Copy all of it; of a "
        "model that TensorFlow wrote, build the layers in tenon.keras and restore its weights, or convert it to "
        "model.tflite, which is served as it is."
    )


def _encode(manifest: dict[str, Any]) -> bytes:
    """Serialize canonically, so that every byte of the file is covered by the checksum."""
    return _canonical(manifest | {"sha256": _digest(manifest)})


def _digest(manifest: dict[str, Any]) -> str:
    return hashlib.sha256(_canonical(manifest)).hexdigest()


def _canonical(value: dict[str, Any]) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True).encode() + b"\n"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
