"""All workers of one server: kept alive, and changed together."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from tenon.base import FailedPreconditionError, NotFoundError, TenonError, UnavailableError
from tenon.serving.configuration import (
    ConfigFilePoller,
    ModelServerConfig,
    ServerOptions,
    parse_model_server_config,
    parse_traffic_table,
)
from tenon.serving.telemetry import Snapshot
from tenon.serving.traffic import Rollback, TrafficTable
from tenon.serving.workers._assignment import Assignment
from tenon.serving.workers._channel import Handler
from tenon.serving.workers._metrics import FleetMetrics
from tenon.serving.workers._process import WorkerProcess, share_of_cpus, worker_environment
from tenon.serving.workers._restarts import RestartPolicy
from tenon.serving.workers._shared_resources import SharedResources

ANSWER_SECONDS = 60.0
"""How long a worker may take to answer its supervisor by default, where it has nothing to load."""

TRAFFIC_FILE_SECONDS = 1.0
"""How often the supervisor looks whether the rules of traffic have changed."""

COLD_START_SECONDS = 300.0
"""How long the others wait for the first worker, which compiles what is not in the compile cache."""

MAX_DEATHS_AT_START = 3
"""So many workers of one place may die before all serve; then the server gives up."""

SPARE_SECONDS = 10.0
"""How much longer than its drain a worker may take to end."""

_log = logging.getLogger("tenon.serving")


@dataclass(frozen=True)
class _Wanted:
    """What every worker serves."""

    config: ModelServerConfig
    traffic: TrafficTable
    rollbacks: Mapping[tuple[str, int], Rollback]


class Fleet:
    """Keep as many workers as the options say, and have all of them serve the same.

    A worker that ends is replaced. Its successor takes requests when it serves what the others do: it loads first, and
    listens after it has been told all that has changed. Changes are made one after the other.

    Call order: ``start``, then ``stop`` once. Belongs to one event loop.

    Args:
        options: what and where.
        policy: when a worker that ended is replaced.
        answer_seconds: how long a worker may take to answer, where it has nothing to load; one that takes longer hangs,
            and is replaced.

    Raises:
        NotFoundError: a file that the options name is not there.
        PermissionDeniedError: it may not be read.
        InvalidArgumentError: it breaks a rule.

    Attributes:
        options: what was given.
        port: the gRPC port, after ``start``.
        rest_api_port: the REST port, after ``start``.
    """

    def __init__(
        self, options: ServerOptions, policy: RestartPolicy | None = None, answer_seconds: float = ANSWER_SECONDS
    ) -> None:
        self.options, self._policy = options, policy or RestartPolicy()
        self._answer_seconds = answer_seconds
        self.port, self.rest_api_port = options.port, options.rest_api_port
        path = options.traffic_config_file
        traffic = TrafficTable() if path is None else parse_traffic_table(path.read_bytes(), str(path))
        self._wanted = _Wanted(options.model_server_config(), traffic, {})
        self._members: dict[int, WorkerProcess] = {}
        self._processes: set[WorkerProcess] = set()
        self._changing = asyncio.Lock()
        self._first_has_loaded = asyncio.Event()
        self._all_serve = asyncio.Event()
        self._joined: set[int] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._shared = SharedResources()
        self._metrics = FleetMetrics()

    @property
    def config(self) -> ModelServerConfig:
        """The models that all workers serve."""
        return self._wanted.config

    @property
    def traffic(self) -> TrafficTable:
        """The rules of traffic that all workers obey."""
        return self._wanted.traffic

    @property
    def has_loaded(self) -> bool:
        """Whether all workers have served once."""
        return self._all_serve.is_set()

    @property
    def members(self) -> tuple[WorkerProcess, ...]:
        """The workers that serve, in the order of their numbers."""
        found = (self._members[number] for number in sorted(self._members))
        return tuple(worker for worker in found if not worker.has_ended)

    async def start(self) -> None:
        """Take the ports, start the workers, and return when all of them serve.

        Raises:
            FailedPreconditionError: a port is taken, or no model can be served; the message is that of one worker.
            TenonError: another reason of a worker not to serve.
            UnavailableError: workers die as soon as they begin.
        """
        self._shared.take(self.options)
        self.port, self.rest_api_port = self._shared.ports
        keeping = [asyncio.create_task(self._keep(number)) for number in range(self.options.workers)]
        self._tasks.update(keeping)
        serving = asyncio.create_task(self._all_serve.wait())
        try:
            await asyncio.wait([serving, *keeping], return_when=asyncio.FIRST_COMPLETED)
            for task in keeping:
                if task.done():
                    task.result()  # keeping only ends with an error
        finally:
            serving.cancel()
        self._watch_files()

    async def stop(self) -> None:
        """Have every worker answer what it has, and end; one that takes too long is killed."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        seconds = 2 * self.options.drain_seconds + SPARE_SECONDS  # for requests, then for models
        await asyncio.gather(*(worker.stop(seconds) for worker in self._processes))
        self._shared.close()

    def kill(self) -> None:
        """End every worker at once."""
        for worker in self._processes:
            worker.send_signal(signal.SIGKILL)

    async def reload(self, config: ModelServerConfig) -> None:
        """Serve other models, in all workers or in none.

        Every worker loads what is new beside what answers; when all have, all change. Each change is one step in its
        worker, but they are not made at the same instant: for some milliseconds one worker answers with the old models
        and another with the new ones.

        Args:
            config: all models that are to be served.

        Raises:
            TenonError: a worker cannot, as ``ServerCore.reload`` says; nothing has changed.
            UnavailableError: there is no worker.
        """
        await self._to_the_end(self._reload(config))

    async def set_traffic(self, table: TrafficTable) -> None:
        """Have all workers obey other rules.

        Args:
            table: the rules.
        """
        await self.change_traffic(lambda _: table)

    async def change_traffic(self, change: Callable[[TrafficTable], TrafficTable]) -> None:
        """Have all workers obey rules that come of those in force.

        Args:
            change: makes them; may raise, and then nothing changes.
        """
        await self._to_the_end(self._change_traffic(change))

    async def roll_back(self, rollback: Rollback) -> None:
        """Take a canary's weight in all workers.

        Args:
            rollback: which, and why.
        """
        await self._to_the_end(self._roll_back(rollback))

    async def reset_rollback(self, model: str, version: int) -> None:
        """Give a canary its weight again, in all workers.

        Args:
            model: the model.
            version: the canary.

        Raises:
            NotFoundError: it is not rolled back.
        """
        await self._to_the_end(self._reset_rollback(model, version))

    async def ask_all(self, name: str, **arguments: Any) -> list[Any]:
        """Return the answers of all workers; one that dies meanwhile is left out.

        Args:
            name: what to ask: a method of ``Controls``.
            **arguments: its arguments.

        Raises:
            UnavailableError: there is none.
            TenonError: what the first raised, if all that are left did.
        """
        return list((await self._asked(name, arguments)).values())

    async def ask_one(self, name: str, **arguments: Any) -> Any:
        """Return the answer of one worker that can give one.

        Args:
            name: what to ask: a method of ``Controls``.
            **arguments: its arguments.

        Raises:
            UnavailableError: there is none.
            TenonError: what the last raised.
        """
        error: TenonError = _no_worker()
        for worker in self.members:
            outcome = await _outcome(worker, "ask", self._answer_seconds, {"method": name, "arguments": arguments})
            if not isinstance(outcome, TenonError):
                return outcome
            error = outcome
        raise error

    async def metrics(self) -> Snapshot:
        """Return the metrics of all workers, merged; those that ended keep what they had counted.

        Raises:
            UnavailableError: there is no worker.
        """
        outcomes = await self._asked("metrics", {})
        return self._metrics.merged({worker: found for worker, found in outcomes.items() if worker in self._processes})

    async def _asked(self, name: str, arguments: dict[str, Any]) -> dict[WorkerProcess, Any]:
        outcomes = await self._outcomes(self.members, "ask", method=name, arguments=arguments)
        answers = {worker: outcome for worker, outcome in outcomes.items() if not isinstance(outcome, TenonError)}
        if not answers:
            raise next(iter(outcomes.values()), _no_worker())
        return answers

    async def _to_the_end(self, change: Coroutine[Any, Any, None]) -> None:
        """Make a change, also when whoever asked for it gives up or dies: half of one must not remain."""
        task = asyncio.create_task(change)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await asyncio.shield(task)

    async def _reload(self, config: ModelServerConfig) -> None:
        async with self._changing:
            ready = await self._prepared(self.members, config)
            self._wanted = replace(self._wanted, config=config)
            await self._tell(ready, "finish", commit=True)

    async def _change_traffic(self, change: Callable[[TrafficTable], TrafficTable]) -> None:
        async with self._changing:
            table = change(self._wanted.traffic)
            self._wanted = replace(self._wanted, traffic=table)
            await self._tell(self.members, "set_traffic", table=table)

    async def _roll_back(self, rollback: Rollback) -> None:
        async with self._changing:
            key = (rollback.model, rollback.version)
            if key not in self._wanted.rollbacks:
                self._wanted = replace(self._wanted, rollbacks={**self._wanted.rollbacks, key: rollback})
                await self._tell(self.members, "roll_back", rollback=rollback)

    async def _reset_rollback(self, model: str, version: int) -> None:
        async with self._changing:
            left = dict(self._wanted.rollbacks)
            if left.pop((model, version), None) is None:
                known = [f"{name} {number}" for name, number in left]
                raise NotFoundError(f"model {model!r}: version {version} is not rolled back; these are: {known}.")
            self._wanted = replace(self._wanted, rollbacks=left)
            await self._tell(self.members, "reset_rollback", model=model, version=version)

    def _watch_files(self) -> None:
        """Look whether files of the operator have changed; no worker does."""
        models, interval = self.options.model_config_file, self.options.model_config_file_poll_wait_seconds
        if models is not None and interval:
            self._watch(ConfigFilePoller(models, parse_model_server_config, self.reload, interval))
        if (rules := self.options.traffic_config_file) is not None:
            subject = "the rules of traffic"
            self._watch(ConfigFilePoller(rules, parse_traffic_table, self.set_traffic, TRAFFIC_FILE_SECONDS, subject))

    def _watch(self, poller: ConfigFilePoller[Any]) -> None:
        self._tasks.add(asyncio.create_task(poller.run()))

    async def _keep(self, number: int) -> None:
        """Have one worker after the other in one place; end only with an error, before all serve."""
        deaths = 0
        while True:
            worker = await self._spawn(number)
            try:
                how = await self._life(worker)
            finally:
                self._members.pop(number, None)
            self._processes.discard(worker)
            self._metrics.ended(worker, how)
            deaths = self._policy.young_deaths(deaths, time.monotonic() - worker.started)
            delay = self._policy.delay(deaths)
            _log.error("worker %d (pid %d) ended: %s; another follows in %g s", number, worker.pid, how, delay)
            if not self._all_serve.is_set() and deaths >= MAX_DEATHS_AT_START:
                raise UnavailableError(
                    f"worker {number} ended {deaths} times before it served, the last time with {how}. "
                    "Serve with workers=1 to see why; there may be too little memory for so many."
                )
            await asyncio.sleep(delay)

    async def _life(self, worker: WorkerProcess) -> str:
        """Bring a worker to serve, and return how it ended."""
        ending = asyncio.create_task(worker.ended())
        try:
            await self._join(worker)
        except UnavailableError:
            pass  # it died; an error of its own has another class
        except TenonError as error:
            if not self._all_serve.is_set():
                raise
            _log.error("worker %d (pid %d) cannot serve what the others do: %s", worker.number, worker.pid, error)
            worker.send_signal(signal.SIGKILL)
        finally:
            if not worker.has_ended and worker.number not in self._members:
                worker.send_signal(signal.SIGKILL)
        return await ending

    async def _spawn(self, number: int) -> WorkerProcess:
        handlers: dict[str, Handler] = {
            "reload": self.reload,
            "metrics": self.metrics,
            "rolled_back": self.roll_back,
        }
        count = self.options.workers
        environment = worker_environment(os.environ, share_of_cpus(count), count)
        worker = await WorkerProcess.spawn(number, handlers, self._shared.inherited, environment)
        self._processes.add(worker)
        return worker

    def _assignment(self, number: int, wanted: _Wanted) -> Assignment:
        cpus = share_of_cpus(self.options.workers)
        options = replace(
            self.options,
            models={},
            config=wanted.config,
            model_config_file=None,
            traffic_config_file=None,
            admin_port=None,
            model_config_file_poll_wait_seconds=0.0,
            port=self.port,
            rest_api_port=self.rest_api_port,
            workers=1,
        )
        return Assignment(
            number,
            self.options.workers,
            cpus,
            options,
            wanted.traffic,
            tuple(wanted.rollbacks.values()),
            self._shared.turn_fd,
            self._shared.grpc_socket_fd,
        )

    async def _join(self, worker: WorkerProcess) -> None:
        """Have a worker load; then tell it what has changed meanwhile, and have it take requests."""
        is_first = worker.number == 0 and not self._joined
        if not is_first:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._first_has_loaded.wait(), COLD_START_SECONDS)
        told = self._wanted
        await worker.call("begin", assignment=self._assignment(worker.number, told))
        if is_first:
            await worker.call("listen")  # so that probes can tell a server that loads from one that died
        await worker.call("load")
        async with self._changing:
            await self._bring_up_to_date(worker, told)
            await self._check_complete(worker)
            if not is_first:
                await worker.call("listen")
            self._members[worker.number] = worker
        self._first_has_loaded.set()
        self._joined.add(worker.number)
        if len(self._joined) == self.options.workers:
            self._all_serve.set()

    async def _check_complete(self, worker: WorkerProcess) -> None:
        """Refuse a worker that lacks a model which others answer: clients would find it only now and then."""
        others = await self._outcomes(self.members, "served")
        known = {name for names in others.values() if not isinstance(names, TenonError) for name in names}
        served = set(await worker.call("served"))
        if missing := sorted(known.intersection(self.config.servables) - served):
            raise FailedPreconditionError(f"it could not load {missing}, which other workers serve.")

    async def _bring_up_to_date(self, worker: WorkerProcess, told: _Wanted) -> None:
        wanted = self._wanted
        if wanted.config != told.config:
            await worker.call("prepare", config=wanted.config)
            await worker.call("finish", commit=True)
        if wanted.traffic != told.traffic:
            await worker.call("set_traffic", table=wanted.traffic)
        for key in wanted.rollbacks.keys() - told.rollbacks.keys():
            await worker.call("roll_back", rollback=wanted.rollbacks[key])
        for model, version in told.rollbacks.keys() - wanted.rollbacks.keys():
            await worker.call("reset_rollback", model=model, version=version)

    async def _prepared(
        self, workers: tuple[WorkerProcess, ...], config: ModelServerConfig
    ) -> tuple[WorkerProcess, ...]:
        """Have workers load a configuration beside theirs; return those that did, unless one could not."""
        seconds = self.options.reload_timeout_seconds + self._answer_seconds
        outcomes = await self._outcomes(workers, "prepare", seconds, config=config)
        errors = [outcome for outcome in outcomes.values() if isinstance(outcome, TenonError)]
        ready = tuple(worker for worker, outcome in outcomes.items() if not isinstance(outcome, TenonError))
        if errors or not ready:
            await self._tell(ready, "finish", commit=False)
            raise errors[0] if errors else _no_worker()
        return ready

    async def _tell(self, workers: tuple[WorkerProcess, ...], name: str, **arguments: Any) -> None:
        """Have workers do what cannot fail; one that fails all the same is replaced, and its successor does it."""
        for worker, outcome in (await self._outcomes(workers, name, **arguments)).items():
            if isinstance(outcome, TenonError):
                _log.error("worker %d (pid %d): %s: %s; it is replaced", worker.number, worker.pid, name, outcome)
                worker.send_signal(signal.SIGKILL)

    async def _outcomes(
        self, workers: tuple[WorkerProcess, ...], name: str, seconds: float | None = None, **arguments: Any
    ) -> dict[WorkerProcess, Any]:
        """Return what each worker answered or raised; those that died are left out, and one that hangs is killed."""
        limit = seconds or self._answer_seconds
        found = await asyncio.gather(*(_outcome(worker, name, limit, arguments) for worker in workers))
        return {
            worker: outcome
            for worker, outcome in zip(workers, found, strict=True)
            if not (isinstance(outcome, UnavailableError) and worker.has_ended)
        }


async def _outcome(worker: WorkerProcess, name: str, seconds: float, arguments: dict[str, Any]) -> Any:
    try:
        return await asyncio.wait_for(worker.call(name, **arguments), seconds)
    except TimeoutError:
        _log.error(
            "worker %d (pid %d) has not answered %s in %g s; it is killed", *(worker.number, worker.pid, name, seconds)
        )
        worker.send_signal(signal.SIGKILL)
        await worker.ended()
        return _no_worker()
    except TenonError as error:
        return error


def _no_worker() -> UnavailableError:
    return UnavailableError("No worker is there to do it. Ask again when one has taken the place of those that ended.")
