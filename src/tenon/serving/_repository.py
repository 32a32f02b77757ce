"""Models that clients of the Open Inference Protocol load and unload: those that were configured."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from tenon.base import NotFoundError, UnavailableError
from tenon.serving.configuration import ModelConfig, ModelServerConfig, ServerCore
from tenon.serving.inference_protocol import ModelIndex, Repository, served_models
from tenon.serving.lifecycle import AspiredVersionsManager


class ConfiguredRepository(Repository):
    """Load and unload models by changing the configuration: every model that was ever in it can come back.

    Args:
        core: holds the configuration.
        manager: where the versions live.
        reload: changes to another configuration.
    """

    def __init__(
        self,
        core: ServerCore,
        manager: AspiredVersionsManager,
        reload: Callable[[ModelServerConfig], Awaitable[None]],
    ) -> None:
        self._core, self._manager, self._reload = core, manager, reload
        self._known: dict[str, ModelConfig] = {}

    def configure(self, config: ModelServerConfig) -> None:
        """Remember the models of a configuration.

        Args:
            config: it.
        """
        self._known.update({model.name: model for model in config.models})

    def index(self) -> Sequence[ModelIndex]:
        """Return the versions that the manager knows, and the models that are unloaded."""
        served = served_models(self._manager)
        missing = self._known.keys() - {line.name for line in served}
        return [*served, *(ModelIndex(name, "", "UNAVAILABLE", "unloaded") for name in sorted(missing))]

    async def load(self, name: str) -> None:
        """Bring a model back; one that is loaded is looked at again, and what failed is tried again.

        Raises:
            NotFoundError: it was never configured.
            UnavailableError: no version of it can be served.
            TenonError: what the reload raises.
        """
        if name not in self._known:
            raise NotFoundError(f"model {name!r}: is not in the configuration; it has {sorted(self._known)}.")
        if name not in self._core.config.servables:
            await self._reload(ModelServerConfig((*self._core.config.models, self._known[name])))
        for version in self._manager.failed(name):
            self._manager.retry(name, version)
        errors = await self._manager.first_outcomes([name])
        if errors:
            raise UnavailableError(f"model {name!r}: {errors[name].message}")

    async def unload(self, name: str) -> None:
        """Take a model out of the configuration.

        Raises:
            NotFoundError: it is not in it.
        """
        if name not in self._core.config.servables:
            raise NotFoundError(f"model {name!r}: is not loaded; these are: {sorted(self._core.config.servables)}.")
        rest = tuple(model for model in self._core.config.models if model.name != name)
        await self._reload(ModelServerConfig(rest))
