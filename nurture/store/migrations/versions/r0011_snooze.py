"""What somebody put aside at the desk, until when.

Revision 0011, after 0010.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from nurture.store.columns import INSTANT, TEXT

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "snooze",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("rep_id", TEXT, nullable=False),
        sa.Column("subject_id", TEXT, nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_snooze"),
        sa.ForeignKeyConstraint(
            ["rep_id"],
            ["representative.id"],
            name="fk_snooze_rep_id",
            deferrable=True,
            initially="DEFERRED",
        ),
    )
    op.create_index("ix_snooze_until", "snooze", ["rep_id", "until"])


def downgrade() -> None:
    """Back: everything is in sight again."""
    op.drop_table("snooze")
