"""Alembic's entry: the schema's history is run on the connection it is given, in that one's transaction."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, pool

from nurture.store.schema import METADATA


def run() -> None:
    """Run the revisions asked for."""
    connection = context.config.attributes.get("connection")
    if connection is not None:
        context.configure(connection=connection, target_metadata=METADATA, render_as_batch=True)
        with context.begin_transaction():
            context.run_migrations()
        return
    # From the command line, where a new revision is written.
    engine = create_engine(
        context.config.get_main_option("sqlalchemy.url") or "sqlite://", poolclass=pool.StaticPool
    )
    with engine.begin() as opened:
        context.configure(connection=opened, target_metadata=METADATA, render_as_batch=True)
        with context.begin_transaction():
            context.run_migrations()


run()
