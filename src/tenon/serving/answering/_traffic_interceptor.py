"""The rules of traffic: they choose the version, learn how it went, and let shadows run."""

from __future__ import annotations

import asyncio

from tenon.base import Code, TenonError
from tenon.serving.answering._call import Call
from tenon.serving.answering._gate_interceptor import ACTIONS
from tenon.serving.answering._pipeline import Interceptor, Selector
from tenon.serving.security import Action
from tenon.serving.servables import Manager, ServableRequest
from tenon.serving.traffic import Router, ShadowRunner


class TrafficInterceptor(Interceptor, Selector):
    """Route requests that leave their version open.

    Args:
        router: the rules in force.
        shadows: runs a sample of the requests once more.
        manager: tells which versions can answer.
    """

    def __init__(self, router: Router, shadows: ShadowRunner, manager: Manager) -> None:
        self._router, self._shadows, self._manager = router, shadows, manager

    def select(self, call: Call, request: ServableRequest) -> ServableRequest:
        """Return the version that the rules give this request; see ``Selector.select``.

        Who asks for metadata without naming a version gets those of the latest, whatever the rules.
        """
        if not self._router.has_rules(request.name):
            return request
        if request.label is None and ACTIONS.get(call.api.lower()) is not Action.PREDICT:
            return request
        key = call.header(self._router.table.routing_key_header) or call.client or None
        route = self._router.route(request, key, self._manager.available)
        if route is None:
            return request
        call.route = route
        call.reply.extend(route.metadata)
        return route.request

    def begin(self, call: Call) -> None:
        """Nothing is known yet."""

    def admit(self, call: Call) -> None:
        """Whoever is let in is routed when its version is opened."""

    def finish(self, call: Call, error: TenonError | None) -> None:
        """Count the outcome for the version's lane, and hand the request to its shadows."""
        route = call.route
        if route is None:
            return
        code = Code.OK if error is None else error.code
        self._router.finished(route, code, asyncio.get_running_loop().time() - call.started)
        if route.shadows and call.inputs:
            self._shadows.submit(route, call.signature_name, call.inputs, error or call.outputs)
