"""A loaded version that answers by its signatures' runners."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

import numpy as np

from tenon.serving.batching import SignatureRunner
from tenon.serving.engines import Engine
from tenon.serving.models._steps_runner import StepsRunner
from tenon.serving.servables import DEFAULT_RUN_OPTIONS, RunOptions, Servable, ServableSignature


class ModelServable(Servable):
    """A model whose signatures are ready to run.

    Args:
        signatures: descriptions by name.
        runners: what runs them, by the same names.
        engines: closed together with the servable.
    """

    def __init__(
        self,
        signatures: Mapping[str, ServableSignature],
        runners: Mapping[str, SignatureRunner | StepsRunner],
        engines: Sequence[Engine] = (),
    ) -> None:
        self._signatures = signatures
        self._runners = dict(runners)
        self._engines = list(engines)

    @property
    def signatures(self) -> Mapping[str, ServableSignature]:
        """The signatures by name."""
        return self._signatures

    def run(
        self,
        signature_name: str,
        inputs: Mapping[str, np.ndarray],
        outputs: Sequence[str] | None = None,
        options: RunOptions = DEFAULT_RUN_OPTIONS,
    ) -> Coroutine[Any, Any, Mapping[str, np.ndarray]]:
        """Run a signature; see ``Servable.run``."""
        return self._runners[signature_name].run(inputs, outputs, options)

    def close(self) -> None:
        """Let go of weights and programs."""
        self._runners.clear()
        for engine in self._engines:
            engine.close()
        self._engines.clear()
