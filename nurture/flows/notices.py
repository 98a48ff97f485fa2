"""Word to our own people about a mail that came in: what it is, what was done, what to do next.

What looks like data of a patient is not in it: the reading that gets here has been blotted out before anything was
kept, and of such a mail not even the rest is sent on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nurture import advice, explain
from nurture.core.cases import COMPLAINT, Told
from nurture.core.messages import Enrollment, EnrollmentState
from nurture.core.people import AccessRole, Representative
from nurture.flows.matching import CUT
from nurture.i18n import mark, words
from nurture.ports import Notice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nurture.core.arrival import Arrival
    from nurture.core.cases import Case
    from nurture.core.change import Change
    from nurture.core.dossier import Dossier
    from nurture.core.ids import MailboxId
    from nurture.core.messages import Inbound
    from nurture.i18n import Words
    from nurture.ports import Doors

LONGEST = 4000
"""Characters of a reply that go into a notice; the whole of it is at the desk."""


async def about(
    doors: Doors, a: Arrival, case: Case, change: Change, own: Sequence[Dossier], who: str
) -> list[tuple[Representative, Notice]]:
    """Whom to tell of this mail, and what: nobody, the representative, or everybody whom an alarm concerns.

    Args:
        doors: as ever.
        a: the mail.
        case: what it was taken for.
        change: what was decided and written.
        own: the person's enrollments.
        who: wrote: the person, or somebody for the person.
    """
    if case.told is None:
        return []
    rep_id = a.answered.rep_id if a.answered else own[0].enrollment.rep_id if own else a.person.rep_id
    rep = await doors.store.get(Representative, rep_id or a.reader or "")
    told = [rep] if rep is not None else []
    if case.told is Told.ALARM:
        known = await doors.store.find(Representative, {"active": True})
        told += [r for r in known if AccessRole.ADMINISTRATOR in r.access or (rep and r.id == rep.manager_id)]
    return [(one, _notice(one, a, case, change, who)) for one in {r.id: r for r in told}.values()]


async def nobodys_complaint(
    doors: Doors, mailbox_id: MailboxId, row: Inbound
) -> list[tuple[Representative, Notice]]:
    """An alarm about a complaint that fits nobody (providers black out whose it is): to those who see strays.

    Args:
        doors: as ever.
        mailbox_id: where it came in.
        row: the mail as it is kept.
    """
    known = await doors.store.find(Representative, {"active": True})
    told = [r for r in known if AccessRole.ADMINISTRATOR in r.access or r.mailbox_id == mailbox_id]
    return [(one, _of_nobody(one, row)) for one in told]


def _of_nobody(to: Representative, row: Inbound) -> Notice:
    w = words(to.language)
    text = w("It names nobody whom we know, so nobody was silenced by it: look at the desk whose it may be.")
    parts = [advice.read(w, COMPLAINT), text, *([f"{'-' * 30}\n{row.text[:LONGEST]}"] if row.text else [])]
    return Notice(
        "complaint",
        w("A complaint that fits nobody: {subject}", subject=row.subject)[:200],
        "\n\n".join(parts),
        "/",
    )


def _notice(to: Representative, a: Arrival, case: Case, change: Change, who: str) -> Notice:
    w = words(to.language)
    parts = [advice.read(w, case)]
    parts += [
        _stands(w, e, to.timezone) for e in change.puts if isinstance(e, Enrollment) and e.person_id == a.person.id
    ]
    if a.reading.times and not a.reading.sensitive:
        parts.append(
            "\n".join([w("Proposed times:"), *(f"- {explain.slot(w, slot)}" for slot in a.reading.times)])
        )
    if steps := advice.steps(w, case):
        parts.append("\n".join([w("What you may do next:"), *(f"- {step}" for step in steps)]))
    if a.reading.sensitive:
        folder = a.inbound.folder
        parts.append(w("Its text is not sent on by mail. It lies in the mailbox, in {folder}.", folder=folder))
    elif CUT in a.reading.defects:
        parts.append(advice.cut(w, a.inbound.folder))
    if a.reading.text and not a.reading.sensitive:
        parts.append(f"{'-' * 30}\n{a.reading.text[:LONGEST]}")
    subject = "" if a.reading.sensitive else a.reading.subject
    return Notice(
        kind=case.task or case.id,
        subject=f"{who}: {subject or w(SUBJECT)}"[:200],
        text="\n\n".join(parts),
        link=f"/people/{a.person.id}",
        message_id=a.answered.id if a.answered else None,
    )


SUBJECT = mark("a mail that looks like data of a patient")


def _stands(w: Words, enrollment: Enrollment, zone: str) -> str:
    """How an enrollment stands now: after the scenario's own rules."""
    state, why = explain.state(w, enrollment.state), explain.stop_reason(w, enrollment.reason)
    if enrollment.state is EnrollmentState.PAUSED and enrollment.wake_at is not None:
        state = w("rests until {at}", at=w.instant(enrollment.wake_at, zone))
    return f"{enrollment.scenario_id}: {state}" + (f" ({why})" if why else "")
