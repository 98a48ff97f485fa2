"""The schema of the first release.

Revision 0001, the first.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True)
SEQ = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

REFUSALS = (
    """
CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal
WHEN NOT EXISTS (SELECT 1 FROM journal_unlock)
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END
""".strip(),
    """
CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal
WHEN NOT EXISTS (SELECT 1 FROM journal_unlock)
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END
""".strip(),
)

POSTGRESQL_REFUSALS = (
    """
CREATE FUNCTION journal_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM journal_unlock) THEN
    RAISE EXCEPTION 'the journal is append-only';
  END IF;
  IF TG_OP = 'UPDATE' THEN RETURN NEW; END IF;
  RETURN OLD;
END $$
""".strip(),
    "CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal FOR EACH ROW EXECUTE FUNCTION journal_refuse()",
    "CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal FOR EACH ROW EXECUTE FUNCTION journal_refuse()",
    """
CREATE TRIGGER journal_no_truncate BEFORE TRUNCATE ON journal
FOR EACH STATEMENT EXECUTE FUNCTION journal_refuse()
""".strip(),
)

# How many rows share a key: SQLite plans by it. Never measured, so plans do not change with the data.
STATISTICS = (
    ("message", "ix_message_state", "100000 1000 2 1"),
    ("message", "ix_message_queue", "100000 500 100 2"),
    ("message", "ix_message_organisation", "100000 200 3"),
    ("enrollment", "ix_enrollment_rep", "10000 500 125"),
    ("enrollment", "ix_enrollment_scenario", "10000 1000 250"),
    ("enrollment", "ix_enrollment_organisation", "10000 20"),
    ("task", "ix_task_queue", "20000 400 100 1"),
    ("person", "ix_person_rep", "5000 250"),
    ("person", "ix_person_organisation", "5000 10"),
    ("deal", "ix_deal_rep", "2000 100 30"),
    ("inbound", "ix_inbound_person", "20000 5 3 1"),
    ("journal", "ix_journal_kind", "500000 20000 1"),
    ("journal", "ix_journal_organisation", "500000 500 1"),
)


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "organisation",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("region", TEXT, nullable=True),
        sa.Column("timezone", TEXT, nullable=True),
        sa.Column("domains", TEXT, nullable=False),
        sa.Column("closures", TEXT, nullable=False),
        sa.Column("private_note", TEXT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_organisation"),
    )
    op.create_table(
        "representative",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("email", TEXT, nullable=False),
        sa.Column("kana", TEXT, nullable=False),
        sa.Column("department", TEXT, nullable=False),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("phone", TEXT, nullable=False),
        sa.Column("mailbox_id", TEXT, nullable=True),
        sa.Column("manager_id", TEXT, nullable=True),
        sa.Column("deputy_ids", TEXT, nullable=False),
        sa.Column("access", TEXT, nullable=False),
        sa.Column("language", TEXT, nullable=False),
        sa.Column("timezone", TEXT, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_representative"),
        _ref("representative", "manager_id", "representative"),
    )
    op.create_table(
        "person",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("email", TEXT, nullable=False),
        sa.Column("family_name", TEXT, nullable=False),
        sa.Column("given_name", TEXT, nullable=False),
        sa.Column("kana", TEXT, nullable=False),
        sa.Column("organisation_id", TEXT, nullable=True),
        sa.Column("role", TEXT, nullable=True),
        sa.Column("specialty", TEXT, nullable=True),
        sa.Column("department", TEXT, nullable=True),
        sa.Column("title", TEXT, nullable=True),
        sa.Column("profession", TEXT, nullable=False),
        sa.Column("region", TEXT, nullable=True),
        sa.Column("timezone", TEXT, nullable=True),
        sa.Column("language", TEXT, nullable=False),
        sa.Column("legal_basis", TEXT, nullable=False),
        sa.Column("rep_id", TEXT, nullable=True),
        sa.Column("topics", TEXT, nullable=False),
        sa.Column("away", TEXT, nullable=True),
        sa.Column("successor_id", TEXT, nullable=True),
        sa.Column("private_note", TEXT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
        _ref("person", "organisation_id", "organisation"),
        _ref("person", "rep_id", "representative"),
        _ref("person", "successor_id", "person"),
    )
    op.create_table(
        "deal",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("organisation_id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("product", TEXT, nullable=False),
        sa.Column("phase", sa.BigInteger(), nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("competitor", TEXT, nullable=True),
        sa.Column("contract_end", sa.Date(), nullable=True),
        sa.Column("rep_id", TEXT, nullable=True),
        sa.Column("proposal_sent_at", INSTANT, nullable=True),
        sa.Column("lost_at", INSTANT, nullable=True),
        sa.Column("lost_reason", TEXT, nullable=False),
        sa.Column("private_note", TEXT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deal"),
        _ref("deal", "organisation_id", "organisation"),
        _ref("deal", "rep_id", "representative"),
    )
    op.create_table(
        "meeting",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("deal_id", TEXT, nullable=False),
        sa.Column("organisation_id", TEXT, nullable=False),
        sa.Column("rep_id", TEXT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("place", TEXT, nullable=False),
        sa.Column("agreements", TEXT, nullable=False),
        sa.Column("concerns", TEXT, nullable=False),
        sa.Column("confirmation_question", TEXT, nullable=False),
        sa.Column("attendees", TEXT, nullable=False),
        sa.Column("pointers", TEXT, nullable=False),
        sa.Column("material", TEXT, nullable=False),
        sa.Column("dates", TEXT, nullable=False),
        sa.Column("private_note", TEXT, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_meeting"),
        _ref("meeting", "deal_id", "deal"),
        _ref("meeting", "organisation_id", "organisation"),
        _ref("meeting", "rep_id", "representative"),
    )
    op.create_table(
        "suppression",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("scope", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("evidence", TEXT, nullable=False),
        sa.Column("lifted_at", INSTANT, nullable=True),
        sa.Column("lifted_evidence", TEXT, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_suppression"),
    )
    op.create_table(
        "scenario_text",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("scenario_id", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("first_used_at", INSTANT, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_scenario_text"),
    )
    op.create_table(
        "enrollment",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("person_id", TEXT, nullable=False),
        sa.Column("organisation_id", TEXT, nullable=True),
        sa.Column("scenario_id", TEXT, nullable=False),
        sa.Column("scenario_hash", TEXT, nullable=False),
        sa.Column("anchor_at", INSTANT, nullable=False),
        sa.Column("rep_id", TEXT, nullable=False),
        sa.Column("deal_id", TEXT, nullable=True),
        sa.Column("meeting_id", TEXT, nullable=True),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("shift_days", sa.BigInteger(), nullable=False),
        sa.Column("holds", sa.BigInteger(), nullable=False),
        sa.Column("variant", TEXT, nullable=True),
        sa.Column("fired", TEXT, nullable=False),
        sa.Column("wake_at", INSTANT, nullable=True),
        sa.Column("enrolled_at", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_enrollment"),
        _ref("enrollment", "person_id", "person"),
        _ref("enrollment", "organisation_id", "organisation"),
        _ref("enrollment", "scenario_hash", "scenario_text"),
        _ref("enrollment", "rep_id", "representative"),
        _ref("enrollment", "deal_id", "deal"),
        _ref("enrollment", "meeting_id", "meeting"),
    )
    op.create_table(
        "message",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("person_id", TEXT, nullable=False),
        sa.Column("rep_id", TEXT, nullable=False),
        sa.Column("organisation_id", TEXT, nullable=True),
        sa.Column("enrollment_id", TEXT, nullable=True),
        sa.Column("step_id", TEXT, nullable=False),
        sa.Column("deal_id", TEXT, nullable=True),
        sa.Column("mailbox_id", TEXT, nullable=True),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("purpose", TEXT, nullable=False),
        sa.Column("approve", TEXT, nullable=False),
        sa.Column("nominal", sa.Date(), nullable=True),
        sa.Column("planned_on", sa.Date(), nullable=True),
        sa.Column("planned_at", INSTANT, nullable=True),
        sa.Column("deadline", INSTANT, nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("moves", TEXT, nullable=False),
        sa.Column("template", TEXT, nullable=False),
        sa.Column("content_id", TEXT, nullable=True),
        sa.Column("to_address", TEXT, nullable=False),
        sa.Column("to_name", TEXT, nullable=False),
        sa.Column("from_address", TEXT, nullable=False),
        sa.Column("from_name", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.Column("attachments", TEXT, nullable=False),
        sa.Column("header_id", TEXT, nullable=False),
        sa.Column("in_reply_to", TEXT, nullable=False),
        sa.Column("references", TEXT, nullable=False),
        sa.Column("unsubscribe_token", TEXT, nullable=False),
        sa.Column("rendered_at", INSTANT, nullable=True),
        sa.Column("edited_by", TEXT, nullable=True),
        sa.Column("approvals", TEXT, nullable=False),
        sa.Column("not_before", INSTANT, nullable=True),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("claimed_by", TEXT, nullable=False),
        sa.Column("claimed_at", INSTANT, nullable=True),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.Column("answer", TEXT, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_message"),
        _ref("message", "person_id", "person"),
        _ref("message", "rep_id", "representative"),
        _ref("message", "organisation_id", "organisation"),
        _ref("message", "enrollment_id", "enrollment"),
        _ref("message", "deal_id", "deal"),
    )
    op.create_table(
        "promise",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("meeting_id", TEXT, nullable=False),
        sa.Column("deal_id", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("owner_name", TEXT, nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("done_at", INSTANT, nullable=True),
        sa.Column("fulfilled_by", TEXT, nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_promise"),
        _ref("promise", "meeting_id", "meeting"),
        _ref("promise", "deal_id", "deal"),
        _ref("promise", "fulfilled_by", "message"),
    )
    op.create_table(
        "task",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("rep_id", TEXT, nullable=False),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=True),
        sa.Column("detail", TEXT, nullable=False),
        sa.Column("person_id", TEXT, nullable=True),
        sa.Column("organisation_id", TEXT, nullable=True),
        sa.Column("deal_id", TEXT, nullable=True),
        sa.Column("enrollment_id", TEXT, nullable=True),
        sa.Column("step_id", TEXT, nullable=True),
        sa.Column("message_id", TEXT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=True),
        sa.Column("done_at", INSTANT, nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_task"),
        _ref("task", "rep_id", "representative"),
        _ref("task", "person_id", "person"),
        _ref("task", "organisation_id", "organisation"),
        _ref("task", "deal_id", "deal"),
        _ref("task", "enrollment_id", "enrollment"),
        _ref("task", "message_id", "message"),
    )
    op.create_table(
        "inbound",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("mailbox_id", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("folder", TEXT, nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("from_address", TEXT, nullable=False),
        sa.Column("from_name", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("intents", TEXT, nullable=False),
        sa.Column("reading", TEXT, nullable=False),
        sa.Column("person_id", TEXT, nullable=True),
        sa.Column("organisation_id", TEXT, nullable=True),
        sa.Column("enrollment_id", TEXT, nullable=True),
        sa.Column("message_id", TEXT, nullable=True),
        sa.Column("match_rule", TEXT, nullable=False),
        sa.Column("handled_at", INSTANT, nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_inbound"),
        _ref("inbound", "person_id", "person"),
        _ref("inbound", "organisation_id", "organisation"),
        _ref("inbound", "enrollment_id", "enrollment"),
        _ref("inbound", "message_id", "message"),
    )
    op.create_table(
        "mailbox_state",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("cursors", TEXT, nullable=False),
        sa.Column("read_at", INSTANT, nullable=True),
        sa.Column("error", TEXT, nullable=False),
        sa.Column("failing_since", INSTANT, nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_mailbox_state"),
    )
    op.create_table(
        "login_token",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("rep_id", TEXT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_login_token"),
        _ref("login_token", "rep_id", "representative"),
    )
    op.create_table(
        "setting",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_setting"),
    )
    op.create_table(
        "journal",
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("data", TEXT, nullable=False),
        sa.Column("person_id", TEXT, nullable=True),
        sa.Column("organisation_id", TEXT, nullable=True),
        sa.Column("deal_id", TEXT, nullable=True),
        sa.Column("enrollment_id", TEXT, nullable=True),
        sa.Column("message_id", TEXT, nullable=True),
        sa.Column("seq", SEQ, nullable=False, primary_key=True),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "journal_unlock",
        sa.Column("id", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_journal_unlock"),
    )
    _index("ix_organisation_name", "organisation", ["name"])
    _index("ix_person_email", "person", ["email"])
    _index("ix_person_organisation", "person", ["organisation_id"])
    _index("ix_person_rep", "person", ["rep_id"])
    _index("uq_person_email", "person", [sa.text("lower(email)")], unique=True)
    _index("ix_deal_organisation", "deal", ["organisation_id"])
    _index("ix_deal_rep", "deal", ["rep_id", "status"])
    _index("ix_meeting_deal", "meeting", ["deal_id"])
    _index("ix_meeting_organisation", "meeting", ["organisation_id"])
    _index("ix_promise_deal", "promise", ["deal_id"])
    _index("ix_promise_meeting", "promise", ["meeting_id"])
    _index("ix_task_enrollment", "task", ["enrollment_id"])
    _index("ix_task_message", "task", ["message_id"], where="message_id IS NOT NULL")
    _index("ix_task_person", "task", ["person_id"], where="person_id IS NOT NULL")
    _index("ix_task_queue", "task", ["rep_id", "state", "due_at"])
    _index("uq_task_step", "task", ["enrollment_id", "step_id"], where="step_id <> ''", unique=True)
    _index("ix_enrollment_deal", "enrollment", ["deal_id"])
    _index("ix_enrollment_due", "enrollment", ["wake_at", "id"], where="state = 'active'")
    _index("ix_enrollment_organisation", "enrollment", ["organisation_id"])
    _index("ix_enrollment_person", "enrollment", ["person_id"])
    _index("ix_enrollment_rep", "enrollment", ["rep_id", "state"])
    _index("ix_enrollment_scenario", "enrollment", ["scenario_id", "state"])
    _index("ix_enrollment_rest", "enrollment", ["wake_at"])
    _index("ix_message_enrollment", "message", ["enrollment_id"])
    _index("ix_message_held", "message", ["state", "not_before"], where="not_before IS NOT NULL")
    _index("ix_message_organisation", "message", ["organisation_id", "planned_on"])
    _index("ix_message_person", "message", ["person_id", "planned_on"])
    _index("ix_message_queue", "message", ["rep_id", "state", "planned_at"])
    _index("ix_message_state", "message", ["state", "planned_at", "id"])
    _index("uq_message_header", "message", ["header_id"], where="header_id <> ''", unique=True)
    _index("uq_message_step", "message", ["enrollment_id", "step_id"], where="step_id <> ''", unique=True)
    _index("uq_message_token", "message", ["unsubscribe_token"], where="unsubscribe_token <> ''", unique=True)
    _index("ix_inbound_enrollment", "inbound", ["enrollment_id", "kind"])
    _index("ix_inbound_message", "inbound", ["message_id"], where="message_id IS NOT NULL")
    _index("ix_inbound_person", "inbound", ["person_id", "kind", "received_at"])
    _index("ix_inbound_unhandled", "inbound", ["received_at"], where="handled_at IS NULL")
    _index("uq_inbound_key", "inbound", ["mailbox_id", "key"], unique=True)
    _index("ix_suppression_value", "suppression", ["value", "scope"])
    _index("ix_journal_at", "journal", ["at"])
    _index("ix_journal_deal", "journal", ["deal_id", "seq"], where="deal_id IS NOT NULL")
    _index("ix_journal_enrollment", "journal", ["enrollment_id", "seq"], where="enrollment_id IS NOT NULL")
    _index("ix_journal_kind", "journal", ["kind", "seq"])
    _index("ix_journal_message", "journal", ["message_id", "seq"], where="message_id IS NOT NULL")
    _index("ix_journal_organisation", "journal", ["organisation_id", "seq"], where="organisation_id IS NOT NULL")
    _index("ix_journal_person", "journal", ["person_id", "seq"], where="person_id IS NOT NULL")
    if op.get_bind().dialect.name == "postgresql":
        for refusal in POSTGRESQL_REFUSALS:
            op.execute(refusal)
        return
    for refusal in REFUSALS:
        op.execute(refusal)
    op.execute("ANALYZE")  # makes the table, empty
    op.execute("DELETE FROM sqlite_stat1")
    stat1 = sa.table("sqlite_stat1", sa.column("tbl"), sa.column("idx"), sa.column("stat"))
    op.bulk_insert(stat1, [{"tbl": tbl, "idx": idx, "stat": stat} for tbl, idx, stat in STATISTICS])
    op.execute("ANALYZE sqlite_schema")  # has them read


def downgrade() -> None:
    """There is nothing before it."""
    raise NotImplementedError


def _ref(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    """Checked when the transaction ends: a change holds its rows in any order."""
    name = f"fk_{table}_{column}"
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, deferrable=True, initially="DEFERRED")


def _index(
    name: str, table: str, columns: list[str | sa.TextClause], *, where: str | None = None, unique: bool = False
) -> None:
    condition = sa.text(where) if where else None
    op.create_index(name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition)
