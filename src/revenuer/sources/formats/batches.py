"""Batch files: requests in one file, results in another and in any order, brought together by `custom_id`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, Final

from revenuer.sources.formats.base import Rejected, Row
from revenuer.sources.formats.bodies import merged, request_columns, response_columns
from revenuer.sources.formats.values import first, pick, text

__all__ = ["AnthropicBatch", "OpenAIBatch"]

_OTHER: Final = ("/embeddings", "/moderations", "/images")


class _Batch(ABC):
    """What the two have in common."""

    name: str
    about: str
    _request: str

    def split(self, record: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The object itself."""
        yield record

    def key(self, record: dict[str, Any]) -> str | None:
        """The name that the client gave the request."""
        return text(record.get("custom_id"))

    def rows(self, records: Sequence[dict[str, Any]]) -> Iterator[Row]:
        """One exchange a request; of several under one name the first request goes with the first result.

        Raises:
            Rejected: there are results without requests, or as many of both cannot be told from each other.
        """
        asked = [record for record in records if isinstance(record.get(self._request), dict)]
        answered = [record for record in records if not isinstance(record.get(self._request), dict)]
        if not asked:
            raise Rejected("is a result without its request: convert input and output files together")
        if len(answered) > 1 and len(answered) != len(asked):
            raise Rejected("has a custom_id of several batches: convert each batch by itself")
        results: list[dict[str, Any]] = answered if len(answered) == len(asked) else answered + [{}] * len(asked)
        for request, result in zip(asked, results, strict=False):
            if not (text(request.get("url")) or "").endswith(_OTHER):
                yield Row("exchanges", self._exchange(request, result))

    @abstractmethod
    def _exchange(self, request: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
        """The columns of a request and its result, which is empty where there is none."""


class OpenAIBatch(_Batch):
    """OpenAI's batch input and output (or error) files, for chat completions, Responses and completions."""

    name = "openai-batch"
    about = "OpenAI batch input and output files, joined by custom_id"
    _request = "body"

    def matches(self, record: dict[str, Any]) -> float:
        """By the fields of a line of either file."""
        if "custom_id" not in record:
            return 0.0
        asks = isinstance(record.get("body"), dict) and "url" in record
        return 0.95 if asks or ("response" in record and "error" in record) else 0.0

    def _exchange(self, request: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
        body = pick(result, "response.body")
        answer = response_columns(body, pick(result, "response.status_code"))
        failed = {"status": "error"} if result.get("error") else {}
        around = {
            "exchange_id": text(first(result, "id", "response.request_id")),
            "ts": first(body, "created", "created_at"),
        }
        return merged(answer, request_columns(request["body"]), around, failed)


class AnthropicBatch(_Batch):
    """Requests of a message batch and the lines of its results; they carry neither time nor account."""

    name = "anthropic-batch"
    about = "Anthropic message batch requests and results, joined by custom_id"
    _request = "params"

    def split(self, record: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The requests of a body that was sent to make a batch, or the line itself."""
        requests = record.get("requests")
        yield from (item for item in requests if isinstance(item, dict)) if isinstance(requests, list) else (record,)

    def matches(self, record: dict[str, Any]) -> float:
        """By the fields of a request, of a result, or of a body that holds requests."""
        record = next(self.split(record), {})
        if "custom_id" not in record:
            return 0.0
        return 0.95 if isinstance(record.get("params"), dict) or text(pick(record, "result.type")) else 0.0

    def _exchange(self, request: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
        answer = pick(result, "result.message") or {"error": pick(result, "result.error.error")}
        failed = text(pick(result, "result.type")) not in {None, "succeeded"}
        columns = response_columns(answer, 200 if not failed and result else None)
        if failed and columns.get("status") in {None, "ok"}:
            columns["status"] = "error"
        return merged(columns, request_columns(request["params"]), {"exchange_id": text(pick(answer, "id"))})
