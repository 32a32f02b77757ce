"""What a loader has made of one signature, before anybody asks it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenon.serving.batching import Batching, BatchScheduler, SignatureRunner
from tenon.serving.engines import Engine
from tenon.serving.models._servable import ModelServable
from tenon.serving.models._steps_runner import StepsRunner
from tenon.serving.models._warmup import Warmup, run_warmup
from tenon.serving.servables import ServableSignature


@dataclass(frozen=True)
class Prepared:
    """One signature, ready to be asked.

    Args:
        description: what clients see.
        runner: makes what runs it, for a way to batch.
        engine: what computes it; ``None`` where nothing has to be computed.
    """

    description: ServableSignature
    runner: Callable[[Batching], SignatureRunner | StepsRunner]
    engine: Engine | None


def warmed_up(
    prepared: Mapping[str, Prepared], batching: Batching, records: Sequence[Any], warmup: Warmup, path: Path
) -> ModelServable:
    """Make a servable of signatures, after its warm-up.

    The warm-up runs in the thread of the load, so it has queues of its own: those of the server belong to its event
    loop.

    Args:
        prepared: the signatures by name.
        batching: how requests are batched afterwards.
        records: what is run before.
        warmup: how.
        path: the version's directory.

    Raises:
        TenonError: a record failed; the engines are closed.
    """
    engines = [each.engine for each in prepared.values() if each.engine is not None]
    scheduler = BatchScheduler(1)
    try:
        run_warmup(_servable(prepared, Batching(scheduler, batching.parameters), ()), records, warmup, path)
    except BaseException:
        for engine in engines:
            engine.close()
        raise
    finally:
        scheduler.close()
    return _servable(prepared, batching, engines)


def _servable(prepared: Mapping[str, Prepared], batching: Batching, engines: Sequence[Engine]) -> ModelServable:
    return ModelServable(
        {name: each.description for name, each in prepared.items()},
        {name: each.runner(batching) for name, each in prepared.items()},
        engines,
    )
