"""A missing extra says how to install it."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tenon.base import EXTRAS, InvalidArgumentError, require_extra

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def test_every_extra_of_the_project_is_known():
    assert set(EXTRAS) == set(tomllib.loads(PROJECT.read_text())["project"]["optional-dependencies"])


@pytest.mark.parametrize("extra", EXTRAS)
def test_an_installed_extra_gives_its_modules(extra):
    assert len(require_extra(extra)) == len(EXTRAS[extra])


def test_an_unknown_extra_is_refused():
    with pytest.raises(InvalidArgumentError, match="received 'nope'"):
        require_extra("nope")


def test_a_missing_module_is_answered_with_the_install_line():
    script = """
import sys
sys.modules["hpack"] = None  # Python's own way to say: not installed
import tenon
try:
    tenon.serving
except ImportError as error:
    print(type(error).__name__, error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("MissingExtraError 'hpack' is not installed")
    assert "pip install 'tenon-ml[serving]'" in done.stdout
