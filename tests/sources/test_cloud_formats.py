"""Logs of the clouds: Bedrock with CloudTrail, Vertex, Azure OpenAI and API Management."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from infrastructure import anything, exchanges, read

from revenuer.sources.formats import Format
from revenuer.sources.formats.azure import Azure
from revenuer.sources.formats.bedrock import Bedrock
from revenuer.sources.formats.vertex import Vertex

Record = dict[str, Any]


def invocation(**changes: Any) -> Record:
    """A Converse call as Bedrock logs it."""
    return {
        "schemaType": "ModelInvocationLog",
        "schemaVersion": "1.0",
        "timestamp": "2026-03-01T10:00:00Z",
        "accountId": "111122223333",
        "identity": {"arn": "arn:aws:sts::111122223333:assumed-role/batch/i-0abc"},
        "region": "eu-west-1",
        "requestId": "r-1",
        "operation": "Converse",
        "modelId": "arn:aws:bedrock:eu-west-1:111122223333:inference-profile/eu.large-1",
        "input": {
            "inputContentType": "application/json",
            "inputTokenCount": 30,
            "cacheReadInputTokenCount": 12,
            "inputBodyJson": {
                "system": [{"text": "Be brief."}],
                "messages": [
                    {"role": "user", "content": [{"text": "one"}]},
                    {"role": "assistant", "content": [{"text": "ok"}]},
                    {"role": "user", "content": [{"text": "two"}, {"image": {"format": "png"}}]},
                ],
                "inferenceConfig": {"maxTokens": 99, "temperature": 0.5},
                "toolConfig": {"tools": [{"toolSpec": {"name": "clock"}}]},
            },
        },
        "output": {
            "outputBodyJson": {
                "output": {"message": {"role": "assistant", "content": [{"text": "three"}]}},
                "stopReason": "end_turn",
            },
            "outputTokenCount": 7,
        },
        **changes,
    }


def trail(**changes: Any) -> Record:
    """What CloudTrail has on the same call."""
    return {
        "eventVersion": "1.11",
        "eventTime": "2026-03-01T10:00:00Z",
        "eventSource": "bedrock.amazonaws.com",
        "eventName": "Converse",
        "userIdentity": {"type": "AssumedRole", "accessKeyId": "ASIAEXAMPLE"},
        "sourceIPAddress": "203.0.113.7",
        "userAgent": "Boto3/1.40",
        "requestID": "r-1",
        **changes,
    }


def test_an_invocation_is_joined_with_its_trail() -> None:
    """Text and tokens come from the invocation log; address, client and key from CloudTrail, in whatever order."""
    for objects in ([invocation(), {"Records": [trail()]}], [{"Records": [trail()]}, invocation()]):
        (exchange,) = exchanges(Bedrock(), objects)
        key = exchange.pop("credential_id")
        assert exchange == {
            "exchange_id": "r-1", "ts": "2026-03-01T10:00:00Z", "pathway": "bedrock", "model": "eu.large-1",
            "account_id": "arn:aws:sts::111122223333:assumed-role/batch", "org_id": "111122223333", "end_user_id": "i-0abc",
            "ip": "203.0.113.7", "user_agent": "Boto3/1.40", "system": "Be brief.", "prompt": "two", "turn": 1,
            "images": 1, "tools": 1, "thinking": False, "max_tokens": 99, "temperature": 0.5, "input_tokens": 42,
            "output_tokens": 7, "response": "three", "status": "ok",
        }  # fmt: skip
        assert len(key) == 64


@pytest.mark.parametrize(
    ("arn", "account", "session"),
    [
        ("arn:aws:iam::1:user/jo", "arn:aws:iam::1:user/jo", None),
        ("arn:aws:sts::1:assumed-role/app/s-1", "arn:aws:sts::1:assumed-role/app", "s-1"),
        (
            "arn:aws:sts::1:assumed-role/AWSReservedSSO_Dev_0/jo",
            "arn:aws:sts::1:assumed-role/AWSReservedSSO_Dev_0/jo",
            None,
        ),
    ],
)
def test_a_role_is_one_caller_and_a_person_another(arn: str, account: str, session: str | None) -> None:
    """Sessions of a role are its end users, except where people sign in to the role."""
    (exchange,) = exchanges(Bedrock(), [invocation(identity={"arn": arn})])
    assert (exchange["account_id"], exchange.get("end_user_id")) == (account, session)


def test_bodies_that_lie_in_s3_are_counted_as_missing() -> None:
    """A body above 100 kB is kept elsewhere: the record is set aside under a reason of its own."""
    rows, rejected = read(Bedrock(), [invocation(input={"inputBodyS3Path": "s3://b/k", "inputTokenCount": 90_000})])
    assert (rows, rejected) == ([], ["the body of the request lies in S3 and not in the log"])


def test_cloudwatch_exports_hold_the_record_in_a_message() -> None:
    """Rows of a query and batches of a subscription give what the S3 file gives."""
    text = json.dumps(invocation())
    for whole in ({"@timestamp": "x", "@message": text}, {"logEvents": [{"id": "1", "message": text}]}):
        assert Bedrock().matches(whole) > 0.9
        assert exchanges(Bedrock(), [whole]) == exchanges(Bedrock(), [invocation()])


def test_streams_and_bare_models_are_read() -> None:
    """InvokeModel with a list of chunks, and with the prompt of a completion model."""
    chunks = [
        {"type": "message_start", "message": {"content": [], "model": "m"}},
        {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "thr"}},
        {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "ee"}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 3}},
    ]
    body = {"anthropic_version": "x", "max_tokens": 5, "messages": [{"role": "user", "content": "two"}]}
    stream = invocation(input={"inputBodyJson": body}, output={"outputBodyJson": chunks})
    titan = invocation(
        input={"inputBodyJson": {"inputText": "two", "textGenerationConfig": {"maxTokenCount": 5}}},
        output={"outputBodyJson": {"results": [{"outputText": "three", "completionReason": "FINISH"}]}},
    )
    for record in (stream, titan):
        (exchange,) = exchanges(Bedrock(), [record])
        assert (exchange["prompt"], exchange["response"], exchange["max_tokens"]) == ("two", "three", 5)


def test_failures_of_bedrock_show_in_the_status() -> None:
    """Throttling and errors, from either log."""
    throttled = invocation(errorCode="ThrottlingException", output={})
    assert exchanges(Bedrock(), [throttled])[0]["status"] == "rate_limited"
    denied = [invocation(output={}), trail(errorCode="AccessDenied")]
    assert exchanges(Bedrock(), denied)[0]["status"] == "error"


def test_names_of_services_are_no_addresses() -> None:
    """CloudTrail writes a service's name where AWS itself called."""
    (exchange,) = exchanges(Bedrock(), [invocation(), trail(sourceIPAddress="agents.amazonaws.com")])
    assert "ip" not in exchange


def test_a_trail_alone_is_no_exchange() -> None:
    """A call whose invocation was not logged leaves nothing to judge."""
    assert exchanges(Bedrock(), [{"Records": [trail()]}]) == []


GEMINI = {
    "model": "projects/proj-1/locations/eu/publishers/google/models/large-1",
    "contents": [
        {"role": "user", "parts": [{"text": "one"}]},
        {"role": "model", "parts": [{"text": "ok"}]},
        {"role": "user", "parts": [{"text": "two"}]},
    ],
    "system_instruction": {"parts": [{"text": "Be brief."}]},
    "generation_config": {"max_output_tokens": 99, "temperature": 0.5},
}
ANSWER = {
    "candidates": [{"content": {"role": "model", "parts": [{"text": "three"}]}, "finish_reason": "STOP"}],
    "usage_metadata": {"prompt_token_count": 42, "candidates_token_count": 7, "thoughts_token_count": 5},
}


def logged(request: Any, response: Any) -> Record:
    """A row of the table that Vertex writes."""
    return {
        "endpoint": "publishers/google/models/large-1",
        "logging_time": "2026-03-01 10:00:00.5 UTC",
        "request_id": "5374205265901353984",
        "model": "publishers/google/models/large-1",
        "model_version": "default",
        "api_method": "GenerateContent",
        "full_request": request,
        "full_response": response,
    }


@pytest.mark.parametrize("written", [lambda body: body, json.dumps], ids=["objects", "text"])
def test_a_vertex_row_is_an_exchange(written: Any) -> None:
    """Bodies as objects or as text; BigQuery's times; snake case as the table has it."""
    (exchange,) = exchanges(Vertex(), [logged(written(GEMINI), written(ANSWER))])
    assert exchange == {
        "exchange_id": "5374205265901353984", "ts": "2026-03-01 10:00:00.5+00:00", "account_id": "proj-1",
        "org_id": "proj-1", "pathway": "vertex", "model": "large-1", "system": "Be brief.", "prompt": "two", "turn": 1,
        "images": 0, "tools": 0, "thinking": False, "max_tokens": 99, "temperature": 0.5, "input_tokens": 42,
        "output_tokens": 12, "response": "three", "status": "ok",
    }  # fmt: skip


def test_labels_tell_whom_a_vertex_request_is_for() -> None:
    """A reseller's labels take the place of the project."""
    request = {**GEMINI, "labels": {"customer_id": "acme", "user_id": "jo"}}
    (exchange,) = exchanges(Vertex(), [logged(request, ANSWER)])
    assert (exchange["account_id"], exchange["end_user_id"], exchange["org_id"]) == ("acme", "jo", "proj-1")


def test_partners_models_on_vertex_are_read() -> None:
    """Anthropic's messages through rawPredict, in the older table of payloads too."""
    request = {"anthropic_version": "vertex", "max_tokens": 5, "messages": [{"role": "user", "content": "two"}]}
    response = {"type": "message", "content": [{"type": "text", "text": "three"}], "stop_reason": "end_turn"}
    row = {
        "endpoint": "projects/9/locations/eu/endpoints/7", "logging_time": 1_772_359_200_000_000, "request_id": 1,
        "deployed_model_id": "42", "request_payload": [json.dumps(request)], "response_payload": [json.dumps(response)],
    }  # fmt: skip
    (exchange,) = exchanges(Vertex(), [row])
    assert (exchange["prompt"], exchange["response"], exchange["account_id"]) == ("two", "three", "9")


ASKED = {"model": "dep-1", "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "two"}]}
SAID = {"choices": [{"message": {"content": "three"}, "finish_reason": "stop"}], "model": "large-1-v2",
        "usage": {"prompt_tokens": 42, "completion_tokens": 7}}  # fmt: skip
RESOURCE = "/SUBSCRIPTIONS/S-1/RESOURCEGROUPS/G/PROVIDERS/MICROSOFT.APIMANAGEMENT/SERVICE/APIM-1"


def gateway(**properties: Any) -> Record:
    """API Management's record of one request, as it goes to storage."""
    return {
        "time": "2026-03-01T10:00:00.1234567Z",
        "category": "GatewayLogs",
        "correlationId": "c-1",
        "callerIpAddress": "203.0.113.7",
        "resourceId": RESOURCE,
        "properties": {
            "apimSubscriptionId": "acme",
            "userId": "jo",
            "method": "POST",
            "url": "https://apim.example/deployments/dep-1/chat/completions?api-version=1",
            "requestHeaders": {"User-Agent": "sdk/1", "api-key": "secret"},
            "requestBody": json.dumps(ASKED),
            "responseBody": json.dumps(SAID),
            "responseCode": 200,
            **properties,
        },
    }


AZURE = {
    "exchange_id": "c-1", "ts": "2026-03-01T10:00:00.1234567Z", "account_id": "acme", "org_id": "S-1", "end_user_id": "jo",
    "pathway": "azure", "model": "dep-1", "ip": "203.0.113.7", "user_agent": "sdk/1", "system": "Be brief.",
    "prompt": "two", "turn": 0, "response": "three", "input_tokens": 42, "output_tokens": 7, "status": "ok",
}  # fmt: skip


def test_a_gateway_record_with_bodies_is_an_exchange() -> None:
    """One record of API Management, alone or in a batch, or as a row of AzureDiagnostics."""
    row = {f"{name}_s": value for name, value in gateway()["properties"].items()}
    diagnostics = {**row, "TimeGenerated": AZURE["ts"], "Category": "GatewayLogs", "CorrelationId": "c-1",
                   "CallerIPAddress": "203.0.113.7", "ResourceId": RESOURCE}  # fmt: skip
    for whole in (gateway(), {"records": [gateway()]}, diagnostics):
        assert Azure().matches(whole) > 0.9
        (exchange,) = exchanges(Azure(), [whole])
        assert {name: exchange[name] for name in AZURE} == AZURE
        assert len(exchange["credential_id"]) == 64


def test_messages_in_pieces_are_put_together() -> None:
    """GatewayLlmLogs cut messages into pieces of 32 kB, in any order, and know tokens; the gateway log knows who."""
    messages = json.dumps(ASKED["messages"])
    pieces = [messages[:40], messages[40:]]
    llm = {"Type": "ApiManagementGatewayLlmLog", "CorrelationId": "c-1", "TimeGenerated": AZURE["ts"]}
    rows = [
        {**llm, "SequenceNumber": 1, "RequestMessages": pieces[1]},
        {**llm, "SequenceNumber": 0, "RequestMessages": pieces[0]},
        {**llm, "SequenceNumber": 2, "ResponseMessages": '[{"role": "assistant", "content": "three"}]'},
        {**llm, "SequenceNumber": 3, "DeploymentName": "dep-1", "PromptTokens": 42, "CompletionTokens": 7},
    ]
    (exchange,) = exchanges(Azure(), [*rows, gateway(requestBody=None, responseBody=None)])
    assert {name: exchange[name] for name in AZURE} == AZURE


def test_a_body_that_was_cut_off_is_read_as_far_as_it_goes() -> None:
    """API Management logs 8 kB of a body: the beginning of a long prompt is worth having."""
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "long " * 3_000}]})[:8_192]
    (exchange,) = exchanges(Azure(), [gateway(requestBody=body)])
    assert exchange["prompt"].startswith("long long")
    assert 8_000 < len(exchange["prompt"]) < 8_192


def test_azure_openai_alone_logs_no_text_and_masks_addresses() -> None:
    """RequestResponse records are exchanges without a prompt; a masked address is none."""
    record = {
        "time": "2026-03-01T10:00:00Z", "category": "RequestResponse", "correlationId": "c-1",
        "callerIpAddress": "203.0.113.***", "resultSignature": "429", "operationName": "ChatCompletions_Create",
        "resourceId": "/SUBSCRIPTIONS/S-1/RESOURCEGROUPS/G/PROVIDERS/MICROSOFT.COGNITIVESERVICES/ACCOUNTS/OPENAI-1",
        "properties": json.dumps({"objectId": "", "modelName": "large-1", "requestLength": 128}),
    }  # fmt: skip
    (exchange,) = exchanges(Azure(), [record])
    assert (exchange["account_id"], exchange["model"], exchange["status"]) == ("OPENAI-1", "large-1", "rate_limited")
    assert not {"prompt", "ip"} & exchange.keys()


def test_a_content_filter_refuses() -> None:
    """Azure answers 400 where its filter stops a prompt."""
    error = {"error": {"code": "content_filter", "innererror": {"code": "ResponsibleAIPolicyViolation"}}}
    (exchange,) = exchanges(Azure(), [gateway(responseBody=json.dumps(error), responseCode=400)])
    assert exchange["status"] == "refused"


def test_what_else_passes_the_gateway_is_no_exchange() -> None:
    """Requests to other APIs name no deployment and hold no messages."""
    assert exchanges(Azure(), [gateway(url="https://apim.example/orders", requestBody="{}", responseBody="{}")]) == []


FORMATS: tuple[tuple[Format, Record], ...] = (
    (Bedrock(), invocation()),
    (Vertex(), logged(GEMINI, ANSWER)),
    (Azure(), gateway()),
)
NAMES = (
    "schemaType", "requestId", "identity", "arn", "input", "output", "inputBodyJson", "outputBodyJson", "Records",
    "logEvents", "message", "full_request", "full_response", "logging_time", "labels", "records", "category", "type",
    "properties", "correlationId", "resourceId", "requestBody", "requestMessages", "sequenceNumber", "messages", "parts",
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(value=anything(NAMES))
def test_whatever_a_cloud_log_holds_nothing_but_a_rejection_is_raised(value: Any) -> None:
    """Any field of a record may be anything, and so may the record."""
    for form, record in FORMATS:
        whole = value if isinstance(value, dict) else {"x": value}
        for damaged in (whole, *({**record, name: value} for name in record)):
            form.matches(damaged)
            read(form, [damaged])
    for name in ("requestBody", "requestMessages", "sequenceNumber", "url", "requestHeaders", "responseCode"):
        read(Azure(), [gateway(**{name: value})])
