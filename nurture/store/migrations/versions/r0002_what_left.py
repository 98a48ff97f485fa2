"""An index of what left lately: limits are counted from it.

Revision 0002, after 0001.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    condition = sa.text("sent_at IS NOT NULL")
    op.create_index(
        "ix_message_sent",
        "message",
        ["sent_at", "mailbox_id", "to_address"],
        sqlite_where=condition,
        postgresql_where=condition,
    )


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_message_sent", "message")
