"""The third version: what a scan changed is found without reading everything."""

from __future__ import annotations

from typing import Final

from alembic import op

revision: Final = "0003"
down_revision: Final = "0002"


def upgrade() -> None:
    """Make the indexes."""
    for table in ("accounts", "tasks"):
        op.create_index(f"{table}_of_scan", table, ["scan_id"])
