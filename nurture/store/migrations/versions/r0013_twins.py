"""People of an organisation stand together by name: who may be there twice is read from the index alone.

Revision 0013, after 0012.
"""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

NARROW = ["organisation_id"]
WIDE = [*NARROW, "family_name", "given_name", "rep_id"]


def upgrade() -> None:
    """Forward."""
    _replace(WIDE, "5000 10 1 1 1")


def downgrade() -> None:
    """Back."""
    _replace(NARROW, "5000 10")


def _replace(columns: list[str], rows: str) -> None:
    op.drop_index("ix_person_organisation", "person")
    op.create_index("ix_person_organisation", "person", columns)
    if op.get_bind().dialect.name == "sqlite":  # dropping an index drops what was told of it
        op.execute(
            f"INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('person', 'ix_person_organisation', '{rows}')"  # noqa: S608
        )
        op.execute("ANALYZE sqlite_schema")
