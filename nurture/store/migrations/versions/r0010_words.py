"""People and organisations are found by a part of what they are called, in whatever width, case and kana.

Revision 0010, after 0009.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from nurture.core import seeking
from nurture.store.columns import TEXT

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BATCH = 2_000


def upgrade() -> None:
    """Forward: the words of all who are known are written down."""
    for name, more in (("organisation", ()), ("person", ("organisation_id", "rep_id"))):
        op.create_table(
            f"{name}_words",
            sa.Column("id", TEXT, nullable=False),
            sa.Column("text", TEXT, nullable=False),
            *(sa.Column(each, TEXT, nullable=True) for each in more),
            sa.PrimaryKeyConstraint("id", name=f"pk_{name}_words"),
            sa.ForeignKeyConstraint(
                ["id"], [f"{name}.id"], name=f"fk_{name}_words_id", deferrable=True, initially="DEFERRED"
            ),
        )
    connection = op.get_bind()
    houses = connection.exec_driver_sql("SELECT id, name FROM organisation").all()
    _fill("organisation", [{"id": o.id, "text": seeking.of_organisation(o.name)} for o in houses])
    columns = "id, family_name, given_name, kana, email, organisation_id, rep_id"
    people = connection.exec_driver_sql(f"SELECT {columns} FROM person").all()  # noqa: S608
    _fill(
        "person",
        [
            {
                "id": p.id,
                "text": seeking.of_person(p.family_name, p.given_name, p.kana, p.email),
                "organisation_id": p.organisation_id,
                "rep_id": p.rep_id,
            }
            for p in people
        ],
    )


def _fill(name: str, rows: list[dict[str, str | None]]) -> None:
    columns = [sa.column(each, TEXT) for each in (rows[0] if rows else ())]
    for start in range(0, len(rows), BATCH):
        op.get_bind().execute(sa.insert(sa.table(f"{name}_words", *columns)), rows[start : start + BATCH])


def downgrade() -> None:
    """Back."""
    op.drop_table("person_words")
    op.drop_table("organisation_words")
