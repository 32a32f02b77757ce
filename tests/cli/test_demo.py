"""``tenon demo`` refuses before it begins; what it does is in tests/end_to_end/test_demo.py."""

import contextlib

import pytest

from tenon.cli import main


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["--label", "y"], 2, "tenon demo: --label: needs --data FILE.csv beside it"),
        (["--epochs", "0"], 2, "--epochs: must be at least 1; received 0"),
        (["--data", "none.csv", "--label", "y"], 1, "none.csv: there is no such file"),
    ],
)
def test_what_cannot_be_done_is_said(words, code, text, tmp_path, capsys):
    with contextlib.chdir(tmp_path):
        assert main(["demo", *words]) == code
    assert text in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_column_is_answered_with_the_known_ones(tmp_path, capsys):
    (tmp_path / "t.csv").write_text("age,size\n1,2\n")
    assert main(["demo", "--data", str(tmp_path / "t.csv"), "--label", "weight"]) == 2
    assert "has no column 'weight'; it has ['age', 'size']" in capsys.readouterr().err
