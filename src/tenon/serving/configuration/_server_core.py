"""One configuration after another becomes true, each as a whole or not at all."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from tenon.base import DeadlineExceededError, FailedPreconditionError, NotFoundError, TenonError, UnknownError
from tenon.serving.configuration._model_server_config import ModelConfig, ModelServerConfig
from tenon.serving.lifecycle import (
    AnyOf,
    AspiredVersionsManager,
    FileSystemSource,
    ServableToMonitor,
    SourcePoller,
    Specific,
)
from tenon.serving.servables import ServableState, State

_log = logging.getLogger("tenon.serving")


@dataclass(frozen=True)
class ServedModel:
    """A model as an operator sees it.

    Args:
        name: its name.
        config: how it is configured; ``None`` for a model that was removed and whose versions are still told.
        states: the states of its versions, newest first.
        labels: the versions that its labels stand for.
    """

    name: str
    config: ModelConfig | None
    states: tuple[ServableState, ...]
    labels: Mapping[str, int]

    @property
    def is_available(self) -> bool:
        """Whether one version answers."""
        return any(state.state is State.AVAILABLE for state in self.states)


class ServerCore:
    """Bring the models of a configuration to life, and change to another while they answer.

    TensorFlow Serving's word, and its rules but for these: a reload that fails changes nothing; a model that cannot be
    loaded never keeps the others from being served; labels of a first configuration may point to versions that become
    available by the end of the start. Belongs to one event loop.

    Args:
        manager: loads and unloads.
        source: finds versions; it is told what to watch.
        poller: carries what the source finds to the manager.
        reload_timeout: seconds that a reload waits for models that it adds.
        allow_version_labels_for_unavailable_models: whether a reload may point new labels to versions that do not
            answer.
        loads_beside: whether versions that labels need may be loaded while those that they replace still answer.
    """

    def __init__(
        self,
        manager: AspiredVersionsManager,
        source: FileSystemSource,
        poller: SourcePoller,
        *,
        reload_timeout: float = 600.0,
        allow_version_labels_for_unavailable_models: bool = False,
        loads_beside: bool = True,
    ) -> None:
        self._manager, self._source, self._poller = manager, source, poller
        self._reload_timeout = reload_timeout
        self._allow_unavailable = allow_version_labels_for_unavailable_models
        self._loads_beside = loads_beside
        self._config = ModelServerConfig()
        self._lock = asyncio.Lock()
        self._reloads: set[asyncio.Task[None]] = set()

    @property
    def config(self) -> ModelServerConfig:
        """The configuration that holds."""
        return self._config

    def models(self) -> tuple[ServedModel, ...]:
        """Return every model that is configured or has states, sorted by name."""
        configs = {model.name: model for model in self._config.models}
        return tuple(
            ServedModel(name, configs.get(name), self._manager.states(name), self._manager.labels(name))
            for name in sorted({*configs, *self._manager.names()})
        )

    async def start(self, config: ModelServerConfig) -> dict[str, TenonError]:
        """Serve the first configuration; return once every model either answers or cannot.

        A model whose newest version cannot be loaded answers with the next older one that its policy would choose.

        Args:
            config: the configuration.

        Returns:
            Why a model cannot be served, by the names of those models.

        Raises:
            TenonError: nothing at all could be looked up.
        """
        async with self._lock:
            self._config = config
            self._source.watch(config.servables)
            for name, labels in config.labels.items():
                self._manager.set_labels(name, labels)
            errors = await self._settled(config.servables)
            await self._labels_settled(config)
        for model in config.models:
            for label, version in model.labels.items():
                if version not in self._manager.available(model.name):
                    _log.warning(
                        "model %r: label %r points to version %d, which is not available yet; requests that use it are "
                        "answered NOT_FOUND until it is",
                        *(model.name, label, version),
                    )
        return errors

    async def reload(self, config: ModelServerConfig) -> None:
        """Change to another configuration; models that it leaves out are unloaded.

        New models are loaded first, beside those that answer, and so are versions that labels need; only when all of
        them answer do labels, policies and paths change and models go. So no request fails because of a reload, and one
        that fails changes nothing. Reloads wait for each other. One that has begun goes on when its caller gives up.

        Args:
            config: all models that are to be served.

        Raises:
            UnknownError: a new model has no version that can be served; the message tells each one's reason.
            FailedPreconditionError: a label points to a version that does not answer, or that the new configuration
                would unload; or the new base path of a model has no version.
            DeadlineExceededError: the new models took longer than ``reload_timeout``.
            TenonError: nothing at all could be looked up.
        """
        task = asyncio.ensure_future(self._reload(config))
        self._reloads.add(task)
        task.add_done_callback(self._reloads.discard)
        await asyncio.shield(task)

    async def stop(self) -> None:
        """Give up reloads that have not ended."""
        for task in self._reloads:
            task.cancel()
        await asyncio.gather(*self._reloads, return_exceptions=True)

    async def _reload(self, config: ModelServerConfig) -> None:
        async with self.prepared(config):
            pass

    @contextlib.asynccontextmanager
    async def prepared(self, config: ModelServerConfig) -> AsyncIterator[None]:
        """Change to another configuration in two steps: load on entry, change on exit.

        ``reload`` is this with nothing in between. In between all that is new answers, and nothing has changed for
        those who ask; so several processes can change together. Leaving by an exception takes everything back.

        Args:
            config: all models that are to be served.

        Raises:
            TenonError: on entry, as ``reload``.
        """
        async with self._lock:
            before = self._config
            if config == before:
                yield
                return
            known = before.servables
            added = [name for name in config.servables if name not in known]
            try:
                async with asyncio.timeout(self._reload_timeout):
                    await self._load_beside(config, before, added)
            except TimeoutError:
                await self._take_back(before, added)
                raise DeadlineExceededError(
                    f"reload: the new models {added} must answer within {self._reload_timeout:g} s; they did not, and "
                    "nothing has changed. Allow more time, or look into the log."
                ) from None
            except BaseException:
                await self._take_back(before, added)
                raise
            try:
                yield
            except BaseException:
                await self._take_back(before, added)
                raise
            await self._commit(config, before)

    async def _load_beside(self, config: ModelServerConfig, before: ModelServerConfig, added: Collection[str]) -> None:
        """Load what is new and what labels need, without touching what answers."""
        await self._check_paths(config, before)
        self._source.watch(self._both(config, before))
        if errors := await self._settled(added, is_trial=True):
            reasons = ", ".join(f"{name} due to error: {error.message}" for name, error in errors.items())
            raise UnknownError(
                f"{len(errors)} servable(s) did not become available: {{{reasons}}}. Nothing has changed."
            )
        await self._labels_settled(config)
        self._check_labels(config)

    async def _check_paths(self, config: ModelServerConfig, before: ModelServerConfig) -> None:
        """Refuse to move a model that answers to where it has no version."""
        known, wanted = before.servables, config.servables
        moved = {
            name: servable
            for name, servable in wanted.items()
            if name in known and known[name].base_path != servable.base_path
        }
        found = await asyncio.to_thread(self._source.over(moved).poll, {})
        reasons = [error.message for error in found.errors.values()]
        reasons += [found.warnings.get(name, name) for name, versions in found.versions.items() if not versions]
        if reasons:
            raise FailedPreconditionError(
                f"base_path: a model cannot move to where it has no version: {'; '.join(reasons)}. Nothing has changed."
            )

    def _both(self, config: ModelServerConfig, before: ModelServerConfig) -> dict[str, ServableToMonitor]:
        """Return what was watched, what is new, and the versions that labels need and the new policies may want."""
        known = before.servables
        watched = config.servables | known
        for model in config.models:
            old = known.get(model.name)
            if old is not None and model.labels and self._loads_beside and old.base_path == model.base_path:
                needed = Specific(tuple(model.labels.values()))
                watched[model.name] = replace(old, version_policy=AnyOf((old.version_policy, needed)))
        return watched

    async def _labels_settled(self, config: ModelServerConfig) -> None:
        """Wait until every version that a label needs either answers or cannot."""
        await self.settled((name, version) for name, labels in config.labels.items() for version in labels.values())

    async def settled(self, versions: Iterable[tuple[str, int]]) -> None:
        """Wait until some versions either answer, cannot, or are not wanted.

        Args:
            versions: names of models, each with a version.
        """
        targets = list(versions)
        await self._manager.wait_until(lambda: not any(self._is_coming(*target) for target in targets))

    def _is_coming(self, name: str, version: int) -> bool:
        """Tell whether a version is wanted, does not answer yet and has not failed; it may be unloading before."""
        manager = self._manager
        return version in manager.aspired(name) and version not in (*manager.available(name), *manager.failed(name))

    def _check_labels(self, config: ModelServerConfig) -> None:
        for model in config.models:
            for label, version in model.labels.items():
                if not self._may_assign(model, label, version):
                    raise FailedPreconditionError(
                        f"Request to assign label to version {version} of model {model.name}, which is not currently "
                        f"available for inference, or which model_version_policy does not keep: label {label!r}. "
                        "Name the version in a policy 'specific', or point the label to another."
                    )

    def _may_assign(self, model: ModelConfig, label: str, version: int) -> bool:
        available, in_use = self._manager.available(model.name), self._manager.labels(model.name)
        if version in available and version in model.version_policy.choose(available):
            return True
        if in_use.get(label) == version and version not in available:
            return True  # it is as it was, and no reason to refuse changes of other models
        return self._allow_unavailable and in_use.get(label, version) == version

    async def _commit(self, config: ModelServerConfig, before: ModelServerConfig) -> None:
        """Change; labels come first, for what they point to answers already, and unloads come with the poll."""
        for name, labels in config.labels.items():
            self._manager.set_labels(name, labels)
        self._source.watch(config.servables)
        self._config = config
        try:
            await self._poller.poll_once()
        except TenonError as error:
            _log.warning("reload: %s; the next poll goes on", error.message)
        for name in before.servables.keys() - config.servables.keys():
            self._manager.remove(name)
        _log.info("reload: %d models are configured", len(config.models))

    async def _take_back(self, before: ModelServerConfig, added: Collection[str]) -> None:
        self._source.watch(before.servables)
        with contextlib.suppress(TenonError):  # what led here is told; the next poll goes on, or the server has stopped
            await self._poller.poll_once(is_trial=True)
        with contextlib.suppress(TenonError):
            for name in added:
                self._manager.remove(name)

    async def _settled(self, names: Collection[str], *, is_trial: bool = False) -> dict[str, TenonError]:
        """Poll until each name answers or every version that its policy would fall back to has failed."""
        tried = None
        while True:
            found = await self._poller.poll_once(is_trial=is_trial)
            errors = dict(found.errors)
            errors |= await self._manager.first_outcomes([name for name in names if name in found.versions])
            errors = {name: error for name, error in errors.items() if name in names}
            aspired = {name: self._manager.aspired(name) for name in errors}
            if aspired == tried or not errors:
                return {name: self._reason(name, error, found.warnings) for name, error in errors.items()}
            tried = aspired

    def _reason(self, name: str, error: TenonError, warnings: Mapping[str, str]) -> TenonError:
        """Return why a name cannot be served: without a version that failed, what the source says."""
        has_failed = any(state.error is not None for state in self._manager.states(name))
        return NotFoundError(warnings[name]) if name in warnings and not has_failed else error
