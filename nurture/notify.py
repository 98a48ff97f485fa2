"""Word to our own people by mail (``ports.Notifier``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nurture.core.sending import Letter, Verdict
from nurture.errors import NurtureError
from nurture.log import logger, redact
from nurture.mail.compose import answer as compose_answer
from nurture.mail.compose import header_id, notice
from nurture.mail.text import wrap
from nurture.wire import one_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from nurture.config import MailboxSettings, Settings, Web
    from nurture.core.change import Dispatch
    from nurture.core.people import Representative
    from nurture.ports import Chance, Clock, Notice, Sender


class MailNotifier:
    """Sends short system mails through the login mailbox; a failure is logged and nothing else.

    Args:
        settings: say which mailbox, and where the desk is.
        sender: sends them.
        clock: dates them.
        chance: names them.
    """

    def __init__(self, settings: Settings, sender: Sender, clock: Clock, chance: Chance) -> None:
        self._settings = settings
        self._sender = sender
        self._clock = clock
        self._chance = chance

    async def notify(self, to: Representative, notice: Notice) -> bool:
        """Tell one of us. Neither text nor link is logged: the link may let somebody in."""
        mailbox = self._mailbox()
        return await self._send(notice.kind, to.email, mailbox, lambda chosen: self._letter(chosen, to, notice))

    async def confirm(self, said: Dispatch) -> bool:
        """Answer who wants no more mail, from the mailbox that was asked (``ports.Replier``)."""
        mailbox = self._settings.mailbox(said.mailbox_id)
        return await self._send(
            said.kind, said.to_address, mailbox, lambda chosen: self._confirmation(chosen, said)
        )

    async def _send(
        self,
        kind: str,
        address: str,
        mailbox: MailboxSettings | None,
        made: Callable[[MailboxSettings], Letter],
    ) -> bool:
        log = logger(kind=kind, to=redact(address))
        if mailbox is None:
            log.warning("no notice", action="notice.failed", problem="no mailbox is configured")
            return False
        try:
            letter = made(mailbox)
        except NurtureError as problem:
            log.warning("no notice", action="notice.failed", problem=str(problem))
            return False
        outcome = await self._sender.send(letter)
        if outcome.verdict is Verdict.ACCEPTED:
            log.info("notice sent", action="notice.sent")
            return True
        log.warning("no notice", action="notice.failed", verdict=outcome.verdict.value, problem=outcome.answer)
        return False

    def _mailbox(self) -> MailboxSettings | None:
        chosen = self._settings.mailbox(self._settings.web.login_mailbox)
        return chosen or next(iter(self._settings.mailboxes), None)

    def _letter(self, mailbox: MailboxSettings, to: Representative, said: Notice) -> Letter:
        # Parts may come from outside, such as a reply's subject: a notice must not fail on them.
        text = wrap(said.text.encode("utf-8", "replace").decode().replace("\0", "").rstrip())
        if said.link:
            text += f"\n\n{desk_url(self._settings.web, said.link)}"
        name = header_id(said.key or self._chance.new_id(), mailbox.address.rpartition("@")[2])
        data = notice(
            to_address=to.email,
            to_name=to.name,
            from_address=mailbox.address,
            from_name="nurture",
            subject=one_line(said.subject, 200),
            text=text + "\n",
            date=self._clock.now(),
            header_id=name,
        )
        return Letter(mailbox.id, mailbox.address, to.email, data, name)

    def _confirmation(self, mailbox: MailboxSettings, said: Dispatch) -> Letter:
        name = header_id(said.id, mailbox.address.rpartition("@")[2])
        data = compose_answer(
            to_address=said.to_address,
            to_name=said.to_name,
            from_address=mailbox.address,
            from_name=mailbox.name,
            subject=one_line(said.subject, 200),
            text=wrap(said.text.rstrip()) + "\n",
            date=self._clock.now(),
            header_id=name,
            in_reply_to=said.in_reply_to,
        )
        return Letter(mailbox.id, mailbox.address, said.to_address, data, name)


def desk_url(web: Web, path: str) -> str:
    """A page of the desk as people reach it: under the public address, else on this machine."""
    host = f"[{web.host}]" if ":" in web.host else web.host
    base = web.public_url.rstrip("/") or f"http://{host}:{web.port}"
    return f"{base}/{path.lstrip('/')}"
