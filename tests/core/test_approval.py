"""Who may approve what, and what an approval is bound to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from nurture.core import approval
from nurture.core.ids import MessageId, PersonId, RepId
from nurture.core.messages import Message, MessageState
from nurture.core.people import AccessRole, Representative
from nurture.errors import StaleVersion, UserError

NOW = datetime(2027, 4, 5, 1, 0, tzinfo=UTC)
TODAY = date(2027, 4, 5)


def rep(key: str, **fields: object) -> Representative:
    """A representative by id."""
    return Representative(id=RepId(key), name=key, email=f"{key}@vendor.example", **fields)  # type: ignore[arg-type]


OWNER = rep("tanaka", manager_id=RepId("boss"), deputy_ids=(RepId("deputy"),))
BOSS = rep("boss", access=(AccessRole.MANAGER,))
DEPUTY = rep("deputy")
OTHER = rep("other", access=(AccessRole.REP, AccessRole.MANAGER))
ADMIN = rep("admin", access=(AccessRole.ADMINISTRATOR,))

MAIL = Message(
    id=MessageId("m1"),
    person_id=PersonId("p1"),
    rep_id=OWNER.id,
    state=MessageState.WAITING,
    planned_on=date(2027, 4, 8),
    to_address="sato@aoba.example",
    from_address="tanaka@vendor.example",
    subject="先日のお礼",
    body="本文\n",
)


def approve(
    mail: Message = MAIL, by: Representative = OWNER, seen: str | None = None, at_once: bool = False
) -> Message:
    """Approve and return the mail as it stands after."""
    change = approval.approve(
        mail,
        owner=OWNER,
        by=by,
        seen=seen or mail.fingerprint,
        now=NOW,
        today=TODAY,
        at_once=at_once,
        via="web",
    )
    done = change.puts[0]
    assert isinstance(done, Message)
    return done


@pytest.mark.parametrize("by", [OWNER, BOSS, DEPUTY, ADMIN], ids=lambda r: r.id)
def test_the_right_people_may_approve(by: Representative) -> None:
    """The representative, deputies, the own manager and administrators."""
    done = approve(by=by)

    assert done.state is MessageState.APPROVED
    assert [by.id] == [a.by for a in done.approvals]
    assert done.fingerprint == done.approvals[0].fingerprint


def test_a_stranger_may_not() -> None:
    """Somebody else's manager is a stranger."""
    with pytest.raises(UserError):
        approve(by=OTHER)


def test_somebody_who_left_may_not() -> None:
    """An inactive account approves nothing, not even its own."""
    with pytest.raises(UserError):
        approve(by=replace(OWNER, active=False))


def test_a_stale_page_cannot_approve() -> None:
    """An approval names the version it saw."""
    with pytest.raises(StaleVersion):
        approve(replace(MAIL, body="anders\n"), seen=MAIL.fingerprint)


@pytest.mark.parametrize(
    "change",
    [
        {"to_address": "x@aoba.example"},
        {"from_address": "x@vendor.example"},
        {"subject": "x"},
        {"body": "x"},
        {"attachments": ("00",)},
        {"planned_on": date(2027, 4, 9)},
    ],
    ids=lambda c: next(iter(c)),
)
def test_the_fingerprint_sees_everything(change: dict[str, object]) -> None:
    """Recipient, sender, subject, body, attachments and date are what is approved."""
    assert replace(MAIL, **change).fingerprint != MAIL.fingerprint  # type: ignore[arg-type]


def test_a_manager_step_needs_the_manager() -> None:
    """With ``approve: manager`` the representative cannot let it go."""
    mail = replace(MAIL, approve="manager")

    with pytest.raises(UserError):
        approve(mail)
    assert approve(mail, BOSS).state is MessageState.APPROVED


def test_what_has_no_date_is_not_approved() -> None:
    """An approval is for a date: a mail of a paused enrollment has none."""
    with pytest.raises(UserError):
        approve(replace(MAIL, planned_on=None))


def test_two_people_are_two() -> None:
    """B12: the same person twice is not two people."""
    first = approve(replace(MAIL, approve="two_people"))

    assert first.state is MessageState.WAITING
    with pytest.raises(UserError):
        approve(first)
    second = approve(first, BOSS)
    assert second.state is MessageState.APPROVED
    assert [OWNER.id, BOSS.id] == [a.by for a in second.approvals]


def test_an_edit_between_the_two_starts_again() -> None:
    """The first of two approvals ends when the text changes."""
    first = approve(replace(MAIL, approve="two_people"))
    change = approval.edit(
        first, owner=OWNER, by=BOSS, subject="別の件名", body="別の本文\n", seen=first.fingerprint, now=NOW
    )
    edited = change.puts[0]
    assert isinstance(edited, Message)

    assert () == edited.approvals
    assert approve(edited, BOSS).state is MessageState.WAITING


def test_a_within_step_is_bound_to_today() -> None:
    """What leaves as soon as it is approved is approved for today, whatever its date was."""
    done = approve(replace(MAIL, planned_on=date(2027, 4, 2)), at_once=True)

    assert TODAY == done.planned_on
    assert NOW == done.planned_at
    assert done.fingerprint == done.approvals[0].fingerprint


def test_a_rejection_says_why() -> None:
    """The reason teaches operations, so there is none without."""
    with pytest.raises(UserError):
        approval.reject(MAIL, owner=OWNER, by=OWNER, reason=" ", now=NOW)
    change = approval.reject(MAIL, owner=OWNER, by=OWNER, reason="事例が古い", now=NOW)

    assert "事例が古い" == change.entries[0].data["reason"]


@pytest.mark.parametrize(("subject", "body"), [("", "x"), ("a\nb", "x"), ("x", " \n")])
def test_an_edit_must_make_a_mail(subject: str, body: str) -> None:
    """A subject of one line and a text."""
    with pytest.raises(UserError):
        approval.edit(MAIL, owner=OWNER, by=OWNER, subject=subject, body=body, seen=MAIL.fingerprint, now=NOW)


def test_an_approved_mail_that_is_edited_waits_again() -> None:
    """What a person approved is what leaves (law 4)."""
    done = approve()
    change = approval.edit(
        done, owner=OWNER, by=OWNER, subject=done.subject, body="新しい本文\n", seen=done.fingerprint, now=NOW
    )
    edited = change.puts[0]
    assert isinstance(edited, Message)

    assert edited.state is MessageState.WAITING
    assert () == edited.approvals
