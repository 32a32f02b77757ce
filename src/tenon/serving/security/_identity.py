"""Who a client is and what it may do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from tenon.base import InvalidArgumentError

ANY_MODEL = "*"


class Action(StrEnum):
    """What a client wants to do. The first three concern a model, the others the server."""

    PREDICT = "predict"
    METADATA = "metadata"
    STATUS = "status"
    ADMIN = "admin"
    METRICS = "metrics"


OF_MODELS = frozenset((Action.PREDICT, Action.METADATA, Action.STATUS))

Scopes = Mapping[Action, frozenset[str]]
"""The models for each action that is allowed at all; ``"*"`` stands for every model, and for the server."""

EVERYTHING: Scopes = {action: frozenset((ANY_MODEL,)) for action in Action}


@dataclass(frozen=True, slots=True)
class Identity:
    """A client that proved who it is.

    Args:
        client: its name, in limits and in the audit.
        credential: what proved it: the issuer of a token or the id of an API key; never a secret.
        scopes: what it may do.
        realm: who vouches for the name; clients of one name from two realms have quotas of their own.

    Example:
        >>> alice = Identity("alice", "jwt https://idp", parse_scopes(["predict:digits", "metrics"]), "https://idp")
        >>> alice.may(Action.PREDICT, "digits"), alice.may(Action.PREDICT, "prices"), alice.may(Action.METRICS, "")
        (True, False, True)
    """

    client: str
    credential: str
    scopes: Scopes
    realm: str

    def may(self, action: Action, model: str) -> bool:
        """Tell whether the action is allowed.

        Args:
            action: what is to be done.
            model: with which model; empty for all of them, and for what concerns the server.
        """
        models = self.scopes.get(action)
        return models is not None and (model in models or ANY_MODEL in models)


ANONYMOUS = Identity("anonymous", "", EVERYTHING, "")
"""Everybody, where the configuration asks for no credentials."""


def parse_scopes(words: Iterable[str], *, strict: bool = True) -> Scopes:
    """Read scope words: ``ACTION:MODEL`` or ``ACTION:*`` for models, ``admin`` and ``metrics`` for the server.

    No word implies another.

    Args:
        words: the words.
        strict: refuse a word that is none of ours; otherwise it is ignored, for tokens carry words for others.

    Raises:
        InvalidArgumentError: an unknown word.
    """
    found: dict[Action, set[str]] = {}
    for word in words:
        scope = _parse_word(word)
        if scope is not None:
            found.setdefault(scope[0], set()).add(scope[1])
        elif strict:
            raise InvalidArgumentError(
                f"scopes: a word must be {_joined(f'{a}:MODEL' for a in Action if a in OF_MODELS)} (MODEL may be '*'), "
                f"or {_joined(a for a in Action if a not in OF_MODELS)}; received {word!r}."
            )
    return {action: frozenset(models) for action, models in found.items()}


def _parse_word(word: str) -> tuple[Action, str] | None:
    name, colon, model = word.partition(":")
    if name not in _ACTIONS or (name in OF_MODELS) != bool(model) or bool(colon) != bool(model):
        return None
    return Action(name), model or ANY_MODEL


_ACTIONS = frozenset(Action)


def _joined(words: Iterable[str]) -> str:
    return ", ".join(words)
