"""OpenAPI 3.1 from the route table: what is described is what is served, since both are made of the same lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import msgspec

from revenuer.service.admin.endpoint import Endpoint
from revenuer.service.admin.ingest import KEY_FORM
from revenuer.service.problems import MEDIA_TYPE, Problem

__all__ = ["openapi"]

_REF: Final = "#/components/schemas/{name}"
_WORDS: Final = {
    400: "What was sent cannot be read.",
    401: "Nobody is known by what was presented.",
    403: "The caller may not.",
    404: "There is no such thing.",
    408: "The body took too long.",
    409: "It cannot be done to this thing as it stands.",
    412: "It has changed since the caller looked.",
    413: "The body is too large.",
    415: "The body is of another type.",
    422: "What was sent can be read, and is not what is expected.",
    428: "If-Match is missing.",
    429: "Too often; Retry-After says when to come again.",
    500: "This should not happen.",
    503: "The state or the issuer cannot be reached; come again.",
}
_BATCHES: Final = "application/x-ndjson"
_ALWAYS: Final = (429, 500, 503)


def openapi(endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    """The description of these endpoints."""
    types = [kind for one in endpoints for kind in (one.answer, one.body) if kind not in {None, Path, str}]
    queries = [one.query for one in endpoints if one.query is not None]
    _, components = msgspec.json.schema_components([*types, *queries, Problem], ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for one in endpoints:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, components)
    asked = {kind.__name__ for kind in queries}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "revenuer",
            "version": version("revenuer"),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": {name: kind for name, kind in components.items() if name not in asked},
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "A key of the API: rvk_..."},
                "person": {"type": "http", "scheme": "bearer", "description": "A token of the OpenID Connect issuer."},
            },
        },
    }


def _operation(one: Endpoint, components: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"operationId": one.name, "summary": one.summary, "responses": _responses(one)}
    if one.scope is not None:
        kinds = ["person"] if one.person else ["key"] if one.key_only else ["key", "person"]
        told |= {
            "security": [{kind: []} for kind in kinds],
            "description": f"Needs the scope `{one.scope}`{', and a person' if one.person else ''}.",
        }
    if parameters := _parameters(one, components):
        told["parameters"] = parameters
    if one.body is not None:
        told["requestBody"] = {"required": True, "content": _body(one)}
    return told


def _body(one: Endpoint) -> dict[str, Any]:
    if one.body is Path:
        return {_BATCHES: {"schema": {"type": "string"}}}
    return {"application/json": {"schema": _schema(one.body)}}


def _parameters(one: Endpoint, components: dict[str, Any]) -> list[dict[str, Any]]:
    named = {"type": "string", "minLength": 1, "maxLength": 300, "pattern": "^[^\\x00-\\x1f\\x7f]+$"}
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": named} for name in re.findall(r"{(\w+)}", one.path)
    ]
    if one.query is not None:
        schema = components[one.query.__name__]
        found += [
            {"name": name, "in": "query", "required": False, "schema": _without_null(kind)}
            for name, kind in schema["properties"].items()
        ]
    if one.match != "no":
        found.append(
            {"name": "If-Match", "in": "header", "required": one.match == "must", "schema": {"type": "string"}}
        )
    if one.body is Path:
        key = {"type": "string", "pattern": KEY_FORM}
        found.append({"name": "Idempotency-Key", "in": "header", "required": True, "schema": key})
    return found


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter is left out rather than null."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) == 1:
        return dict(kinds[0])
    if None in schema.get("enum", ()):
        return {"type": "string", "enum": [value for value in schema["enum"] if value is not None]}
    return schema


def _responses(one: Endpoint) -> dict[str, Any]:
    said: dict[str, Any] = {"description": "Done."}
    if one.answer is not None:
        said["content"] = {one.media: {"schema": _schema(one.answer)}}
    problem = {"content": {MEDIA_TYPE: {"schema": {"$ref": _REF.format(name="Problem")}}}}
    failing = {status: {"description": _WORDS[status], **problem} for status in statuses(one)}
    return {str(status): told for status, told in sorted({one.status: said, **failing}.items())}


def statuses(one: Endpoint) -> list[int]:
    """Of refusals, all that an endpoint may answer with."""
    found = {*_ALWAYS, *one.fails}
    found |= set() if one.scope is None else {401, 403}
    found |= {422} if one.query is not None or "{" in one.path else set()
    found |= {400, 408, 413, 415, 422} if one.body is not None else set()
    found |= {412} if one.match != "no" else set()
    return sorted(found | ({428} if one.match == "must" else set()))


def _schema(kind: Any) -> dict[str, Any]:
    (schema,), _ = msgspec.json.schema_components([kind], ref_template=_REF)
    return schema
