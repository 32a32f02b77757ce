from __future__ import annotations

from pathlib import Path

import pytest

import tenon


def test_text_and_bytes_become_each_other():
    compat = tenon.compat
    assert compat.as_bytes("ä") == compat.as_bytes("ä".encode()) == compat.as_bytes(bytearray("ä".encode()))
    assert compat.as_text("ä".encode()) == compat.as_str("ä") == "ä"
    assert compat.as_text(b"\xe4", "latin-1") == "ä"
    assert [compat.as_str_any(value) for value in (1, b"a", "b")] == ["1", "a", "b"]
    assert compat.path_to_str(Path("a") / "b") == "a/b"
    assert compat.path_to_str(3) == 3


def test_what_is_neither_is_refused():
    with pytest.raises(TypeError, match="Expected binary or unicode string, got 3"):
        tenon.compat.as_bytes(3)
    with pytest.raises(TypeError, match="Expected binary or unicode string, got 3"):
        tenon.compat.as_text(3)
