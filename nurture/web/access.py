"""Who reads, and whose mails they may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nurture.core.approval import may_approve, may_see
from nurture.core.people import AccessRole, Representative

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nurture.core.ids import RepId
    from nurture.core.messages import Message
    from nurture.i18n import Words


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody of ours who is signed in.

    ``session`` is the id of the login token that opened the session; ``csrf`` belongs to that session.
    """

    rep: Representative
    colleagues: Mapping[RepId, Representative]
    words: Words
    session: str
    csrf: str

    @property
    def sees_all(self) -> bool:
        """Whether nothing is hidden from this reader."""
        return AccessRole.ADMINISTRATOR in self.rep.access

    @property
    def leads(self) -> bool:
        """Whether others' mails are on this reader's list too, so that rows must name their owner."""
        return self.sees_all or any(c.id != self.rep.id and may_see(c, self.rep) for c in self.colleagues.values())

    @property
    def where(self) -> dict[str, object]:
        """The condition for ``Store.find`` on anything with a ``rep_id``; empty for those who see all."""
        if self.sees_all:
            return {}
        return {"rep_id": tuple(c.id for c in self.colleagues.values() if may_see(c, self.rep))}

    def sees(self, rep_id: RepId | None) -> bool:
        """Whether what belongs to this representative may be shown to the reader."""
        owner = self.colleagues.get(rep_id) if rep_id else None
        return self.sees_all or (owner is not None and may_see(owner, self.rep))

    def approves(self, message: Message) -> bool:
        """Whether the reader is one of those who may approve this mail."""
        owner = self.colleagues.get(message.rep_id)
        return owner is not None and may_approve(message, owner, self.rep)

    def name_of(self, rep_id: RepId | None) -> str:
        """The name of one of us, or the id of one who is no longer known."""
        owner = self.colleagues.get(rep_id) if rep_id else None
        return owner.name if owner else rep_id or ""

    def actor(self, actor: str) -> str:
        """Who did something, as the journal names them: one of us by name, the program, or an address."""
        return next((c.name for c in self.colleagues.values() if c.id == actor), actor)
