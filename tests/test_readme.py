"""What the README shows runs, and what it links to is there."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest

from tenon import saved_model
from tests.documents import ROOT, code_blocks, links

README = ROOT / "README.md"
PAGES = [README, *(ROOT / name for name in ("ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"))]


def test_the_example_has_ten_lines_and_runs(tmp_path, capsys):
    (example,) = [text for language, text in code_blocks(README) if language == "python"]
    assert len(example.splitlines()) <= 10
    with contextlib.chdir(tmp_path):
        exec(compile(example, str(README), "exec"), {})
    assert "output_0" in capsys.readouterr().out
    signature = saved_model.read(tmp_path / "models/flowers/1").signatures["serving_default"]
    (answer,) = signature(x=np.ones((5, 4))).values()
    np.testing.assert_allclose(np.sum(answer, axis=1), np.ones(5), rtol=1e-5)


def test_the_two_commands_are_targets_of_the_makefile():
    makefile = (ROOT / "Makefile").read_text()
    commands = next(text for language, text in code_blocks(README) if language == "sh")
    targets = [line.split()[1] for line in commands.splitlines()]
    assert targets == ["demo", "test"]
    assert all(f"\n{target}:" in makefile for target in targets)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    assert [target for target in links(page) if not target.exists()] == []
