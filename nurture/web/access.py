"""Who reads the desk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nurture.core.approval import may_see
from nurture.core.sight import Sight

if TYPE_CHECKING:
    from nurture.core.ids import RepId
    from nurture.i18n import Words


@dataclass(frozen=True, slots=True)
class Reader(Sight):
    """Somebody of ours who is signed in.

    ``session`` is the id of the login token that opened the session; ``csrf`` belongs to that session.
    """

    words: Words
    session: str
    csrf: str

    @property
    def leads(self) -> bool:
        """Whether others' mails are on this reader's list too, so that rows must name their owner."""
        return self.sees_all or any(c.id != self.rep.id and may_see(c, self.rep) for c in self.colleagues.values())

    def name_of(self, rep_id: RepId | None) -> str:
        """The name of one of us, or the id of one who is no longer known."""
        owner = self.colleagues.get(rep_id) if rep_id else None
        return owner.name if owner else rep_id or ""

    def actor(self, actor: str) -> str:
        """Who did something, as the journal names them: one of us by name, the program, or an address."""
        return next((c.name for c in self.colleagues.values() if c.id == actor), actor)
