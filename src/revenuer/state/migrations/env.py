"""What Alembic runs: the versions, on the connection it is handed, in the transaction that is open."""

from __future__ import annotations

from alembic import context

from revenuer.state.tables import META


def upgrade() -> None:
    """Bring the state on `config.attributes["connection"]` to the version asked for."""
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=META, transactional_ddl=False)
    context.run_migrations()


if getattr(context, "_proxy", None) is not None:  # no other way to tell being run from being looked at
    upgrade()
