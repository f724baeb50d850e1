"""What goes wrong, as RFC 9457 has it: `application/problem+json`, and nothing in it that the sender should not see."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

__all__ = ["MEDIA_TYPE", "Problem", "Refused", "handlers", "problem"]

MEDIA_TYPE: Final = "application/problem+json"
_log: Final = logging.getLogger(__name__)
# What a client has done is not told twice: without a type of its own the title says what the status says.
_BLANK: Final = "about:blank"


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


class Refused(Exception):  # noqa: N818 (an answer, not an error of the program)
    """A request that is not served.

    Args:
        status: of HTTP.
        detail: for the sender.
        headers: that go with it.
    """

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        self.status, self.detail, self.headers = status, detail, dict(headers or {})
        super().__init__(detail)


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """The answer to a request that is not served."""
    said = Problem(type=_BLANK, title=HTTPStatus(status).phrase, status=status, detail=detail)
    return Response(msgspec.json.encode(said), status, dict(headers or {}), MEDIA_TYPE)


def handlers() -> dict[Any, Callable[[Request, Any], Awaitable[Response]]]:
    """For `Starlette(exception_handlers=...)`: every refusal is a problem, and an unexpected error tells nothing."""
    return {Refused: _refused, HTTPException: _by_starlette, Exception: _unexpected}


async def _refused(_request: Request, error: Refused) -> Response:
    return problem(error.status, error.detail, error.headers)


async def _by_starlette(_request: Request, error: HTTPException) -> Response:
    return problem(error.status_code, error.detail, error.headers)


async def _unexpected(_request: Request, error: Exception) -> Response:
    _log.error("an unexpected error", exc_info=error)
    return problem(500, "this should not happen; the service's log says more")
