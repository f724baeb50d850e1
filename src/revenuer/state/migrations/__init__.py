"""Versions of the schema, in the order of their numbers; Alembic runs those that a state has not seen."""
