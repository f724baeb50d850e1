"""Exchanges, accounts and findings as Arrow schemas: the one vocabulary of the house.

Traffic in and findings out, as `docs/data.md` describes them for users. A reader or writer that needs a column name,
a capability or an evidence channel takes it from here and nowhere else.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

import pyarrow as pa

__all__ = [
    "ACCOUNTS",
    "CAPABILITIES",
    "CHANNELS",
    "CONSENTS",
    "ENFORCEMENT",
    "EXCHANGES",
    "EXTRACTION_CAPABILITIES",
    "FINDINGS_SCHEMA_VERSION",
    "FOUND_ACCOUNTS",
    "FOUND_EXCHANGES",
    "ORDINARY_CAPABILITIES",
    "RELEASES",
    "REQUIRED",
    "TABLES",
    "TRUTH_ACCOUNTS",
    "TRUTH_EXCHANGES",
    "VALUES",
    "Channel",
    "TableName",
]

FINDINGS_SCHEMA_VERSION: Final = 1

TableName = Literal["exchanges", "accounts", "releases", "enforcement", "consents"]

_TS: Final = pa.timestamp("us", tz="UTC")

EXCHANGES: Final = pa.schema(
    [
        pa.field("exchange_id", pa.string(), nullable=False),
        pa.field("ts", _TS, nullable=False),
        pa.field("account_id", pa.string(), nullable=False),
        ("org_id", pa.string()),
        ("credential_id", pa.string()),
        ("end_user_id", pa.string()),
        ("session_id", pa.string()),
        ("turn", pa.int32()),
        ("pathway", pa.string()),
        ("model", pa.string()),
        ("ip", pa.string()),
        ("asn", pa.int32()),
        ("user_agent", pa.string()),
        ("tls_fingerprint", pa.string()),
        ("system", pa.string()),
        pa.field("prompt", pa.string(), nullable=False),
        ("response", pa.string()),
        ("input_tokens", pa.int32()),
        ("output_tokens", pa.int32()),
        ("max_tokens", pa.int32()),
        ("temperature", pa.float32()),
        ("tools", pa.int32()),
        ("images", pa.int32()),
        ("thinking", pa.bool_()),
        ("reasoning_refs", pa.list_(pa.string())),
        ("reasoning_issued", pa.string()),
        ("status", pa.string()),
    ]
)

ACCOUNTS: Final = pa.schema(
    [
        pa.field("account_id", pa.string(), nullable=False),
        ("org_id", pa.string()),
        ("created_at", _TS),
        ("email_domain", pa.string()),
        ("email_hash", pa.string()),
        ("payment_fingerprint", pa.string()),
        ("payment_kind", pa.string()),
        ("plan", pa.string()),
        ("programme", pa.string()),
        ("verified", pa.bool_()),
        ("signup_ip", pa.string()),
        ("device_fingerprint", pa.string()),
        ("phone_hash", pa.string()),
    ]
)

RELEASES: Final = pa.schema(
    [pa.field("model", pa.string(), nullable=False), pa.field("released_at", _TS, nullable=False)]
)

ENFORCEMENT: Final = pa.schema(
    [
        pa.field("account_id", pa.string(), nullable=False),
        pa.field("ts", _TS, nullable=False),
        pa.field("action", pa.string(), nullable=False),
    ]
)

CONSENTS: Final = pa.schema(
    [
        ("org_id", pa.string()),
        ("account_id", pa.string()),
        pa.field("kind", pa.string(), nullable=False),
        ("capabilities", pa.list_(pa.string())),
        ("max_exchanges_per_day", pa.int64()),
        ("expires_at", _TS),
    ]
)

TABLES: Final[dict[TableName, pa.Schema]] = {
    "exchanges": EXCHANGES,
    "accounts": ACCOUNTS,
    "releases": RELEASES,
    "enforcement": ENFORCEMENT,
    "consents": CONSENTS,
}

# A row without one of these cannot be judged and goes to quarantine; a table without one is refused.
REQUIRED: Final[dict[TableName, tuple[str, ...]]] = {
    name: tuple(field.name for field in schema if not field.nullable) for name, schema in TABLES.items()
}

# The words that a column may hold. Others are kept as they are and counted, never refused: sources grow.
VALUES: Final[dict[str, tuple[str, ...]]] = {
    "pathway": ("first_party", "bedrock", "vertex", "azure", "aggregator", "subscription"),
    "status": ("ok", "refused", "rate_limited", "error"),
    "payment_kind": ("card", "virtual_card", "invoice", "marketplace", "none"),
    "plan": ("free", "pro", "max", "api", "enterprise"),
    "programme": ("none", "education", "research", "startup"),
    "action": ("ban", "limit", "verify"),
    "kind": ("licensed_distillation", "evaluation", "safety_research", "reseller", "gateway"),
}

FOUND_ACCOUNTS: Final = pa.schema(
    [
        pa.field("account_id", pa.string(), nullable=False),
        pa.field("risk", pa.float64(), nullable=False),
        pa.field("flagged", pa.bool_(), nullable=False),
        ("campaign_id", pa.string()),
        pa.field("extraction_share", pa.float64(), nullable=False),
        ("extraction_share_low", pa.float64()),
        ("extraction_share_high", pa.float64()),
        pa.field("reasons", pa.list_(pa.string()), nullable=False),
        ("p_value", pa.float64()),
    ]
)

FOUND_EXCHANGES: Final = pa.schema(
    [
        pa.field("exchange_id", pa.string(), nullable=False),
        pa.field("score", pa.float64(), nullable=False),
        pa.field("extraction", pa.bool_(), nullable=False),
        pa.field("capability", pa.string(), nullable=False),
        ("campaign_id", pa.string()),
        ("capabilities", pa.list_(pa.string())),
    ]
)

TRUTH_ACCOUNTS: Final = pa.schema(
    [
        pa.field("account_id", pa.string(), nullable=False),
        pa.field("label", pa.string(), nullable=False),
        pa.field("extraction", pa.bool_(), nullable=False),
        ("campaign", pa.string()),
    ]
)

TRUTH_EXCHANGES: Final = pa.schema(
    [
        pa.field("exchange_id", pa.string(), nullable=False),
        pa.field("extraction", pa.bool_(), nullable=False),
        pa.field("capability", pa.string(), nullable=False),
        ("campaign", pa.string()),
    ]
)

EXTRACTION_CAPABILITIES: Final = (
    "reasoning",
    "cot_elicitation",
    "trace_reconstruction",
    "rubric_grading",
    "censorship_rewrite",
    "tool_use",
    "agentic_coding",
    "orchestration",
    "coding",
    "data_analysis",
    "computer_use",
    "vision",
    "general_instruction",
)
ORDINARY_CAPABILITIES: Final = ("chat", "support", "translation", "qa", "writing", "other")
CAPABILITIES: Final = EXTRACTION_CAPABILITIES + ORDINARY_CAPABILITIES

Channel = Literal[
    "template",
    "partition",
    "timing",
    "infrastructure",
    "payment",
    "signup",
    "succession",
    "pivot",
    "probing",
    "replay",
    "content",
]
CHANNELS: Final[tuple[Channel, ...]] = get_args(Channel)
