"""Who batches are named after, and who is told of each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from tenon.serving.servables import Priority, ServableId


@dataclass(frozen=True)
class SignatureId:
    """One signature of one version of one model.

    Args:
        servable_id: the model's name and version.
        signature_name: the signature's name.

    Example:
        >>> str(SignatureId(ServableId("digits", 3), "serving_default"))
        "signature 'serving_default' of model 'digits' version 3"
    """

    servable_id: ServableId
    signature_name: str

    def __str__(self) -> str:
        return (
            f"signature {self.signature_name!r} of model {self.servable_id.name!r} version {self.servable_id.version}"
        )


class BatchObserver(ABC):
    """Is told of every batch, in the event loop; it must be quick and must not raise."""

    @abstractmethod
    def batch_ran(
        self,
        signature_id: SignatureId,
        priority: Priority,
        queue_seconds: Sequence[float],
        rows: int,
        padding_rows: int,
        run_seconds: float,
    ) -> None:
        """Take note of a batch that has run, successfully or not.

        Args:
            signature_id: whose batch it was.
            priority: in whose turn it ran; one of normal priority may have taken low tasks along in its padding.
            queue_seconds: for each task of the batch, how long it had waited.
            rows: rows of all tasks; 1 for a task whose rows may not be batched.
            padding_rows: rows added to them.
            run_seconds: from the program's beginning to its end; compiling included where it had to be.
        """
