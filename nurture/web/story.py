"""What happened, latest first, around a person, an organisation or a deal: as far as the reader sees it.

Four queries, however long the story: the lines, and of what they speak of the mails, the enrollments, the people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from nurture import explain
from nurture.core.ids import RepId
from nurture.core.messages import Enrollment, Entry, Message
from nurture.core.people import Person
from nurture.core.sight import told

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from nurture.web.visit import Visit

LINES: Final = 200


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened. ``message_id`` and ``person_id``: where it leads; empty for nowhere."""

    at: datetime
    text: str
    actor: str
    about: str = ""  # the subject of its mail
    message_id: str = ""
    name: str = ""
    person_id: str = ""


async def story(visit: Visit, where: Mapping[str, object], *, named: bool) -> tuple[Line, ...]:
    """The last lines of the journal that fulfil this; with ``named`` each says of whom.

    What belongs to a mail or an enrollment is shown to those who see that, what belongs to a person to those who
    see the person; the rest is of the organisation itself, or the doing of somebody of ours.
    """
    store, reader = visit.doors.store, visit.reader
    entries = await store.find(Entry, where, order=("-seq",), limit=LINES)
    mails = {e.message_id for e in entries if e.message_id}
    runs = {e.enrollment_id for e in entries if e.enrollment_id}
    messages = {m.id: m for m in await store.find(Message, {**reader.where, "id": tuple(mails)})} if mails else {}
    mine = {**reader.where, "id": tuple(runs)}
    enrollments = {e.id for e in await store.find(Enrollment, mine)} if runs else set()
    whose = {e.person_id for e in entries if e.person_id}
    people = {p.id: p for p in await store.find(Person, {"id": tuple(whose)})} if whose and named else {}
    lines = []
    for e in entries:
        who = people.get(e.person_id) if e.person_id else None
        if not told(e, enrollments, set(messages)) or (named and not _shown(visit, e, who)):
            continue
        mail = messages.get(e.message_id) if e.message_id else None
        lines.append(
            Line(
                e.at,
                explain.entry(visit.w, e, visit.names),
                reader.actor(e.actor),
                mail.subject if mail else "",
                mail.id if mail else "",
                who.name if who else "",
                who.id if who else "",
            )
        )
    return tuple(lines)


def _shown(visit: Visit, e: Entry, who: Person | None) -> bool:
    """Whether what hangs on no mail and no enrollment is shown around an organisation or a deal."""
    if e.message_id is not None or e.enrollment_id is not None:
        return True
    if e.person_id is not None:
        return who is not None and visit.reader.sees(who.rep_id)
    return e.kind.startswith("organisation.") or visit.reader.sees(RepId(e.actor))
