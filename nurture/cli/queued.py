"""Mails of the queue with whom they go to: as a table, as a page, as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nurture.cli.acting import FINGERPRINT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nurture.cli.terminal import Terminal
    from nurture.core.attachments import Enclosed
    from nurture.core.ids import MessageId, OrganisationId, PersonId
    from nurture.core.messages import Message
    from nurture.core.people import Organisation, Person
    from nurture.ports import Doors


@dataclass(frozen=True, slots=True)
class Listed:
    """Mails with whom they go to."""

    messages: tuple[Message, ...]
    people: Mapping[PersonId, Person]
    organisations: Mapping[OrganisationId, Organisation]
    files: Mapping[MessageId, tuple[Enclosed, ...]]

    def name(self, message: Message) -> str:
        """The recipient's name, as far as it is known."""
        found = self.people.get(message.person_id)
        return found.name if found else message.to_name or message.to_address

    def organisation(self, message: Message) -> str:
        """The recipient's organisation."""
        found = self.organisations.get(message.organisation_id) if message.organisation_id else None
        return found.name if found else ""


async def one(doors: Doors, key: str) -> Listed:
    """One mail, by its key or the beginning of it.

    Raises:
        UserError: there is none, or more than one.
    """
    from nurture.cli import find  # noqa: PLC0415

    return await gather(doors, (await find.message(doors, key),))


async def gather(doors: Doors, found: tuple[Message, ...]) -> Listed:
    """Mails, with whom they go to and what goes with them."""
    from nurture.cli import find  # noqa: PLC0415
    from nurture.flows import review  # noqa: PLC0415

    files = {m.id: review.enclosed(doors, m) for m in found if m.attachments}
    return Listed(found, *await find.about(doors, found), files)


def page(t: Terminal, listed: Listed) -> None:
    """Print the one mail as its recipient will see it."""
    from nurture import explain  # noqa: PLC0415
    from nurture.cli.tables import one_line, plain  # noqa: PLC0415

    (m,) = listed.messages
    w = t.w
    place = f" ({listed.organisation(m)})" if listed.organisation(m) else ""
    facts = [
        (w("id"), m.id),
        (w("from"), f"{m.from_name} <{m.from_address}>"),
        (w("to"), f"{listed.name(m)} <{m.to_address}>{place}"),
        (w("subject"), m.subject),
        (w("leaves"), t.instant(m.planned_at)),
        (w("state"), explain.why(w, m)),
        (w("fingerprint"), m.fingerprint[:FINGERPRINT]),
    ]
    if m.answer:
        facts.insert(6, (w("server said"), m.answer))
    if m.deadline:
        facts.insert(5, (w("deadline"), t.instant(m.deadline)))
    facts += [(w("attachment"), f"{one.name} ({-(-one.size // 1000)} kB)") for one in listed.files.get(m.id, ())]
    t.facts([(name, one_line(value)) for name, value in facts])
    t.echo()
    t.echo(plain(m.body).rstrip())


def table(t: Terminal, listed: Listed) -> None:
    """Print one line for each mail."""
    from nurture import explain  # noqa: PLC0415
    from nurture.cli.find import short  # noqa: PLC0415

    w = t.w
    headers = (w("id"), w("state"), w("leaves"), w("to"), w("hospital"), w("rep"), w("subject"))
    t.table(
        headers,
        [
            (
                short(m.id),
                explain.state(w, m.state),
                t.instant(m.planned_at),
                listed.name(m),
                listed.organisation(m),
                m.rep_id,
                m.subject,
            )
            for m in listed.messages
        ],
    )


def data(message: Message, listed: Listed) -> dict[str, Any]:
    """A mail as public JSON."""
    return {
        "id": message.id,
        "state": message.state.value,
        "reason": message.reason,
        "answer": message.answer or None,
        "planned": _iso(message.planned_at),
        "deadline": _iso(message.deadline),
        "step": message.step_id,
        "approve": message.approve,
        "rep": message.rep_id,
        "to": {"name": listed.name(message), "email": message.to_address},
        "organisation": listed.organisation(message) or None,
        "subject": message.subject,
        "fingerprint": message.fingerprint,
        "attachments": [
            {"name": one.name, "bytes": one.size, "sha256": one.key} for one in listed.files.get(message.id, ())
        ],
    }


def _iso(at: Any) -> str | None:
    return at.isoformat() if at else None
