"""Azure's diagnostic logs of model traffic: Azure OpenAI, and API Management in front of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from revenuer.sources.formats.address import address
from revenuer.sources.formats.base import Rejected, Row
from revenuer.sources.formats.bodies import merged, request_columns, response_columns, status_of
from revenuer.sources.formats.cut import as_far_as_it_goes
from revenuer.sources.formats.keys import lasting
from revenuer.sources.formats.values import as_object, credential, header, integer, text

__all__ = ["Azure"]

Record = dict[str, Any]

_SUFFIX: Final = re.compile(r"_[sdgbt]$")
# What a log is called where it goes to storage or an event hub, and where it is a table of Log Analytics.
_KINDS: Final = (
    "requestresponse", "gatewaylogs", "apimanagementgatewaylogs", "gatewayllmlogs", "apimanagementgatewayllmlog",
)  # fmt: skip
_DEPLOYMENT: Final = re.compile(r"/deployments/([^/?]+)")


class Azure:
    """The categories RequestResponse, GatewayLogs and GatewayLlmLogs, joined by correlation id."""

    name = "azure"
    about = "Azure OpenAI and API Management diagnostic logs (RequestResponse, GatewayLogs, GatewayLlmLogs)"

    def matches(self, record: Record) -> float:
        """By category, and the correlation id that each record has."""
        found = next(self.split(record), None)
        return 0.95 if found is not None and "correlationid" in found else 0.0

    def split(self, record: Record) -> Iterator[Record]:
        """Records of a blob or an event, or a row of a table; each with its properties, under names in lower case."""
        batch = record.get("records")
        for item in batch if isinstance(batch, list) else [record]:
            if isinstance(item, dict):
                fields = _fields(item)
                if _lower(fields.get("category")) in _KINDS or _lower(fields.get("type")) in _KINDS:
                    yield fields

    def key(self, record: Record) -> str | None:
        """The correlation id."""
        return text(record.get("correlationid"))

    def rows(self, records: Sequence[Record]) -> Iterator[Row]:
        """One exchange of all that is logged under a correlation id."""
        merged: Record = {}
        for record in records:
            merged = {**record, **{name: value for name, value in merged.items() if value not in (None, "")}}
        columns = _columns(merged, records)
        # API Management logs whatever passes it, Azure OpenAI the upkeep of files and threads too
        if columns.get("prompt") is not None or columns["model"] is not None:
            yield Row("exchanges", columns)


def _fields(item: Record) -> Record:
    """Fields and properties side by side; AzureDiagnostics marks types at the end of a name (`url_s`)."""
    properties = as_object(next((item[name] for name in ("properties", "properties_s") if name in item), None))
    both = {**(properties if isinstance(properties, Mapping) else {}), **item, "properties": None, "properties_s": None}
    return {_SUFFIX.sub("", str(name)).lower(): value for name, value in both.items() if value is not None}


def _columns(fields: Record, records: Sequence[Record]) -> dict[str, Any]:
    headers = fields.get("requestheaders")
    key = header(headers, "ocp-apim-subscription-key", "api-key", "authorization")
    account = _account(fields, key)
    if account is None:
        raise Rejected("names neither a subscription, nor a caller, nor a key, nor a resource")
    asked = request_columns(_body(fields, "requestbody") or {"messages": _messages(records, "requestmessages")})
    return {
        **asked,
        **_answer(fields, records),
        "exchange_id": text(fields.get("correlationid")),
        "ts": fields.get("time") or fields.get("timegenerated"),
        "account_id": account,
        "org_id": _resource(fields, "SUBSCRIPTIONS"),
        "credential_id": credential(key),
        "end_user_id": text(fields.get("userid")) or asked.get("end_user_id"),
        "pathway": "azure",
        "model": _model(fields) or asked.get("model"),
        "ip": address(fields.get("calleripaddress")),
        "user_agent": text(header(headers or fields.get("backendrequestheaders"), "user-agent")),
    }


def _answer(fields: Record, records: Sequence[Record]) -> dict[str, Any]:
    code = fields.get("responsecode") or fields.get("resultsignature") or fields.get("backendresponsecode")
    messages = _messages(records, "responsemessages")
    body = _body(fields, "responsebody") or (messages and {"choices": [{"message": messages[0]}]}) or None
    said = response_columns(body, code)
    failed = status_of(error=None if fields.get("isrequestsuccess", True) else "failed")
    counted = {"input_tokens": fields.get("prompttokens"), "output_tokens": fields.get("completiontokens")}
    return merged({"status": failed}, said, counted)


def _account(fields: Record, key: Any) -> str | None:
    """The subscription key's holder, else the directory's object, else the key, else the resource that is billed."""
    names = ("apimsubscriptionid", "subscriptionid", "objectid")
    named = next((found for name in names if (found := text(fields.get(name)))), None)
    return named or lasting(key) or _resource(fields, "ACCOUNTS") or _resource(fields, "SERVICE")


def _resource(fields: Record, part: str) -> str | None:
    """A part of the resource id, which is a path of names and values in any case."""
    path = (text(fields.get("resourceid")) or text(fields.get("_resourceid")) or "").upper().split("/")
    return next((value for name, value in pairwise(path) if name == part and value), None)


def _body(fields: Record, name: str) -> Any:
    """The client's body, else the backend's; API Management cuts bodies off at 8 kB, and what is left is read."""
    found = next((fields[key] for key in (name, f"backend{name}") if fields.get(key)), None)
    return as_far_as_it_goes(found) if isinstance(found, str) else found


def _messages(records: Sequence[Record], name: str) -> list[Any]:
    """Messages that came in pieces, put together by their numbers."""
    pieces = sorted(
        (integer(record.get("sequencenumber")) or 0, record[name])
        for record in records
        if isinstance(record.get(name), str)
    )
    whole = as_far_as_it_goes("".join(piece for _, piece in pieces))
    return whole if isinstance(whole, list) else [whole] if whole else []


def _model(fields: Record) -> str | None:
    named = (
        text(fields.get("modelname")) or text(fields.get("modeldeploymentname")) or text(fields.get("deploymentname"))
    )
    url = text(fields.get("url")) or text(fields.get("backendurl")) or ""
    return named or next(iter(_DEPLOYMENT.findall(url)), None)


def _lower(value: Any) -> str:
    return value.lower() if isinstance(value, str) else ""
