"""The tables of the state, as SQLAlchemy Core sees them; Alembic makes them.

Times are text, RFC 3339 in UTC to the second, so that both databases keep and sort them alike. JSON is text with sorted
keys, so that a digest over it means the same everywhere.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

__all__ = [
    "META",
    "accounts",
    "aliases",
    "api_keys",
    "appeals",
    "approvals",
    "audit",
    "batches",
    "campaigns",
    "consents",
    "decisions",
    "members",
    "scans",
    "tasks",
]

META: Final = sa.MetaData()


def _text(name: str, *, key: bool = False, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=key, nullable=null)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _real(name: str, *, null: bool = False) -> sa.Column[float]:
    return sa.Column(name, sa.Float(53), nullable=null)


scans: Final = sa.Table(
    "scans", META, _text("scan_id", key=True), _number("number"), _text("at"), _number("campaigns"), _number("accounts"),
)  # fmt: skip

campaigns: Final = sa.Table(
    "campaigns",
    META,
    _text("campaign_id", key=True),
    _text("standing"),
    _real("confidence"),
    _text("first_seen"),
    _text("last_seen"),
    _text("scan_id"),
    _text("document"),
)

aliases: Final = sa.Table("aliases", META, _text("alias", key=True), _text("campaign_id"), _text("why"))

members: Final = sa.Table(
    "members", META, _text("campaign_id", key=True), _text("account_id", key=True), _text("scan_id")
)

tasks: Final = sa.Table("tasks", META, _text("campaign_id", key=True), _text("frame", key=True), _text("scan_id"))

accounts: Final = sa.Table(
    "accounts",
    META,
    _text("account_id", key=True),
    _text("campaign_id", null=True),
    _real("risk"),
    sa.Column("flagged", sa.Boolean, nullable=False),
    _real("extraction_share"),
    _real("share_low", null=True),
    _text("scan_id"),
)

decisions: Final = sa.Table(
    "decisions",
    META,
    _text("decision_id", key=True),
    _text("subject_kind"),
    _text("subject"),
    _text("rung"),
    _text("rule"),
    _text("reason"),
    _text("evidence"),
    _text("policy"),
    _text("status"),
    _number("approvals_needed"),
    _text("made_at"),
    _text("expires_at"),
)

approvals: Final = sa.Table(
    "approvals", META, _text("decision_id", key=True), _text("person", key=True), _text("at"), _text("note")
)

appeals: Final = sa.Table(
    "appeals",
    META,
    _text("appeal_id", key=True),
    _text("decision_id"),
    _text("statement"),
    _text("made_at"),
    _text("outcome"),
    _text("person", null=True),
    _text("closed_at", null=True),
)

consents: Final = sa.Table(
    "consents",
    META,
    _text("consent_id", key=True),
    _text("org_id", null=True),
    _text("account_id", null=True),
    _text("kind"),
    _text("capabilities", null=True),
    sa.Column("max_exchanges_per_day", sa.BigInteger, nullable=True),
    _text("expires_at", null=True),
    _text("granted_by"),
    _text("revoked_at", null=True),
)

audit: Final = sa.Table(
    "audit",
    META,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    _text("at"),
    _text("actor"),
    _text("action"),
    _text("subject"),
    _text("detail"),
    _text("before"),
    _text("digest"),
)

api_keys: Final = sa.Table(
    "api_keys",
    META,
    _text("key_id", key=True),
    _text("name"),
    _text("digest"),
    _text("scopes"),
    sa.Column("per_minute", sa.BigInteger, nullable=True),
    _text("made_at"),
    _text("made_by"),
    _text("expires_at", null=True),
    _text("revoked_at", null=True),
    _text("last_used_at", null=True),
    _text("follows", null=True),
)

batches: Final = sa.Table(
    "batches",
    META,
    _text("batch_id", key=True),
    _text("digest"),
    _text("file"),
    _number("exchanges"),
    _text("quarantined"),
    _text("at"),
    _text("actor"),
)
