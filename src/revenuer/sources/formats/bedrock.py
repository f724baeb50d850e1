"""AWS Bedrock's model invocation logs, with what CloudTrail knows of the same requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from revenuer.sources.formats.address import address
from revenuer.sources.formats.base import Rejected, Row
from revenuer.sources.formats.bodies import merged, request_columns, response_columns, status_of
from revenuer.sources.formats.values import as_object, credential, first, integer, pick, text

__all__ = ["Bedrock"]

Record = dict[str, Any]

_CALLER_IS_A_PERSON: Final = "AWSReservedSSO_"
_READ: Final = ("input.inputTokenCount", "input.cacheReadInputTokenCount", "input.cacheWriteInputTokenCount")


class Bedrock:
    """ModelInvocationLog records from S3 or CloudWatch Logs, joined with CloudTrail events by request id."""

    name = "bedrock"
    about = "AWS Bedrock model invocation logs (S3 or CloudWatch export), with CloudTrail events where there are any"

    def matches(self, record: Record) -> float:
        """By what AWS calls both kinds of record."""
        records = [found for _, found in zip(range(20), self.split(record), strict=False)]
        return 0.98 if any(_is_invocation(found) or _is_trail(found) for found in records) else 0.0

    def split(self, record: Record) -> Iterator[Record]:
        """Records out of a CloudTrail file, a CloudWatch Logs batch or its message; what is neither kind is left out."""
        for found in _unpacked(record):
            if _is_invocation(found) or _is_trail(found):
                yield found

    def key(self, record: Record) -> str | None:
        """The request id, which both kinds have."""
        return text(record.get("requestId") or record.get("requestID"))

    def rows(self, records: Sequence[Record]) -> Iterator[Row]:
        """One exchange for an invocation; a CloudTrail event without one tells of another service's or region's."""
        invocation = next((record for record in records if _is_invocation(record)), None)
        trail = next((record for record in records if _is_trail(record)), {})
        if invocation is not None:
            yield Row("exchanges", _columns(invocation, trail))


def _unpacked(record: Record) -> Iterator[Record]:
    inner = as_object(record.get("@message", record.get("message")))
    batch = record.get("Records", record.get("logEvents"))
    if isinstance(batch, list):
        for item in batch:
            if isinstance(item, dict):
                found = as_object(item.get("message", item))
                yield found if isinstance(found, dict) else item
    else:
        yield inner if isinstance(inner, dict) else record


def _is_invocation(record: Record) -> bool:
    whole = "modelId" in record and "operation" in record and isinstance(record.get("input"), dict)
    return record.get("schemaType") == "ModelInvocationLog" or whole


def _is_trail(record: Record) -> bool:
    return record.get("eventSource") == "bedrock.amazonaws.com" and "userIdentity" in record


def _columns(log: Record, trail: Record) -> dict[str, Any]:
    arn = text(first(log, "identity.arn") or first(trail, "userIdentity.arn"))
    account, session = _principal(arn)
    asked = request_columns(_asked(log))
    if account is None and text(log.get("accountId")) is None:
        raise Rejected("names neither a caller nor an AWS account")
    return {
        **asked,
        **_answer(log, trail),
        "exchange_id": text(log.get("requestId")),
        "ts": log.get("timestamp"),
        "account_id": account or text(log.get("accountId")),
        "org_id": text(log.get("accountId")) or text(pick(trail, "userIdentity.accountId")),
        "credential_id": credential(pick(trail, "userIdentity.accessKeyId")),
        "end_user_id": _end_user(log) or asked.get("end_user_id") or session,
        "session_id": _session(log) or asked.get("session_id"),
        "pathway": "bedrock",
        "model": _model(log.get("modelId")),
        "ip": address(trail.get("sourceIPAddress")),
        "user_agent": text(trail.get("userAgent")),
    }


def _asked(log: Record) -> Any:
    """The request's body.

    Raises:
        Rejected: it lies in an object of its own, as bodies above 100 kB do.
    """
    body = pick(log, "input.inputBodyJson")
    if body is None and first(log, "input.inputBodyS3Path") is not None:
        raise Rejected("the body of the request lies in S3 and not in the log")
    return body if body is not None else log.get("input")


def _answer(log: Record, trail: Record) -> dict[str, Any]:
    body = pick(log, "output.outputBodyJson")
    said = response_columns(body if body is not None else log.get("output"))
    counts = [count for path in _READ if (count := integer(pick(log, path))) is not None]
    counted = {"input_tokens": sum(counts) if counts else None, "output_tokens": first(log, "output.outputTokenCount")}
    failed = status_of(error=first(log, "errorCode") or first(trail, "errorCode"))
    return merged({"status": "ok"}, said, counted, {"status": failed})


def _principal(arn: str | None) -> tuple[str | None, str | None]:
    """Who calls, and on whose behalf: a role is one caller, whatever its session is called.

    Of a role that people sign in to (IAM Identity Center) each session is a person, and so a caller of its own.
    """
    head, _, session = (arn or "").rpartition("/")
    if ":assumed-role/" not in head or _CALLER_IS_A_PERSON in head:
        return arn, None
    return head, session or None


def _end_user(log: Record) -> str | None:
    """`requestMetadata` is whatever the caller wrote there."""
    names = ("user_id", "userId", "end_user_id", "endUserId", "user")
    return text(first(log, *(f"requestMetadata.{name}" for name in names)))


def _session(log: Record) -> str | None:
    return text(first(log, *(f"requestMetadata.{name}" for name in ("session_id", "sessionId", "conversation_id"))))


def _model(model: Any) -> str | None:
    """The model's name out of the ARN of a model or profile."""
    name = text(model)
    return name.rpartition("/")[2] if name is not None and name.startswith("arn:") else name
