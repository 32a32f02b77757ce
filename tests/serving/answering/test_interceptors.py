"""The gate, the observer and the rules of traffic, in the way of requests."""

import asyncio
import json

import numpy as np
import pytest

from tenon.base import InvalidArgumentError, NotFoundError, PermissionDeniedError, UnauthenticatedError
from tenon.serving.answering import (
    Call,
    GateInterceptor,
    ObserverInterceptor,
    Pipeline,
    Protocol,
    TrafficInterceptor,
    predict,
)
from tenon.serving.security import AuditConfig, Gate, Limit, Limits, SecurityConfig, add_api_key, new_api_key
from tenon.serving.servables import ServableRequest
from tenon.serving.telemetry import History, Observer, Registry, RequestLog, RequestLogOptions
from tenon.serving.traffic import ModelRules, Router, ShadowRule, ShadowRunner, TrafficTable, WeightedVersion
from tests.serving.doubles import manager

LATEST = ServableRequest.latest("half")


def ask(pipeline, headers=None, request=LATEST, api="Predict", x=(1.0, 5.0), work=None):
    """Ask as an edge does; return the call and what it was answered."""

    async def main():
        call = Call(Protocol.GRPC, api, (headers or {}).get, asyncio.get_running_loop().time(), remote="10.0.0.1:5")

        async def usual():
            pipeline.admit(call, request)
            return await predict(pipeline, call, "", lambda specs: {"x": np.float32(x)}, NotFoundError)

        try:
            return call, await pipeline.answer(call, work or usual)
        except Exception as error:
            return call, error

    return asyncio.run(main())


@pytest.fixture
def secured(tmp_path):
    keys = tmp_path / "keys.json"
    tokens = {}
    for client, scopes in (("alice", ["predict:half"]), ("bob", ["metadata:*"])):
        tokens[client], record = new_api_key(client, scopes)
        add_api_key(keys, record)
    audit = tmp_path / "audit.jsonl"
    config = SecurityConfig(api_keys=keys, limits=Limits(client=Limit(concurrency=1)), audit=AuditConfig(path=audit))
    gate = Gate(config)

    def lines():
        found = [json.loads(line) for line in audit.read_text().splitlines()]
        return [line for line in found if line["event"] == "request"]

    yield Pipeline(manager(), [GateInterceptor(gate)]), tokens, gate, lines
    gate.close()


def test_the_gate_asks_who_and_whether_they_may_and_writes_it_down(secured):
    pipeline, tokens, gate, lines = secured
    call, answer = ask(pipeline, {"x-api-key": tokens["alice"], "x-request-id": "r1"})
    assert answer.outputs["y"].tolist() == [2.5, 4.5]
    assert call.client == "alice"
    assert isinstance(ask(pipeline)[1], UnauthenticatedError)
    assert isinstance(ask(pipeline, {"x-api-key": tokens["bob"]})[1], PermissionDeniedError)
    assert isinstance(
        ask(pipeline, {"x-api-key": tokens["alice"]}, api="RepositoryModelLoad")[1], PermissionDeniedError
    )
    gate.close()
    seen = [(line["client"], line["outcome"], line["version"], line["request_id"]) for line in lines()]
    assert seen == [
        ("alice", "OK", 3, "r1"),
        ("", "UNAUTHENTICATED", None, ""),
        ("bob", "PERMISSION_DENIED", None, ""),
        ("alice", "PERMISSION_DENIED", None, ""),
    ]


def test_a_place_is_given_back_however_a_request_ends(secured):
    pipeline, tokens, _, _ = secured
    headers = {"x-api-key": tokens["alice"]}
    for _ in range(3):  # each would find the only place taken if one before had kept it
        assert isinstance(ask(pipeline, headers, x=[[1.0]])[1], InvalidArgumentError)
        assert ask(pipeline, headers)[1].outputs


def test_what_makes_no_sense_before_it_is_known_what_it_asks_has_a_line_and_no_words_of_the_client(secured):
    pipeline, tokens, gate, lines = secured

    async def nonsense():
        raise InvalidArgumentError("a secret that the client sent")

    ask(pipeline, {"x-api-key": tokens["alice"]}, work=nonsense)
    gate.close()
    [line] = lines()
    assert (line["client"], line["outcome"], line["model"]) == ("alice", "INVALID_ARGUMENT", "")
    assert "secret" not in json.dumps(line)


def test_the_observer_counts_and_logs_a_sample(tmp_path):
    registry = Registry()
    log = RequestLog(registry, {"half": RequestLogOptions(str(tmp_path / "half"), sampling_rate=1.0)})
    pipeline = Pipeline(manager(), [ObserverInterceptor(Observer(registry, History()), log)])
    assert ask(pipeline)[1].outputs
    assert isinstance(ask(pipeline, request=ServableRequest.specific("half", 9))[1], NotFoundError)
    log.close()
    cells = {tuple(labels): value for labels, value in registry.snapshot()["tenon_serving_requests_total"]["cells"]}
    assert cells["half", "3", "serving_default", "", "Predict", "GRPC", "OK"] == 1
    assert cells["half", "", "", "", "Predict", "GRPC", "NOT_FOUND"] == 1
    assert len(list(tmp_path.iterdir())) == 1


def routed(table, models=None):
    models = models or manager()
    router = Router(TrafficTable({"half": table}))
    traffic = TrafficInterceptor(router, ShadowRunner(models), models)
    return Pipeline(models, [traffic], traffic), router


def test_rules_choose_the_version_of_who_leaves_it_open():
    split = (WeightedVersion(1, 1.0), WeightedVersion(3, 1.0))
    pipeline, _ = routed(ModelRules({"old": 1}, split))
    key = {"x-tenon-routing-key": "zoe"}
    assert len({ask(pipeline, key)[0].id.version for _ in range(8)}) == 1
    assert {ask(pipeline, {"x-tenon-routing-key": str(n)})[0].id.version for n in range(40)} == {1, 3}
    assert ask(pipeline, key, ServableRequest("half", label="old"))[0].id.version == 1
    assert ask(pipeline, key, ServableRequest.specific("half", 3))[0].id.version == 3
    assert {
        ask(pipeline, {"x-tenon-routing-key": str(n)}, api="GetModelMetadata")[0].id.version for n in range(20)
    } == {3}


def test_shadows_run_after_the_answer_and_are_compared():
    rules = ModelRules(shadows=(ShadowRule(1),))
    models = manager()

    async def main():
        runner = ShadowRunner(models)
        router = Router(TrafficTable({"half": rules}))
        traffic = TrafficInterceptor(router, runner, models)
        pipeline = Pipeline(models, [traffic], traffic)
        call = Call(Protocol.REST, "predict", {}.get, 0.0)

        async def work():
            pipeline.admit(call, LATEST)
            return await predict(pipeline, call, "", lambda specs: {"x": np.float32([1])}, NotFoundError)

        answer = await pipeline.answer(call, work)
        await runner.idle()
        return answer.id.version, runner.status()["half"]["1"]["agree"]

    assert asyncio.run(main()) == (3, 1)
