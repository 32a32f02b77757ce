import io
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from tenon.base import FailedPreconditionError
from tenon.demo import Dataset, DemoOptions, run_demo
from tenon.demo._story import _whole_row, make_places


def test_versions_count_up_from_one(tmp_path: Path) -> None:
    assert [make_places(tmp_path, "digits").version for _ in range(3)] == [1, 2, 3]
    assert make_places(tmp_path, "other").version == 1


def test_a_version_that_has_only_a_model_or_only_a_log_is_not_used_again(tmp_path: Path) -> None:
    (tmp_path / "models/digits/7").mkdir(parents=True)
    (tmp_path / "models/digits/7.classes.json").touch()
    assert make_places(tmp_path, "digits").version == 8
    (tmp_path / "logs/digits/12").mkdir()
    assert make_places(tmp_path, "digits").version == 13


def test_an_output_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FailedPreconditionError, match=r"--output: cannot write below .*file"):
        make_places(tmp_path / "file", "digits")


def test_the_row_for_curl_has_no_missing_value_if_there_is_such_a_row() -> None:
    x, y = np.array([np.nan, 1, 2]), np.array([1, np.nan, 3])
    assert _whole_row(Dataset("t", {"x": x, "y": y}, np.arange(3), None)).labels.tolist() == [2]
    assert _whole_row(Dataset("t", {"x": x[:2], "y": y[:2]}, np.arange(2), None)).labels.tolist() == [0]


def test_a_model_that_learned_too_little_is_not_exported(tmp_path: Path) -> None:
    console = Console(file=io.StringIO())
    with pytest.raises(FailedPreconditionError, match=r"at least 0\.97; received 0\.\d+, .* --epochs 15"):
        run_demo(DemoOptions(output=tmp_path, epochs=1), console)
    assert list((tmp_path / "models/digits").iterdir()) == []
