"""Words typed at a shell become one call each."""

from tenon.cli._main import main

__all__ = ["main"]
