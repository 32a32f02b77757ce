"""Other people's servers, each in its defaults and in its best few settings."""

from __future__ import annotations

from collections.abc import Mapping

from loads import HERE, HttpLoad, check_inference, check_predictions
from turns import Server, script

PEERS_PYTHON = HERE.parent / ".venv-bench/bin/python"
PART = "mlp"
REST = "REST"
LITSERVE, BENTOML, MLSERVER, RAY = "LitServe", "BentoML", "MLServer", "Ray Serve"
NAMES = (LITSERVE, BENTOML, MLSERVER, RAY)
DISTRIBUTIONS = ("litserve", "bentoml", "mlserver", "ray", "numpy")

_PREDICT = HttpLoad(REST, "/predict", 32, check_predictions)
_INFERENCE_BODY = b'{"inputs": [{"name": "x", "shape": [1,4], "datatype": "FP32", "data": [1.0,2.0,3.0,4.0]}]}'
_INFER = HttpLoad(REST, "/v2/models/mlp/infer", 32, check_inference, _INFERENCE_BODY)
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}
_BATCHES = ("--max-batch-size", "32", "--batch-timeout", "0.001")


def _peer(
    name: str, settings: str, words: tuple[str, ...], environment: Mapping[str, str], load: HttpLoad = _PREDICT
) -> Server:
    return Server(name, PART, settings, words, ((load, "port"),), {**_ONE_THREAD, **environment})


def _litserve(settings: str, *flags: str) -> Server:
    words = script("litserve_mlp.py", "--port", "{port}", *flags, python=str(PEERS_PYTHON))
    return _peer(LITSERVE, settings, words, {})


def _bentoml(settings: str, service: str, workers: int) -> Server:
    serve = (str(PEERS_PYTHON), "-m", "bentoml", "serve", f"bentoml_mlp:{service}", "--working-dir", str(HERE))
    own = {"MLP_WORKERS": str(workers), "BENTOML_DO_NOT_TRACK": "True", "BENTOML_HOME": "{folder}/bentoml"}
    return _peer(BENTOML, settings, (*serve, "--host", "127.0.0.1", "--port", "{port}"), own)


def _mlserver(settings: str, **own: int) -> Server:
    chosen = {
        "MODEL_NAME": "mlp",
        "MODEL_IMPLEMENTATION": "mlserver_mlp.Mlp",
        "HOST": "127.0.0.1",
        "HTTP_PORT": "{port}",
        "GRPC_PORT": "{grpc_port}",
        "DEBUG": "false",
        "METRICS_ENDPOINT": "",
        **{name.upper(): str(value) for name, value in own.items()},
    }
    environment = {f"MLSERVER_{name}": value for name, value in chosen.items()} | {"PYTHONPATH": str(HERE)}
    words = (str(PEERS_PYTHON.parent / "mlserver"), "start", "{folder}/run")
    return _peer(MLSERVER, settings, words, environment, _INFER)


def _ray(settings: str, *flags: str) -> Server:
    words = script("ray_mlp.py", "--port", "{port}", *flags, python=str(PEERS_PYTHON))
    return _peer(RAY, settings, words, {"PYTHONPATH": str(HERE)})


PEERS = (
    _litserve("1 worker"),
    _litserve("1 worker, fast queue", "--fast-queue"),
    _litserve("2 API servers, 2 workers", "--api-servers", "2", "--workers", "2"),
    _litserve("2 API servers, 2 workers, fast queue", "--api-servers", "2", "--workers", "2", "--fast-queue"),
    _litserve("1 worker, fast queue, batches of 32", "--fast-queue", *_BATCHES),
    _litserve("2 API servers, 2 workers, batches of 32", "--api-servers", "2", "--workers", "2", *_BATCHES),
    _bentoml("1 worker", "Mlp", 1),
    _bentoml("2 workers", "Mlp", 2),
    _bentoml("2 workers, batches of 32", "BatchedMlp", 2),
    _mlserver("1 worker"),
    _mlserver("no workers", parallel_workers=0),
    _mlserver("no workers, batches of 32", parallel_workers=0, model_max_batch_size=32, model_max_batch_time=0),
    _ray("1 replica"),
    _ray("2 replicas", "--replicas", "2"),
    _ray("1 replica, batches of 32", "--batched"),
)
