"""The index of states holds all that a claim asks: a long queue is counted and claimed from it alone.

Revision 0004, after 0003.
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NARROW = ["state", "planned_at", "id"]
WIDE = [*NARROW, "mailbox_id", "not_before", "planned_on", "enrollment_id"]


def upgrade() -> None:
    """Forward."""
    _replace(WIDE, "100000 1000 2 1 1 1 1 1")


def downgrade() -> None:
    """Back."""
    _replace(NARROW, "100000 1000 2 1")


def _replace(columns: list[str], rows: str) -> None:
    op.drop_index("ix_message_state", "message")
    op.create_index("ix_message_state", "message", columns)
    if op.get_bind().dialect.name == "sqlite":  # dropping an index drops what was told of it
        op.execute(f"INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('message', 'ix_message_state', '{rows}')")  # noqa: S608
        op.execute("ANALYZE sqlite_schema")
