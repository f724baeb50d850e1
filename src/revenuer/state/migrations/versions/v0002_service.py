"""The second version: keys of the API, of which only digests are kept, and the batches of exchanges that came in by it."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0002"
down_revision: Final = "0001"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "api_keys",
        sa.Column("key_id", sa.Text(), primary_key=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("name", "digest", "scopes", "made_at", "made_by")),
        sa.Column("per_minute", sa.BigInteger(), nullable=True),
        *(sa.Column(name, sa.Text()) for name in ("expires_at", "revoked_at", "last_used_at", "follows")),
    )
    op.create_table(
        "batches",
        sa.Column("batch_id", sa.Text(), primary_key=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("digest", "file", "quarantined", "at", "actor")),
        sa.Column("exchanges", sa.BigInteger(), nullable=False),
    )
