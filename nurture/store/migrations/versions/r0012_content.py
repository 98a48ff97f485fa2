"""How often content left, from the index alone.

Revision 0012, after 0011.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward: the content library counts what left."""
    left = sa.text("content_id IS NOT NULL AND sent_at IS NOT NULL")
    op.create_index(
        "ix_message_content", "message", ["content_id", "sent_at"], sqlite_where=left, postgresql_where=left
    )


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_message_content", "message")
