"""What clients may ask about the server and its models: metadata, readiness, the index, loading and unloading."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from typing import Any, Final

from tenon.base import InvalidArgumentError, NotFoundError, TensorSpec, UnimplementedError
from tenon.serving.answering import DEFAULT_SIGNATURE_NAME, Call, Pipeline
from tenon.serving.inference_protocol._datatypes import datatype_name
from tenon.serving.inference_protocol._repository import READY, ModelIndex, Repository, served_models
from tenon.serving.servables import Manager, ServableRequest, ServableSignature

PLATFORM: Final = "tensorflow_savedmodel"
"""What models are, in the protocol's words."""

_DISTRIBUTION: Final = "tenon-ml"
_EXTENSIONS: Final = ("binary_tensor_data", "schedule_policy")

Document = dict[str, Any]


class Server:
    """The server as clients see it, whatever their protocol.

    Whoever asks it has been admitted. Answers are documents: what REST writes as JSON, and gRPC's messages take as
    their fields.

    Args:
        pipeline: the way to the versions.
        repository: loads and unloads models; ``None`` where clients may not.
        is_ready: whether requests are welcome; ``None`` for whether every model has a version that answers.
    """

    def __init__(
        self, pipeline: Pipeline, repository: Repository | None = None, is_ready: Callable[[], bool] | None = None
    ) -> None:
        self.pipeline = pipeline
        self._repository = repository
        self._is_ready = is_ready

    def is_ready(self) -> bool:
        """Tell whether requests are welcome."""
        if self._is_ready is not None:
            return self._is_ready()
        manager = self.pipeline.manager
        return all(manager.available(name) for name in manager.names())

    def metadata(self) -> Document:
        """Return the name of the server, its version and the extensions that it has."""
        extensions = [*_EXTENSIONS, *(("model_repository",) if self._repository is not None else ())]
        return {"name": "tenon", "version": _version(), "extensions": extensions}

    def model_is_ready(self, request: ServableRequest) -> bool:
        """Tell whether the version asked for answers; its model need not exist.

        Args:
            request: the model, and perhaps a version or a label.
        """
        return _answers(self.pipeline.manager, request)

    def is_known(self, name: str) -> bool:
        """Tell whether there is anything under the name of a model."""
        return bool(self.pipeline.manager.states(name))

    def model_metadata(self, call: Call) -> Document:
        """Return the metadata of a model: its versions that answer, and the tensors of ``serving_default``.

        A model without that signature has no tensors here. The properties have an entry ``engine.NAME`` for every
        signature, with what computes it.

        Raises:
            NotFoundError: no such model, or the version is not available.
            InvalidArgumentError: an unknown label.
        """
        with self.pipeline.open(call) as handle:
            signatures, name = handle.servable.signatures, handle.id.name
            default = signatures.get(DEFAULT_SIGNATURE_NAME)
            return {
                "name": name,
                "versions": [str(number) for number in sorted(self.pipeline.manager.available(name))],
                "platform": PLATFORM,
                "inputs": [] if default is None else _tensors(default.inputs),
                "outputs": [] if default is None else _tensors(default.outputs),
                "properties": _properties(signatures),
            }

    def index(self, repository_name: str = "", only_ready: bool = False) -> list[ModelIndex]:
        """Return all models known.

        Args:
            repository_name: there is one repository, and it has no name.
            only_ready: leave out what does not answer.

        Raises:
            UnimplementedError: the repository is named.
        """
        _check_repository_name(repository_name)
        found: Sequence[ModelIndex] = (
            served_models(self.pipeline.manager) if self._repository is None else self._repository.index()
        )
        return [line for line in found if line.state == READY or not only_ready]

    async def load(self, name: str, repository_name: str = "", parameters: Iterable[str] = ()) -> None:
        """Load a model.

        Args:
            name: of the model.
            repository_name: there is one repository, and it has no name.
            parameters: the names of the request's parameters.

        Raises:
            UnimplementedError: clients may not load models, the request brings a configuration or files, or the
                repository is named.
            TenonError: of the repository.
        """
        _check_repository_name(repository_name)
        refused = [key for key in parameters if key == "config" or key.startswith("file:")]
        if refused:
            raise UnimplementedError(
                f"load: a model is loaded as it is on the server; received the parameter {refused[0]!r}. "
                "Leave it out, and put the model where the server finds it."
            )
        await self._writable().load(name)

    async def unload(self, name: str, repository_name: str = "") -> None:
        """Unload a model; no model depends on another.

        Args:
            name: of the model.
            repository_name: there is one repository, and it has no name.

        Raises:
            UnimplementedError: clients may not unload models, or the repository is named.
            TenonError: of the repository.
        """
        _check_repository_name(repository_name)
        await self._writable().unload(name)

    def _writable(self) -> Repository:
        if self._repository is None:
            raise UnimplementedError(
                "model repository: clients may not load and unload models of this server. Change its configuration."
            )
        return self._repository


@cache
def _version() -> str:
    return version(_DISTRIBUTION)


def _answers(manager: Manager, request: ServableRequest) -> bool:
    try:
        manager.servable_handle(request).release()
    except (NotFoundError, InvalidArgumentError):
        return False
    return True


def _tensors(specs: Mapping[str, TensorSpec]) -> list[Document]:
    return [
        {
            "name": name,
            "datatype": datatype_name(spec.dtype),
            "shape": [-1 if size is None else size for size in spec.shape],
        }
        for name, spec in specs.items()
    ]


def _properties(signatures: Mapping[str, ServableSignature]) -> dict[str, str]:
    return {f"engine.{name}": signature.engine for name, signature in sorted(signatures.items())}


def _check_repository_name(name: str) -> None:
    if name:
        raise UnimplementedError(f"repository_name: the server has one repository; received {name!r}. Leave it out.")
