"""The contract of whatever brings one version of a servable to life."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from tenon.serving.servables._servable import Servable


class Loader(ABC):
    """Load one version of a servable, once.

    Call order: the loader is created in the event loop (so creating one must be cheap and must not read the model),
    then ``load`` is called at most once, in a worker thread. A version that is given up before its load is never
    loaded. What ``load`` returns belongs to the manager, which calls ``Servable.close`` when the version is unloaded
    and its last handle is released: in the event loop, or in a worker thread where it was told to.

    Several loaders run ``load`` at the same time, each in its own thread.
    """

    @abstractmethod
    def load(self) -> Servable:
        """Read the model, compile what it needs, run its warm-up, and return it ready to answer.

        Blocks, perhaps for minutes.

        Returns:
            A servable whose first request is as fast as its last.

        Raises:
            TenonError: the version cannot be served; nothing of it is left in memory. The message names the file or
                the rule, for it is what the operator sees in the version's status.
        """


LoaderFactory = Callable[[], Loader]
"""Make a version's loader; called in the event loop, only for a version that is not known yet."""
