"""A lane of its own for `/v1/decide`: a request that came as a whole is decided where it was read, and mostly answered there.

Most requests meet nothing, and for them a task, a scope and two coroutines cost more than the decision. So this takes the
place of uvicorn's protocol and lets it parse: what can be answered at once is written at once. Everything else, from a
body that is still on its way to a line that has to be on disk first, goes on to the application as ever.
"""

from __future__ import annotations

import asyncio
import logging
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from revenuer.service.answers import JSON, Refused
from revenuer.service.bodies import decoded
from revenuer.service.hooks import DECIDE, OUTCOME, asks

if TYPE_CHECKING:
    from revenuer.service.app import Service
    from revenuer.service.metrics import Metrics

__all__ = ["lane"]

_log: Final = logging.getLogger(__name__)
_PATH: Final = DECIDE.encode()
_encode: Final = msgspec.json.Encoder().encode


class _Served:
    """What the connections of a service share.

    Args:
        service: that the application serves too.
        metrics: where the application counts its answers too.
    """

    def __init__(self, service: Service, metrics: Metrics) -> None:
        self.service, self.metrics = service, metrics
        self.plain, self.said = service.decider.plain, _encode(service.decider.plain.answer)
        self._dated: list[tuple[bytes, bytes]] | None = None
        self._head = b""

    def head(self, server: list[tuple[bytes, bytes]], length: int) -> bytes:
        """Status and headers of an answer of so many bytes; `server` are the server's own, a new list every second."""
        if server is not self._dated:
            told = b"".join(b"%b: %b\r\n" % pair for pair in (*server, JSON))
            self._dated, self._head = server, b"HTTP/1.1 200 OK\r\n" + told + b"content-length: "
        return b"%b%d\r\n\r\n" % (self._head, length)


class _Lane(HttpToolsProtocol):
    """One connection; `held` is the body of a request in the lane, None while another is read."""

    def __init__(self, served: _Served, /, **given: Any) -> None:
        super().__init__(**given)
        self.served = served
        self.held: bytes | None = None
        self.begun = 0.0

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.held is not None:
            self._give_on()  # the rest is on its way, and the application knows how long to wait for it

    def on_headers_complete(self) -> None:
        if self.url == _PATH and self._fits():
            self.held, self.begun = b"", time.perf_counter()
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if self.held is None:
            super().on_body(body)
        else:
            self.held += body

    def on_message_complete(self) -> None:
        if self.held is not None:
            if self._answered(self.held):
                self.held = None
                return
            self._give_on()
        super().on_message_complete()

    def _fits(self) -> bool:
        """Whether nothing is special about a request: the answer before it is out, and another may follow it."""
        parser, limit = self.parser, self.limit_concurrency
        return (
            parser.get_method() == b"POST"
            and parser.get_http_version() == "1.1"
            and parser.should_keep_alive()
            and not parser.should_upgrade()
            and (self.cycle is None or self.cycle.response_complete)
            and not self.flow.write_paused
            and (limit is None or (len(self.connections) < limit and len(self.tasks) < limit))
        )

    def _answered(self, body: bytes) -> bool:
        """Whether a request could be answered at once. Where it could not, the application says why."""
        served = self.served
        service = served.service
        if len(body) > service.most_bytes:
            return False
        try:
            service.guard(self.headers, "decide")
            outcome = service.weighed(decoded(asks, body))
        except Refused:
            return False
        except Exception:  # noqa: BLE001 - here the parser would take it for a fault of the request
            _log.exception("a request could not be decided on at once")
            return False
        if outcome.line is not None:
            cast("dict[str, Any]", self.scope)[OUTCOME] = outcome
            return False
        service.count(outcome)
        said = served.said if outcome is served.plain else _encode(outcome.answer)
        self.transport.write(served.head(self.server_state.default_headers, len(said)) + said)
        served.metrics.answered("decide", 200, time.perf_counter() - self.begun)
        self.on_response_complete()
        return True

    def _give_on(self) -> None:
        """Let the application have the request, as far as it came; a connection that is being closed has none."""
        body, self.held = self.held, None
        if self.transport.is_closing():
            return
        super().on_headers_complete()
        if body:
            super().on_body(body)


def lane(service: Service, metrics: Metrics) -> type[asyncio.Protocol]:
    """The protocol for a service, as `uvicorn.Config(http=...)` takes it."""
    return cast("type[asyncio.Protocol]", partial(_Lane, _Served(service, metrics)))
