"""The service as one ASGI application: what a gateway asks for every request by hand, the rest by Starlette.

A module that adds routes has a function `routes(service)` that gives a list of them; `application` mounts them. They
find the service there, and check whoever comes with `service.guard`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from revenuer.response import Policy
from revenuer.service.answers import Receive, Refused, Scope, Send, refuse
from revenuer.service.asked import Ask
from revenuer.service.deciding import Decider, Outcome
from revenuer.service.guard import Guard
from revenuer.service.hooks import AUTHZ, hot_routes
from revenuer.service.ledger import Ledger
from revenuer.service.problems import handlers
from revenuer.service.refreshing import Refresher

__all__ = ["Service", "application"]

_log: Final = logging.getLogger(__name__)

_BELOW: Final = f"{AUTHZ}/"

App = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass(slots=True)
class Service:
    """What the routes share.

    Attributes:
        url: of the state.
        decider: the policy at work, and in `decider.known` what it knows.
        guard: says who may call.
        ledger: decisions on their way to the state; None until the application has started, as is `refresher`.
        most_bytes: of a body.
        counts: decisions by rung and reason.
    """

    url: str
    decider: Decider
    guard: Guard
    ledger: Ledger
    most_bytes: int = 8_000_000
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    refresher: Refresher | None = None

    @property
    def policy(self) -> Policy:
        """That is at work."""
        return self.decider.policy

    @property
    def ready(self) -> bool:
        """Whether the state was loaded once."""
        return self.decider.known.table is not None

    def weighed(self, ask: Ask) -> Outcome:
        """Decide on a request; nothing is written down or counted as answered yet."""
        return self.decider.decide(ask, int(time.time()))

    async def decide(self, ask: Ask) -> Outcome:
        """Decide on a request; what has to be on disk is there when this returns."""
        return await self.kept(self.weighed(ask))

    async def kept(self, outcome: Outcome) -> Outcome:
        """The outcome once what has to be on disk is there; another one where the disk does not take it."""
        if outcome.line is not None:
            try:
                await self.ledger.keep(outcome.line)
            except OSError:
                outcome = self.decider.failed("NOT-RECORDED")
        self.count(outcome)
        return outcome

    def count(self, outcome: Outcome) -> None:
        """Count an answer."""
        self.counts[outcome.answer.rung, outcome.answer.reason] += 1


def application(service: Service, *, more: Sequence[BaseRoute] = ()) -> App:
    """The application.

    Args:
        service: shared by all routes; the application starts and closes its threads.
        more: routes besides those of gateways and of health.
    """

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        service.refresher = Refresher(service.url, service.decider, service.ledger, loop.call_soon_threadsafe)
        service.refresher.start()
        try:
            yield
        finally:
            await asyncio.to_thread(service.ledger.close)
            await asyncio.to_thread(service.refresher.stop)

    cold = Starlette(routes=[*_health(service), *more], lifespan=lifespan, exception_handlers=handlers())
    hot = hot_routes(service)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        # Envoy puts the path that was asked for behind ours
        route = hot.get(path) or (hot[AUTHZ] if path.startswith(_BELOW) else None)
        if route is None:
            await cold(scope, receive, send)
            return
        try:
            await route(scope, receive, send)
        except Refused as refused:
            await refuse(send, refused, bodiless=route is hot[AUTHZ])

    return app


def _health(service: Service) -> list[BaseRoute]:
    async def alive(_request: Request) -> Response:
        """That the process answers."""
        return _json({"status": "ok"}, 200)

    async def ready(_request: Request) -> Response:
        """Whether it knows the state, and how old what it knows is."""
        told: dict[str, Any] = {"status": "ready" if service.ready else "starting", "policy": service.policy.version}
        if service.refresher is not None and service.ready:
            told |= {"age_seconds": round(service.refresher.age, 3), "state_lost": service.refresher.lost}
        told["batches_waiting"] = len(service.ledger.files())
        return _json(told, 200 if service.ready else 503)

    return [Route("/healthz", alive, methods=["GET"]), Route("/readyz", ready, methods=["GET"])]


def _json(told: dict[str, Any], status: int) -> Response:
    return Response(msgspec.json.encode(told), status, media_type="application/json")
