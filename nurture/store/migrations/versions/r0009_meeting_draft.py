"""A meeting's record is kept while it is being written; where somebody was lately is found at once.

Revision 0009, after 0008.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from nurture.store.columns import INSTANT, TEXT

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "meeting_draft",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("rep_id", TEXT, nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("saved_at", INSTANT, nullable=False),
        sa.Column("fields", TEXT, nullable=False),
        sa.Column("hand", TEXT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_meeting_draft"),
        sa.ForeignKeyConstraint(
            ["rep_id"],
            ["representative.id"],
            name="fk_meeting_draft_rep_id",
            deferrable=True,
            initially="DEFERRED",
        ),
    )
    condition = sa.text("ended_at IS NULL")
    op.create_index(
        "ix_meeting_draft_open",
        "meeting_draft",
        ["rep_id", "saved_at"],
        sqlite_where=condition,
        postgresql_where=condition,
    )
    op.create_index("ix_meeting_rep", "meeting", ["rep_id", "ended_at"])


def downgrade() -> None:
    """Back: what was not recorded yet is lost."""
    op.drop_index("ix_meeting_rep", "meeting")
    op.drop_table("meeting_draft")
