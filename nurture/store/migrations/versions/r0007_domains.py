"""Who works under a domain is asked for each mail of a stranger: an index instead of all addresses.

Revision 0007, after 0006.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

DOMAIN = "ltrim(lower(email), 'abcdefghijklmnopqrstuvwxyz0123456789.!#$&*+/=_{|}~-')"


def upgrade() -> None:
    """Forward."""
    op.create_index("ix_person_domain", "person", [sa.text(DOMAIN), "organisation_id"])


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_person_domain", "person")
