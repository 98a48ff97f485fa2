"""What other programs are told of: which lines of the journal, under which name, and which facts of each.

A fact is named here or it stays in the house. None of them is a text that somebody wrote: no subject, no body, no
private note, no words of a reply. So nothing about a patient, and nothing told in confidence, can leave this way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nurture.core.messages import Entry


class Published(NamedTuple):
    """The name of an event, and the facts of its line that go out."""

    name: str
    facts: tuple[str, ...] = ()


EVENTS: Final[Mapping[str, Published]] = {
    "meeting.recorded": Published("meeting.recorded", ("meeting", "attendees", "promises", "ended_at")),
    "enrollment.started": Published("enrollment.started", ("scenario", "anchor", "variant")),
    "enrollment.paused": Published("enrollment.paused", ("until",)),
    "enrollment.resumed": Published("enrollment.resumed"),
    "enrollment.stopped": Published("enrollment.stopped"),
    "enrollment.reopened": Published("enrollment.reopened"),
    "enrollment.completed": Published("enrollment.completed"),
    "message.drafted": Published("message.waiting", ("step",)),
    "message.approved": Published("message.approved", ("step", "on", "via")),
    "message.rejected": Published("message.rejected", ("step",)),
    "message.sent": Published("message.sent", ("step",)),
    "message.bounced": Published("message.bounced", ("permanent", "status")),
    "message.failed": Published("message.failed", ("step",)),
    "message.in_doubt": Published("message.in_doubt", ("step",)),
    "inbound.reply": Published("reply.received", ("intents", "step", "case")),
    "task.opened": Published("task.created", ("task", "step")),
    "task.done": Published("task.done", ("task", "step")),
    "person.created": Published("person.created"),
    "person.updated": Published("person.updated"),
    "person.away": Published("person.away", ("back", "resume")),
    "person.back": Published("person.back"),
    "person.readdressed": Published("person.readdressed"),
    "person.suppressed": Published("person.suppressed", ("source",)),
}
"""Line of the journal → what is told of it."""

NAMES: Final = tuple(sorted({one.name for one in EVENTS.values()}))
_ROWS: Final = ("person_id", "organisation_id", "deal_id", "enrollment_id", "message_id")


def event(entry: Entry) -> dict[str, Any]:
    """A line of the journal as other programs get it (Standard Webhooks: type, timestamp, data)."""
    published = EVENTS[entry.kind]
    data: dict[str, Any] = {"seq": entry.seq}
    data |= {name: value for name in _ROWS if (value := getattr(entry, name)) is not None}
    data |= {name: entry.data[name] for name in published.facts if name in entry.data}
    return {"type": published.name, "timestamp": entry.at.isoformat(), "data": data}
