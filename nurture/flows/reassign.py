"""Hand people, a whole deal or one task to a colleague, who is told (``core.reassigning``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nurture import explain
from nurture.core import reassigning
from nurture.core.change import Change
from nurture.core.deals import Deal, DealStatus, Meeting, Task, TaskState
from nurture.core.messages import Enrollment, Message
from nurture.core.people import Person, Representative
from nurture.core.reassigning import Held
from nurture.errors import UserError
from nurture.flows import dispatches, tick
from nurture.i18n import words
from nurture.ports import Notice

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from nurture.core.ids import PersonId, RepId
    from nurture.ports import Doors

KIND: Final = "handed_over"
OPEN: Final = (TaskState.OPEN, TaskState.PLANNED)
LISTED: Final = 20
MOST: Final = 200
"""People of one deal: more are handed over by and by."""


async def of_person(doors: Doors, person: Person) -> Held:
    """What the one who looks after this person has of the person. Three queries."""
    return await _held(doors, (person,), ()) if person.rep_id else Held()


async def of_deal(doors: Doors, person: Person) -> Held:
    """The same of everybody on the person's open deals with this representative. Seven queries at most.

    Who is on a deal: who is enrolled for it, and who was at its meetings.
    """
    if person.rep_id is None:
        return Held()
    store, rep = doors.store, person.rep_id
    enrolled = await store.find(Enrollment, {"person_id": person.id, "rep_id": rep})
    ids = tuple({e.deal_id for e in enrolled if e.deal_id})
    which = {"organisation_id": person.organisation_id} if person.organisation_id else {"id": ids}
    deals = await store.find(Deal, {"rep_id": rep, "status": DealStatus.OPEN, **which}, limit=MOST)
    if not deals:
        return await of_person(doors, person)
    keys = tuple(d.id for d in deals)
    on_it = await store.find(Enrollment, {"deal_id": keys, "rep_id": rep})
    met = await store.find(Meeting, {"deal_id": keys, "rep_id": rep}, order=("-ended_at",), limit=MOST)
    who = {person.id, *(e.person_id for e in on_it), *(a.person_id for m in met for a in m.attendees)}
    people = await store.find(Person, {"id": tuple(who), "rep_id": rep}, limit=MOST)
    return await _held(doors, people, deals)


async def _held(doors: Doors, people: Collection[Person], deals: tuple[Deal, ...]) -> Held:
    store = doors.store
    reps = tuple({p.rep_id for p in people if p.rep_id})
    where = {"person_id": tuple(p.id for p in people), "rep_id": reps}
    return Held(
        tuple(people),
        deals,
        await store.find(Enrollment, where),
        await store.find(Message, where),
        await store.find(Task, {**where, "state": OPEN}),
    )


async def hand_over(
    doors: Doors, person_id: PersonId, to: RepId, *, by: RepId, deal: bool = False, note: str = ""
) -> Held:
    """Hand a person, or everybody on the person's open deals, to a colleague; what was handed over.

    Args:
        doors: the world.
        person_id: who.
        to: the colleague.
        by: who decides so.
        deal: everybody on the person's deals too, and the deals.
        note: a word to the colleague.

    Raises:
        UserError: no such person, nobody looks after the person, or as ``reassigning.hand_over``.
        StaleVersion: somebody else wrote first; nothing has changed.
    """
    now = doors.clock.now()
    person = await doors.store.get(Person, person_id)
    if person is None:
        raise UserError("There is no person {id}", id=person_id)
    if person.rep_id is None:
        raise UserError("Nobody looks after {name}", name=person.name)
    before, after, actor = await _who(doors, (person.rep_id, to, by))
    held = await (of_deal if deal else of_person)(doors, person)
    said = note.strip()[:500]
    change = reassigning.hand_over(held, before=before, after=after, by=actor, now=now, note=said)
    told = Change(
        dispatches.told(f"{person.id}:{now.isoformat()}", _notices(held, before, after, actor, said), now)
    )
    await doors.store.commit(change + told)
    await tick.advance(doors, tuple(e.id for e in held.running))
    return held


async def hand_task(doors: Doors, task: Task, to: RepId, *, by: RepId) -> None:
    """Hand one task to a colleague.

    Raises:
        UserError: as ``reassigning.hand_task``.
        StaleVersion: somebody else wrote first; nothing has changed.
    """
    now = doors.clock.now()
    before, after, actor = await _who(doors, (task.rep_id, to, by))
    change = reassigning.hand_task(task, before=before, after=after, by=actor, now=now)
    w = words(after.language)
    said = w("{by} asks you to take over a task: {task}", by=actor.name, task=explain.task(w, task.kind))
    notice = Notice(KIND, said, "\n\n".join(p for p in (said, task.title, task.detail[:1000]) if p), "/")
    told = [(after, notice)] if after.id != actor.id else []
    await doors.store.commit(change + Change(dispatches.told(f"{task.id}:{now.isoformat()}", told, now)))


async def _who(
    doors: Doors, ids: tuple[RepId, RepId, RepId]
) -> tuple[Representative, Representative, Representative]:
    known: Mapping[RepId, Representative] = {r.id: r for r in await doors.store.find(Representative, {"id": ids})}
    for key in ids:
        if key not in known:
            raise UserError("Nobody is known as {by}", by=key)
    before, after, actor = (known[key] for key in ids)
    return before, after, actor


def _notices(
    held: Held, before: Representative, after: Representative, by: Representative, note: str
) -> list[tuple[Representative, Notice]]:
    """Word to who has them now, and to who had them; not to who did it."""
    return [
        (one, _notice(one, held, before, after, by, note))
        for one in (after, before)
        if one.active and one.id != by.id
    ]


def _notice(
    to: Representative, held: Held, before: Representative, after: Representative, by: Representative, note: str
) -> Notice:
    w = words(to.language)
    names = {"before": before.name, "after": after.name}
    subject = w("{count} people go from {before} to {after}", count=len(held.people), **names)
    parts = [
        f"{subject} ({by.name})",
        "\n".join(f"- {person.name} {person.honorific}" for person in held.people[:LISTED]),
        w(
            "{mails} mails are written anew and wait for approval, {tasks} tasks are open.",
            mails=len(held.redrafted),
            tasks=len(held.tasks),
        ),
    ]
    link = f"/people/{held.people[0].id}" if to.id == after.id and held.people else "/"
    return Notice(KIND, subject, "\n\n".join([*parts, *([note] if note else [])]), link)
