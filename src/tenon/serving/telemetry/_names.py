"""Which names of models may be told apart: clients can make up as many as they like."""

from __future__ import annotations

from tenon.serving.telemetry._registry import OTHER

MAX_STRANGERS = 100
"""Names of models that nobody serves and that are still told apart in the metrics."""

_MAX_STRANGER_CHARACTERS = 64


class ModelNames:
    """The names of the models that are or were served, and of some that were only asked for."""

    def __init__(self) -> None:
        self._served: set[str] = set()
        self._strangers: set[str] = set()

    def serves(self, model: str) -> None:
        """Say that a model is served, so that its name is told apart from then on."""
        self._served.add(model)

    def label(self, model: str) -> str:
        """Return the label for a name that a client sent: the name, or ``other`` after too many that nobody serves."""
        if model in self._served or model in self._strangers:
            return model
        if len(model) > _MAX_STRANGER_CHARACTERS or len(self._strangers) >= MAX_STRANGERS:
            return OTHER
        self._strangers.add(model)
        return model
