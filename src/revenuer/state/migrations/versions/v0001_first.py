"""The first version: campaigns, standing, decisions, consents, appeals, approvals and the audit log."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0001"
down_revision: Final = None

_TEXT: Final[dict[str, tuple[str, ...]]] = {
    "aliases": ("alias*", "campaign_id", "why"),
    "members": ("campaign_id*", "account_id*", "scan_id"),
    "tasks": ("campaign_id*", "frame*", "scan_id"),
    "approvals": ("decision_id*", "person*", "at", "note"),
    "appeals": ("appeal_id*", "decision_id", "statement", "made_at", "outcome", "person?", "closed_at?"),
    "scans": ("scan_id*", "at"),
    "campaigns": ("campaign_id*", "standing", "first_seen", "last_seen", "scan_id", "document"),
    "accounts": ("account_id*", "campaign_id?", "scan_id"),
    "decisions": (
        "decision_id*", "subject_kind", "subject", "rung", "rule", "reason", "evidence", "policy", "status",
        "made_at", "expires_at",
    ),
    "consents": (
        "consent_id*", "org_id?", "account_id?", "kind", "capabilities?", "expires_at?", "granted_by", "revoked_at?",
    ),
    "audit": ("at", "actor", "action", "subject", "detail", "before", "digest"),
}  # fmt: skip
_NUMBERS: Final = {
    "scans": ("number", "campaigns", "accounts"),
    "decisions": ("approvals_needed",),
    "consents": ("max_exchanges_per_day?",),
    "audit": ("number*",),
}
_REALS: Final = {"campaigns": ("confidence",), "accounts": ("risk", "extraction_share", "share_low?")}

_REFUSED: Final = "the audit log is append-only"


def upgrade() -> None:
    """Make the tables, and have the database itself refuse to change the audit log."""
    for table in _TEXT:
        op.create_table(table, *_columns(table))
    op.create_index("decisions_of", "decisions", ["subject", "status"])
    op.create_index("members_of", "members", ["account_id"])
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_{verb.lower()} BEFORE {verb} ON audit "
                f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_is_kept() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REFUSED}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_kept()"
    )


def _columns(table: str) -> list[sa.Column[Any]]:
    kinds = ((_TEXT, sa.Text()), (_NUMBERS, sa.BigInteger()), (_REALS, sa.Float(53)))
    made = [_column(name, kind) for columns, kind in kinds for name in columns.get(table, ())]
    return made + ([sa.Column("flagged", sa.Boolean(), nullable=False)] if table == "accounts" else [])


def _column(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    """`*` marks a part of the key, `?` what may be null."""
    key = name.endswith("*")
    return sa.Column(name.rstrip("*?"), kind, primary_key=key, nullable=name.endswith("?"), autoincrement=False)
