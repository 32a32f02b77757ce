"""Who is measured, in the order of the turns."""

from __future__ import annotations

import sys

import security
from grpc_echo import SERVICE
from loads import (
    HERE,
    MODEL,
    PREDICT,
    GrpcLoad,
    HttpLoad,
    check_grpc_echo,
    check_http_echo,
    check_predict_response,
    check_predictions,
    grpc_generator,
    image_loads,
    predict_request,
    saturation,
)
from mobilenet import MobileNet
from peers import PART as MLP
from peers import PEERS, REST
from turns import Contender, Program, SecondStart, Server, script

INTEROP_PYTHON = HERE.parent / ".venv-interop/bin/python"

TENON, SECURED = "Tenon", "Tenon, secured"
HTTP_ECHO, GRPC_ECHO = "granian echo", "grpc.aio echo"
ENGINE, TENSORFLOW = "bare engine", "TensorFlow"

GRPC, GRPC_PYTHON = "gRPC", "gRPC, Python's client"
START = "start of MobileNetV2 224"
MOBILE_NETS = (MobileNet(96), MobileNet(224))

_PATH = f"/v1/models/{MODEL}:predict"
_REST = HttpLoad(REST, _PATH, 32, check_predictions)
_REST_ALONE = HttpLoad("REST, 1 connection", _PATH, 1, check_predictions)
_REST_SECURED = HttpLoad(REST, _PATH, 32, check_predictions, secured=True)
_REST_ECHO = HttpLoad(REST, "/", 32, check_http_echo)
_GRPC = GrpcLoad(GRPC, PREDICT, 4, 8, predict_request, check_predict_response, grpc_generator())
_GRPC_PYTHON = GrpcLoad(GRPC_PYTHON, PREDICT, 4, 8, predict_request, check_predict_response)
_GRPC_ECHO = GrpcLoad(GRPC, f"/{SERVICE}/Echo", 4, 8, predict_request, check_grpc_echo, grpc_generator())
_GRPC_PYTHON_ECHO = GrpcLoad(GRPC_PYTHON, f"/{SERVICE}/Echo", 4, 8, predict_request, check_grpc_echo)

_SECURITY = (
    *(
        "--tls-certificate-file",
        f"{{folder}}/{security.CERTIFICATE}",
        "--tls-key-file",
        f"{{folder}}/{security.TLS_KEY}",
    ),
    *("--security-config-file", f"{{folder}}/{security.RULES}"),
    *("--monitoring-config-file", f"{{folder}}/{security.METRICS}"),
)


def _serve(model: str, *flags: str) -> tuple[str, ...]:
    serve = (sys.executable, "-m", "tenon", "serve", "--model", f"{model}={{folder}}/{model}")
    ports = ("--port", "{grpc_port}", "--rest-api-port", "{port}", "--compile-cache", "{folder}/compiled")
    return (*serve, *ports, *flags)


def _echo(name: str, path: str, *loads: HttpLoad | GrpcLoad) -> Server:
    return Server(name, MLP, "ceiling", script(path, "--port", "{port}"), tuple((load, "port") for load in loads))


def _mobile_net(model: MobileNet) -> tuple[Contender, ...]:
    words = ("--folder", "{folder}", "--size", str(model.size), "--seconds", "{seconds}")
    loads = tuple((load, "grpc_port") for load in image_loads(model))
    bare = script("mobilenet_engine.py", *words)
    tensorflow = script("mobilenet_tensorflow.py", *words, python=str(INTEROP_PYTHON))
    return (
        Server(TENON, model.name, "defaults", _serve(model.name), loads),
        Program(ENGINE, model.name, saturation(model), bare),
        Program(TENSORFLOW, model.name, saturation(model), tensorflow),
    )


_TENON_LOADS = ((_REST, "port"), (_REST_ALONE, "port"), (_GRPC, "grpc_port"), (_GRPC_PYTHON, "grpc_port"))

CONTENDERS: tuple[Contender, ...] = (
    Server(TENON, MLP, "defaults", _serve(MODEL), _TENON_LOADS),
    Server(SECURED, MLP, "TLS, JWT, metrics, audit", _serve(MODEL, *_SECURITY), ((_REST_SECURED, "port"),)),
    _echo(GRPC_ECHO, "grpc_echo.py", _GRPC_ECHO, _GRPC_PYTHON_ECHO),
    _echo(HTTP_ECHO, "granian_echo.py", _REST_ECHO),
    *PEERS,
    *(contender for model in MOBILE_NETS for contender in _mobile_net(model)),
    SecondStart(TENON, MOBILE_NETS[-1].name, START, _serve(MOBILE_NETS[-1].name)),
)
