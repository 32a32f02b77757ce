"""Functions, control flow and host calls behave as TensorFlow's do, case by case."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.interop.function_cases import CASES, answer

pytestmark = pytest.mark.interop

SCRIPT = """
import json, sys
sys.path.insert(0, sys.argv[1])
from tests.interop.function_cases import CASES, answer
print(json.dumps({name: answer(case) for name, case in CASES.items()}))
"""

ROOTS = {"raises", "Exception", "BaseException", "object"}
"""What every error is, which says nothing."""


@pytest.fixture(scope="module")
def theirs(run_in_tensorflow: Callable[..., str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run_in_tensorflow(SCRIPT, Path(__file__).parents[2]).splitlines()[-1])
    return found


@pytest.mark.parametrize("name", CASES)
def test_a_case_sees_what_it_sees_in_tensorflow(name: str, theirs: dict[str, Any]) -> None:
    mine, wanted = json.loads(json.dumps(answer(CASES[name]))), theirs[name]
    if isinstance(wanted, str) and wanted.startswith("raises"):
        assert str(mine).startswith("raises"), f"TensorFlow {wanted}, Tenon returns {mine}"
        assert set(mine.split()) & set(wanted.split()) - ROOTS, f"TensorFlow {wanted}, Tenon {mine}"
    else:
        assert mine == wanted


def test_every_case_was_answered_there(theirs: dict[str, Any]) -> None:
    assert set(theirs) == set(CASES)
