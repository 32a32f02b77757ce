"""Files are added to a SavedModel that is there already."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tenon.base import InvalidArgumentError, replace_directory
from tenon.saved_model._layout import EXTRAS, MANIFEST, SIGNATURE
from tenon.saved_model._manifest import manifest_files, verify_manifest, write_manifest


@contextmanager
def amend(path: str | os.PathLike[str], folder: str) -> Iterator[Path]:
    """Replace a folder of the extras of a SavedModel, in one step with the manifest that lists its files.

    The block receives the new folder, empty. When it ends, the whole SavedModel is swapped for one with the new files,
    the old ones (as hard links where the file system has them) and a manifest of both; a reader sees the old model or
    the new one. When the block raises, nothing has changed. A signature over the old files goes.

    Args:
        path: the SavedModel directory, which ``save`` wrote.
        folder: the name of a folder in ``assets.extra/tenon`` that belongs to nobody else.

    Raises:
        NotFoundError: there is no directory.
        DataLossError: the SavedModel is damaged.
        InvalidArgumentError: ``folder`` is no plain name.
        OSError: the file system refuses; nothing has changed.

    Example:
        >>> import tempfile
        >>> from tenon.base import TensorSpec
        >>> from tenon.saved_model import save
        >>> model = tempfile.mkdtemp() + "/1"
        >>> save(lambda x: x + 1, model, {"f": {"x": TensorSpec((None,), "float32")}})
        >>> with amend(model, "notes") as notes:
        ...     _ = (notes / "a.txt").write_text("kept, and covered by the manifest")
    """
    root = Path(path).resolve()
    if Path(folder).name != folder or not folder.isidentifier():
        raise InvalidArgumentError(f"folder: must be a plain name; received {folder!r}.")
    verify_manifest(root)
    own = f"{EXTRAS}/{folder}/"
    kept = [name for name in manifest_files(root) if name != SIGNATURE and not name.startswith(own)]
    with replace_directory(root) as copy:
        for file in root.rglob("*"):
            name = file.relative_to(root).as_posix()
            if file.is_file() and name not in (MANIFEST, SIGNATURE) and not name.startswith(own):
                _link(file, copy / name)
        (copy / own).mkdir(parents=True)
        yield copy / own
        added = [each.relative_to(copy).as_posix() for each in (copy / own).rglob("*") if each.is_file()]
        write_manifest(copy, [*kept, *added])


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without hard links
        shutil.copy2(source, target)
