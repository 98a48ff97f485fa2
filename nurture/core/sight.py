"""Who sees what: one's own, one's team's, that of those one stands in for; administrators see all.

Marketing operations keep scenarios, templates and calendars: they see the numbers of everybody's mail, and the
mail of nobody.

Asked by every front (the desk, the API). What one does not see does not exist there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nurture.core.approval import may_approve, may_see
from nurture.core.people import AccessRole, Representative

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from nurture.core.ids import RepId
    from nurture.core.messages import Entry, Message


@dataclass(frozen=True, slots=True)
class Sight:
    """What one of us sees. ``colleagues``: all of us, by id."""

    rep: Representative
    colleagues: Mapping[RepId, Representative]

    @property
    def sees_all(self) -> bool:
        """Whether nothing is hidden."""
        return AccessRole.ADMINISTRATOR in self.rep.access

    @property
    def counts_all(self) -> bool:
        """Whether numbers are those of everybody: for who keeps what all of them send."""
        return self.sees_all or AccessRole.OPERATIONS in self.rep.access

    @property
    def counted(self) -> tuple[RepId, ...] | None:
        """Whose mail is in the numbers that are shown: these representatives'; None: everybody's."""
        return None if self.counts_all else self._seen

    def counts(self, rep_id: str) -> bool:
        """Whether the numbers of this one of us, taken alone, may be shown."""
        return rep_id in (self.colleagues if self.counted is None else self.counted)

    @property
    def where(self) -> dict[str, object]:
        """The condition for ``Store.find`` on anything with a ``rep_id``; empty for those who see all."""
        if self.sees_all:
            return {}
        return {"rep_id": self._seen}

    @property
    def _seen(self) -> tuple[RepId, ...]:
        return tuple(c.id for c in self.colleagues.values() if may_see(c, self.rep))

    def sees(self, rep_id: RepId | None) -> bool:
        """Whether what belongs to this representative may be shown."""
        owner = self.colleagues.get(rep_id) if rep_id else None
        return self.sees_all or (owner is not None and may_see(owner, self.rep))

    def approves(self, message: Message) -> bool:
        """Whether this is one of those who may approve this mail."""
        owner = self.colleagues.get(message.rep_id)
        return owner is not None and may_approve(message, owner, self.rep)


def told(entry: Entry, enrollments: Collection[str], messages: Collection[str]) -> bool:
    """Whether a line of a person's story is shown to whoever sees these enrollments and mails of that person.

    What belongs to a mail is shown with it, what belongs to an enrollment with that; the rest is the person's.
    """
    if entry.message_id is not None:
        return entry.message_id in messages
    return entry.enrollment_id is None or entry.enrollment_id in enrollments
