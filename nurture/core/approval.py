"""Who may approve what, and what an approval is bound to (practice B12; facts on provable approval)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from nurture.core import states
from nurture.core.change import Change
from nurture.core.ids import RepId
from nurture.core.messages import Approval, EnrollmentState, Entry, Message, MessageState
from nurture.core.people import AccessRole, Representative
from nurture.errors import Impossible, StaleVersion, UserError

if TYPE_CHECKING:
    from datetime import date, datetime

    from nurture.core.messages import Enrollment

WHOLE_DAY: Final = timedelta(days=1)
"""The tolerance that lets any moment of the approved day pass."""
POLICY: Final = RepId("policy")
"""The approver of steps that say ``approve: none``."""


def may_see(owner: Representative, by: Representative) -> bool:
    """Whether ``by`` may see and act on what ``owner`` is responsible for."""
    if not by.active:
        return False
    return (
        by.id in {owner.id, owner.manager_id} or by.id in owner.deputy_ids or AccessRole.ADMINISTRATOR in by.access
    )


def may_approve(message: Message, owner: Representative, by: Representative) -> bool:
    """Whether ``by`` may approve this mail of ``owner``.

    ``rep``: the representative, a deputy, the manager or an administrator. ``manager``: the manager or
    an administrator. ``two_people``: anybody of the first group, but nobody twice.
    """
    if not may_see(owner, by):
        return False
    if message.approve == "manager":
        return by.id == owner.manager_id or AccessRole.ADMINISTRATOR in by.access
    if message.approve == "two_people":
        return all(approval.by != by.id for approval in message.approvals)
    return True


def fingerprint_of(message: Message, subject: str | None = None, body: str | None = None) -> str:
    """The fingerprint that ``message`` would have with another subject or body."""
    return replace(message, subject=subject or message.subject, body=body or message.body).fingerprint


def has_strayed(message: Message, at: datetime, tolerance: timedelta, fingerprint: str | None = None) -> bool:
    """Whether an approved mail would leave at a moment too far from the one that was approved.

    Another day always asks for a fresh approval; within the day as much as the tolerance allows is let pass. What
    the scenario's policy released nobody has seen. ``fingerprint``: the message's, where it is known already.
    """
    mark = fingerprint or message.fingerprint
    seen = [a.leaves_at for a in message.approvals if a.by != POLICY and a.fingerprint == mark]
    moments = [moment for moment in seen if moment is not None]
    return bool(moments) and abs(at - max(moments)) > tolerance


def _entry(message: Message, kind: str, actor: str, now: datetime, **data: object) -> Entry:
    return Entry(
        at=now,
        kind=kind,
        actor=actor,
        data={"step": message.step_id, **data},
        person_id=message.person_id,
        organisation_id=message.organisation_id,
        deal_id=message.deal_id,
        enrollment_id=message.enrollment_id,
        message_id=message.id,
    )


def _refuse_stale(message: Message, seen: str) -> None:
    if message.fingerprint != seen:
        raise StaleVersion("message", message.id)


def _refuse_stranger(owner: Representative, by: Representative) -> None:
    if not may_see(owner, by):
        raise UserError("{by} may not act on mails of {owner}", by=by.name, owner=owner.name)


def approve(
    message: Message,
    *,
    owner: Representative,
    by: Representative,
    seen: str,
    now: datetime,
    today: date,
    at_once: bool,
    via: str,
    enrollment: Enrollment | None = None,
    not_before: datetime | None = None,
) -> Change:
    """Let exactly the text that was seen leave on its date.

    Args:
        message: a waiting mail.
        owner: the representative it belongs to.
        by: who approves.
        seen: the fingerprint of what this person looked at.
        now: UTC.
        today: the recipient's local date.
        at_once: a ``within`` step, which leaves as soon as it is approved: unless it is planned for a later
            day, its date becomes today.
        via: web, cli or mail.
        enrollment: what the mail belongs to.
        not_before: it is not claimed before this, so that the approval can be taken back.

    Raises:
        StaleVersion: the text, recipient or date is not what was seen.
        UserError: this person may not, or the mail does not wait.
    """
    _refuse_stale(message, seen)
    if message.state is not MessageState.WAITING:
        raise UserError("This mail does not wait for approval: it is {state}", state=message.state.value)
    if not runs(enrollment) or (message.planned_on is None and not at_once):
        raise UserError("This mail has no date: its enrollment is paused", hint="resume the enrollment first")
    if not may_approve(message, owner, by):
        raise UserError("{by} may not approve this mail", by=by.name)
    if at_once and (message.planned_on is None or message.planned_on <= today):
        message = replace(message, planned_on=today, planned_at=now)
    holds = enrollment.holds if enrollment else 0
    leaves_at = max(message.planned_at or now, now)
    approval = Approval(by.id, now, message.fingerprint, via, holds, leaves_at)
    same = (a for a in message.approvals if (a.fingerprint, a.holds) == (approval.fingerprint, holds))
    approvals = (*same, approval)
    enough = message.approve != "two_people" or len({a.by for a in approvals}) >= 2
    event = "approve" if enough else "second"
    done = replace(
        message,
        state=states.move(states.MESSAGES, message.state, event),
        reason="" if enough else "second_approval",
        approvals=approvals,
        not_before=not_before,
        attempts=0,
    )
    kind = "message.approved" if enough else "message.first_approval"
    entry = _entry(done, kind, by.id, now, via=via, fingerprint=approval.fingerprint, on=str(done.planned_on))
    return Change((done,), (entry,))


def runs(enrollment: Enrollment | None) -> bool:
    """Whether mails of this enrollment can be approved; one without an enrollment can."""
    return enrollment is None or enrollment.state is EnrollmentState.ACTIVE


def release(message: Message, now: datetime, holds: int = 0) -> Message:
    """Approve by the scenario's own policy (``approve: none``); ``holds`` of the enrollment."""
    done = replace(message, state=states.move(states.MESSAGES, message.state, "release"), reason="")
    approval = Approval(by=POLICY, at=now, fingerprint=done.fingerprint, via=POLICY, holds=holds)
    return replace(done, approvals=(approval,), not_before=None, attempts=0)


def reject(message: Message, *, owner: Representative, by: Representative, reason: str, now: datetime) -> Change:
    """Say no: the step is not sent. The reason teaches operations.

    Raises:
        UserError: no reason given, or this person may not.
        Impossible: the mail has left or ended.
    """
    _refuse_stranger(owner, by)
    if not reason.strip():
        raise UserError("Say why: the reason teaches those who write the templates")
    done = replace(
        message, state=states.move(states.MESSAGES, message.state, "reject"), reason="rejected", approvals=()
    )
    return Change((done,), (_entry(done, "message.rejected", by.id, now, reason=reason.strip()),))


def given(message: Message) -> tuple[Approval, ...]:
    """The approvals that people gave; not what the scenario's policy released."""
    return tuple(approval for approval in message.approvals if approval.by != POLICY)


def take_back(message: Message, *, owner: Representative, by: Representative, now: datetime) -> Change:
    """Undo an approval of a mail that nobody has begun to send: it waits again.

    Who approved takes back that approval; somebody else who has a say in it, all that were given.

    Raises:
        UserError: nobody approved it, or this person may not.
        Impossible: it is being sent, has left or ended.
    """
    _refuse_stranger(owner, by)
    if message.state is not MessageState.WAITING:
        states.move(states.MESSAGES, message.state, "hold")
    if message.state is MessageState.SENDING:
        raise Impossible("It is being sent")
    approvals = given(message)
    if not approvals:
        raise UserError("Nobody has approved this mail", hint="reject it, or pause the enrollment")
    own = any(approval.by == by.id for approval in approvals)
    left = tuple(approval for approval in approvals if own and approval.by != by.id)
    done = replace(
        message,
        state=states.move(states.MESSAGES, message.state, "hold"),
        reason="second_approval" if left else "taken_back",
        approvals=left,
        not_before=None,
    )
    return Change((done,), (_entry(done, "message.taken_back", by.id, now),))


def edit(
    message: Message,
    *,
    owner: Representative,
    by: Representative,
    subject: str,
    body: str,
    seen: str,
    now: datetime,
) -> Change:
    """Put another text in its place; earlier approvals end. ``body`` is whole, with the legal footer.

    Raises:
        StaleVersion: somebody changed it since it was seen.
        UserError: empty subject or text, or this person may not.
    """
    _refuse_stranger(owner, by)
    _refuse_stale(message, seen)
    if not subject.strip() or "\n" in subject.strip():
        raise UserError("A subject is one line of text")
    if not body.strip():
        raise UserError("A mail needs a text")
    done = replace(
        message,
        state=states.move(states.MESSAGES, message.state, "edit"),
        subject=subject.strip(),
        body=body,
        approvals=(),
        edited_by=by.id,
        reason="",
    )
    return Change((done,), (_entry(done, "message.edited", by.id, now, subject=done.subject),))
