"""Word to our own people about a mail that came in: what it is, what was done, what to do next.

What looks like data of a patient is not in it: the reading that gets here has been blotted out before anything was
kept, and of such a mail not even the rest is sent on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nurture import advice, explain
from nurture.core.cases import COMPLAINT, Told
from nurture.core.change import Change, Dispatch
from nurture.core.messages import Enrollment, EnrollmentState
from nurture.core.people import AccessRole, Representative
from nurture.flows import confirming, dispatches
from nurture.flows.matching import CUT
from nurture.i18n import mark, words
from nurture.ports import Notice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nurture.core.arrival import Arrival
    from nurture.core.cases import Case
    from nurture.core.dossier import Dossier
    from nurture.core.ids import MailboxId
    from nurture.core.messages import Inbound
    from nurture.core.people import Organisation
    from nurture.i18n import Words
    from nurture.ports import Doors

LONGEST = 4000
"""Characters of a reply that go into a notice; the whole of it is at the desk."""


async def rows(
    doors: Doors,
    a: Arrival,
    case: Case,
    change: Change,
    own: Sequence[Dossier],
    who: str,
    organisation: Organisation | None = None,
) -> Change:
    """What is told of this mail, to be written with it: to nobody, to the representative, or to everybody whom an
    alarm concerns; and to whoever opted out, that it is done.

    Args:
        doors: as ever.
        a: the mail.
        case: what it was taken for.
        change: what was decided.
        own: the person's enrollments.
        who: wrote: the person, or somebody for the person.
        organisation: the person's.
    """
    if case.told is None:
        return Change()
    rep_id = a.answered.rep_id if a.answered else own[0].enrollment.rep_id if own else a.person.rep_id
    rep = await doors.store.get(Representative, rep_id or a.reader or "")
    told = [rep] if rep is not None else []
    if case.told is Told.ALARM:
        known = await doors.store.find(Representative, {"active": True})
        told += [r for r in known if AccessRole.ADMINISTRATOR in r.access or (rep and r.id == rep.manager_id)]
    answer = (confirming.confirmation(doors, a, rep, change),) if confirming.due(doors, a, case, change) else ()
    scene = Scene(a, case, change + Change(answer), who, organisation)
    said = [(one, _notice(one, scene)) for one in {r.id: r for r in told}.values()]
    return Change((*dispatches.told(a.inbound.id, said, a.now), *answer))


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


@dataclass(frozen=True, slots=True)
class Scene:
    """What a notice tells of: the mail, what it was taken for, what was decided, and who and where wrote it."""

    a: Arrival
    case: Case
    change: Change
    who: str
    organisation: Organisation | None

    @property
    def place(self) -> str:
        """Where the person works: two people of one name are told apart."""
        person = self.a.person
        parts = (self.organisation.name if self.organisation else "", person.department, person.title)
        return " · ".join(part for part in parts if part)


def _notice(to: Representative, scene: Scene) -> Notice:
    a, case = scene.a, scene.case
    w = words(to.language)
    parts = [f"{advice.read(w, case)}\n{scene.place}".rstrip()]
    for put in scene.change.puts:
        if isinstance(put, Enrollment) and put.person_id == a.person.id:
            parts.append(_stands(w, put, to.timezone))
        if isinstance(put, Dispatch):
            parts.append(w("A short confirmation goes to {address} by itself.", address=put.to_address))
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
    return Notice(
        kind=case.task or case.id,
        subject=_subject(w, scene)[:200],
        text="\n\n".join(parts),
        link=f"/people/{a.person.id}",
        message_id=a.answered.id if a.answered else None,
    )


def _subject(w: Words, scene: Scene) -> str:
    """What it is about before who wrote and under which subject: an inbox on a phone shows the first words."""
    reading = scene.a.reading
    if reading.sensitive:
        return f"{scene.who}: {w(SUBJECT)}"
    intents = dict.fromkeys(found.intent for found in reading.found)
    what = explain.intents(w, intents) or (explain.task(w, scene.case.task) if scene.case.task else "")
    said = f"{scene.who}: {reading.subject}".removesuffix(": ")
    return w("[{what}] {said}", what=what, said=said) if what else said


SUBJECT = mark("a mail that looks like data of a patient")


def _stands(w: Words, enrollment: Enrollment, zone: str) -> str:
    """How an enrollment stands now: after the scenario's own rules."""
    state, why = explain.state(w, enrollment.state), explain.stop_reason(w, enrollment.reason)
    if enrollment.state is EnrollmentState.PAUSED and enrollment.wake_at is not None:
        state = w("rests until {at}", at=w.instant(enrollment.wake_at, zone))
    return f"{enrollment.scenario_id}: {state}" + (f" ({why})" if why else "")
