"""What stands in for a mail server above the edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nurture.core.sending import Outcome, Verdict

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Sequence

    from nurture.core.ids import MailboxId
    from nurture.core.sending import Letter, NoLine


class OneByOne:
    """A ``ports.Sender`` that says how one letter goes; the rest follows from it."""

    trouble: NoLine | None = None

    async def send(self, letter: Letter) -> Outcome:
        """What becomes of one letter."""
        raise NotImplementedError

    async def send_all(
        self,
        letters: Sequence[Letter],
        *,
        leaving: Callable[[Sequence[Letter]], None],
        done: Callable[[Letter, Outcome], None],
        stop: asyncio.Event | None = None,
        holds: Callable[[Letter], bool] | None = None,
    ) -> None:
        """One after the other."""
        for letter in letters:
            if (stop is not None and stop.is_set()) or (holds is not None and not holds(letter)):
                done(letter, Outcome(Verdict.UNTOUCHED, "stopping"))
            else:
                leaving((letter,))
                done(letter, await self.send(letter))

    def no_line(self, mailbox_id: MailboxId) -> NoLine | None:
        """As it was told."""
        return self.trouble

    async def close(self) -> None:
        """Nothing is open."""
