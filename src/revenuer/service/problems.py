"""What goes wrong, as RFC 9457 has it, for routes of Starlette; nothing in it that the sender should not see."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from revenuer.service.answers import PROBLEM, Refused
from revenuer.service.answers import problem as body_of

__all__ = ["MEDIA_TYPE", "Problem", "handlers", "problem"]

MEDIA_TYPE: Final = PROBLEM[1].decode()
_log: Final = logging.getLogger(__name__)


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why a request was not served.

    Attributes:
        type: `about:blank`: there is no more to it than the status says.
        title: the status in words.
        status: of HTTP.
        detail: what was wrong with this request.
    """

    type: str
    title: str
    status: int
    detail: str


def problem(refused: Refused) -> Response:
    """The answer to a request that is not served."""
    headers = {name.decode(): value.decode() for name, value in refused.headers}
    return Response(body_of(refused), refused.status, headers, MEDIA_TYPE)


def handlers() -> dict[Any, Callable[[Request, Any], Awaitable[Response]]]:
    """For `Starlette(exception_handlers=...)`: every refusal is a problem, and an unexpected error tells nothing."""
    return {Refused: _refused, HTTPException: _by_starlette, Exception: _unexpected}


async def _refused(_request: Request, error: Refused) -> Response:
    return problem(error)


async def _by_starlette(_request: Request, error: HTTPException) -> Response:
    headers = [(name.lower().encode(), value.encode()) for name, value in (error.headers or {}).items()]
    return problem(Refused(error.status_code, error.detail, headers))


async def _unexpected(_request: Request, error: Exception) -> Response:
    _log.error("an unexpected error", exc_info=error)
    return problem(Refused(500, "this should not happen; the service's log says more"))
