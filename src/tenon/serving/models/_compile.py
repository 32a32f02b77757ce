"""A SavedModel is compiled ahead of its first start."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenon.saved_model import amend
from tenon.serving.batching import Batching, BatchingParameters, BatchScheduler
from tenon.serving.engines import EngineKind
from tenon.serving.models._compiled import BLOBS, FOLDER, FORMAT, INDEX, PROGRAMS, environment
from tenon.serving.models._options import LoadingOptions
from tenon.serving.models._saved_model_loader import SavedModelLoader
from tenon.serving.models._warmup import Warmup, run_predict_record
from tenon.serving.servables import Servable, ServableId
from tenon.xla import compile_cache_in, compiled_programs


@dataclass(frozen=True)
class CompileReport:
    """What ``compile_saved_model`` wrote.

    Args:
        programs: how many programs XLA compiled.
        size: bytes of all files.
        seconds: how long it took.
        engines: the report on each signature's engine, by signature name; can be written as JSON.
    """

    programs: int
    size: int
    seconds: float
    engines: Mapping[str, Mapping[str, Any]]


def compile_saved_model(path: Path, sizes: Sequence[int], engine: EngineKind = EngineKind.AUTO) -> CompileReport:
    """Compile a SavedModel for this kind of machine and put the result into it, in one step.

    Everything is done that a server's load does, warm-up requests included, and kept in
    ``assets.extra/tenon/compiled``; what was there before goes. A server that trusts it
    (``LoadingOptions.trust_compiled``) compiles nothing. Sign a model after this, not before: its manifest changes. The
    compile cache of the process points elsewhere meanwhile, so no other thread may compile.

    Args:
        path: the SavedModel directory.
        sizes: padded batch sizes, ascending, as the server will have them.
        engine: the engine that the server will be told to use.

    Raises:
        NotFoundError: there is no such directory.
        DataLossError: the directory is damaged or not Tenon's.
        TenonError: a warm-up request failed.
        OSError: the file system refuses; the SavedModel is as it was.
    """
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="tenon-compile-") as folder, compile_cache_in(folder) as cache:
        options = LoadingOptions(engine, cache, Warmup(run_record=_run_predict))
        engines = _load_once(path, tuple(sizes), options)
        files = {f"{PROGRAMS}/{file.name}": file.read_bytes() for file in compiled_programs(cache)}
        files |= {f"{BLOBS}/{key}": blob for key, blob in options.blobs.read_all().items()}
    index = {"format": FORMAT, **environment(), "sizes": list(sizes), "engines": engines}
    files[INDEX] = json.dumps(index, indent=1, sort_keys=True).encode() + b"\n"
    with amend(path, FOLDER) as compiled:
        for name, content in files.items():
            (compiled / name).parent.mkdir(exist_ok=True)
            (compiled / name).write_bytes(content)
    programs = sum(name.startswith(f"{PROGRAMS}/") for name in files)
    return CompileReport(programs, sum(map(len, files.values())), time.perf_counter() - start, engines)


def _load_once(path: Path, sizes: tuple[int, ...], options: LoadingOptions) -> dict[str, Mapping[str, Any]]:
    scheduler = BatchScheduler(1)
    try:
        parameters = BatchingParameters(max_batch_size=sizes[-1], allowed_batch_sizes=sizes)
        batching = Batching(scheduler, parameters)
        servable = SavedModelLoader(ServableId(path.name, 0), path, batching, options=options).load()
        engines = {name: signature.engine_report for name, signature in servable.signatures.items()}
        servable.close()
    finally:
        scheduler.close()
    return engines


async def _run_predict(servable: Servable, record: Any) -> None:
    """Run a predict request; the others need what stands above, and compile the same programs."""
    if record.WhichOneof("log_type") == "predict_log":
        await run_predict_record(servable, record)
