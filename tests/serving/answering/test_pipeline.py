"""Every request passes the interceptors, and none of them misses its end."""

import asyncio

import pytest

from tenon.base import InternalError, InvalidArgumentError, NotFoundError, UnauthenticatedError
from tenon.serving.answering import Call, Interceptor, Pipeline, Protocol, Selector
from tenon.serving.servables import ServableRequest
from tests.serving.doubles import manager


class Remembering(Interceptor):
    def __init__(self, name, log, refuse_at=None):
        self.name, self.log, self.refuse_at = name, log, refuse_at

    def step(self, what, note):
        self.log.append((self.name, what, note))
        if what == self.refuse_at:
            raise UnauthenticatedError("who are you?")

    def begin(self, call):
        self.step("begin", "")

    def admit(self, call):
        self.step("admit", call.request.name)

    def finish(self, call, error):
        self.step("finish", "OK" if error is None else error.code.name)


class First(Selector):
    def select(self, call, request):
        return ServableRequest.specific(request.name, 1) if request.version is None else request


def new_call(name="half"):
    return Call(Protocol.REST, "predict", {}.get, 0.0, request=ServableRequest.latest(name))


def answer(pipeline, work=None):
    call = new_call()

    async def usual():
        pipeline.admit(call)
        with pipeline.open(call) as handle:
            return handle.id.version

    return asyncio.run(pipeline.answer(call, work or usual))


def test_interceptors_stand_around_the_work_like_layers():
    log = []
    pipeline = Pipeline(manager(), [Remembering("outer", log), Remembering("inner", log)])
    assert answer(pipeline) == 3
    assert log == [
        ("outer", "begin", ""),
        ("inner", "begin", ""),
        ("outer", "admit", "half"),
        ("inner", "admit", "half"),
        ("inner", "finish", "OK"),
        ("outer", "finish", "OK"),
    ]


@pytest.mark.parametrize(("refuse_at", "ended"), [("begin", ["outer"]), ("admit", ["inner", "outer"])])
def test_a_refusal_ends_whoever_has_begun_and_nobody_else(refuse_at, ended):
    log = []
    pipeline = Pipeline(manager(), [Remembering("outer", log), Remembering("inner", log, refuse_at)])
    with pytest.raises(UnauthenticatedError):
        answer(pipeline)
    assert [entry for entry in log if entry[1] == "finish"] == [(name, "finish", "UNAUTHENTICATED") for name in ended]


@pytest.mark.parametrize(("raised", "seen"), [(NotFoundError("no"), "NOT_FOUND"), (ValueError("a secret"), "INTERNAL")])
def test_the_end_tells_what_went_wrong(raised, seen):
    async def work():
        raise raised

    log = []
    with pytest.raises(type(raised)):
        answer(Pipeline(manager(), [Remembering("only", log)]), work)
    assert log[-1] == ("only", "finish", seen)


@pytest.mark.parametrize(
    ("started", "deadline", "seen"),
    [
        (0, None, "CANCELLED"),
        (-1, 60, "CANCELLED"),
        (-50, 0.9, "DEADLINE_EXCEEDED"),  # gRPC told 51 s for 50 s, and the client is punctual
        (-1, -0.1, "DEADLINE_EXCEEDED"),
    ],
)
def test_a_client_that_goes_away_is_an_end_too_and_one_whose_time_is_over_ran_out_of_it(started, deadline, seen):
    log = []

    async def main():
        now = asyncio.get_running_loop().time()
        call = new_call()
        call.started, call.deadline = now + started, None if deadline is None else now + deadline
        pipeline = Pipeline(manager(), [Remembering("only", log)])
        task = asyncio.create_task(pipeline.answer(call, asyncio.Event().wait))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert log[-1] == ("only", "finish", seen)


def test_a_selector_decides_what_a_request_leaves_open():
    assert answer(Pipeline(manager(), selector=First())) == 1
    assert answer(Pipeline(manager())) == 3


def test_a_call_must_be_admitted_before_anything_is_opened():
    pipeline, call = Pipeline(manager()), Call(Protocol.GRPC, "Predict", {}.get, 0.0)
    with pytest.raises(InternalError, match="admitted before"):
        pipeline.open(call)
    with pytest.raises(InternalError, match="which servable"):
        pipeline.admit(call)


@pytest.mark.parametrize(("word", "priority"), [(None, "NORMAL"), ("normal", "NORMAL"), ("low", "LOW")])
def test_a_header_says_how_urgent_a_call_is(word, priority):
    call = Call(Protocol.REST, "predict", {"x-tenon-priority": word}.get, 0.0, deadline=7.0)
    options = call.run_options()
    assert (options.priority.name, options.deadline, options.times) == (priority, 7.0, call.times)


def test_another_urgency_is_refused():
    call = Call(Protocol.REST, "predict", {"x-tenon-priority": "high"}.get, 0.0)
    with pytest.raises(InvalidArgumentError, match="must be 'normal' or 'low'; received 'high'"):
        call.run_options()
