"""Runs migrations on the connection that was handed in, in one transaction."""

from __future__ import annotations

from alembic import context

from models.tables import METADATA

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=METADATA, render_as_batch=True, transactional_ddl=True, transaction_per_migration=False
)
with context.begin_transaction():
    context.run_migrations()
