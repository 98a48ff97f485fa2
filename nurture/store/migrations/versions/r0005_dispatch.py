"""What is to be told by mail is kept until a server has taken it.

Revision 0005, after 0004.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from nurture.store.columns import INSTANT, TEXT

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "dispatch",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("rep_id", TEXT, nullable=True),
        sa.Column("person_id", TEXT, nullable=True),
        sa.Column("mailbox_id", TEXT, nullable=True),
        sa.Column("to_address", TEXT, nullable=False),
        sa.Column("to_name", TEXT, nullable=False),
        sa.Column("in_reply_to", TEXT, nullable=False),
        sa.Column("link", TEXT, nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("outcome", TEXT, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_dispatch"),
        _ref("rep_id", "representative"),
        _ref("person_id", "person"),
    )
    condition = sa.text("ended_at IS NULL")
    op.create_index("ix_dispatch_due", "dispatch", ["due_at"], sqlite_where=condition, postgresql_where=condition)


def downgrade() -> None:
    """Back: what was not told yet stands at the desk."""
    op.drop_table("dispatch")


def _ref(column: str, table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{table}.id"], name=f"fk_dispatch_{column}", deferrable=True, initially="DEFERRED"
    )
