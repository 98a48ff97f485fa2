"""The texts of messages in a table of their own, so that a message that moves does not carry its text along.

Revision 0003, after 0002.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "message_body",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["id"], ["message.id"], name="fk_message_body_id", deferrable=True, initially="DEFERRED"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_message_body"),
    )
    op.execute("INSERT INTO message_body (id, body) SELECT id, body FROM message WHERE body <> ''")
    op.drop_column("message", "body")


def downgrade() -> None:
    """Back."""
    op.add_column("message", sa.Column("body", TEXT, nullable=False, server_default=""))
    op.execute(
        "UPDATE message SET body = coalesce((SELECT b.body FROM message_body AS b WHERE b.id = message.id), '')"
    )
    op.drop_table("message_body")
