"""A letter to oneself: sent as every letter is, and followed until it arrives."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from nurture.core.sending import Letter, Verdict
from nurture.errors import NurtureError, TemporaryFailure
from nurture.i18n import words
from nurture.mail import compose
from nurture.mail.envelope import trial

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nurture.config import MailboxSettings, Settings
    from nurture.core.health import Arrived
    from nurture.core.sending import Outcome
    from nurture.ports import Chance, Clock, Seeker, Sender

EVERY: Final = timedelta(seconds=1)
"""Between two looks; a server that files a mail does so within seconds."""

_RESULT = re.compile(r"\b(spf|dkim|dmarc)\s*=\s*([a-z]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Followed:
    """How a letter to oneself fared."""

    header_id: str
    outcome: Outcome
    arrived: Arrived | None = None
    seconds: float = 0.0  # from the server's yes until it was seen
    problem: NurtureError | None = None  # why the account could not be looked into
    results: Mapping[str, str] = field(default_factory=dict)  # spf, dkim, dmarc as the receiving server saw them
    said: tuple[str, ...] = ()  # its Authentication-Results, whole


async def follow(
    settings: Settings,
    box: MailboxSettings,
    sender: Sender,
    seeker: Seeker | None,
    *,
    clock: Clock,
    chance: Chance,
    patience: timedelta,
) -> Followed:
    """Send a letter from a mailbox to itself and look for it.

    It has the envelope sender that letters have, and goes to the address to which answers go: a server that lets
    no other sender through (``verp``), or does not know plus addresses (``reply_to``), shows here and not later.

    Args:
        settings: language and time zone.
        box: the mailbox.
        sender: letters out.
        seeker: looks into the account; None where it is not read: then it is sent and not followed.
        clock: time.
        chance: for a Message-ID that nobody else has.
        patience: how long it is looked for.
    """
    w = words(settings.language)
    started = clock.now()
    name = chance.new_id()
    header_id = compose.header_id(f"selftest/{name}", box.address.rpartition("@")[2])
    outside = trial(box.address, box, name)
    to = outside.reply_to or box.address
    data = compose.notice(
        to_address=to,
        from_address=box.address,
        from_name=box.name,
        subject=w("nurture: a letter to oneself"),
        text=w("This letter was sent by nurture mailbox test. It can be deleted."),
        date=started.astimezone(ZoneInfo(settings.timezone)),
        header_id=header_id,
    )
    outcome = await sender.send(Letter(box.id, outside.sender, to, data, header_id))
    if outcome.verdict not in {Verdict.ACCEPTED, Verdict.UNKNOWN} or seeker is None:
        return Followed(header_id, outcome)
    accepted, problem = clock.now(), None
    while True:
        try:
            arrived = await seeker.look(header_id)
            problem = None
        except TemporaryFailure as error:
            arrived, problem = None, error
        except NurtureError as error:
            return Followed(header_id, outcome, problem=error)
        now = clock.now()
        if arrived is not None:
            results, said = read_results(arrived.header)
            seconds = (now - accepted).total_seconds()
            return Followed(header_id, outcome, arrived, seconds, None, results, said)
        if now - accepted >= patience:
            return Followed(header_id, outcome, seconds=(now - accepted).total_seconds(), problem=problem)
        await clock.sleep_until(now + EVERY)


def read_results(header: bytes) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """What the receiving server found (RFC 8601): its Authentication-Results stand uppermost.

    Those further down may be anybody's, so a result counts where it is named first.
    """
    said = message_from_bytes(header, policy=policy.compat32).get_all("Authentication-Results") or []
    lines = tuple(" ".join(str(value).split())[:1000] for value in said[:5])
    results: dict[str, str] = {}
    for line in lines:
        for name, result in _RESULT.findall(line):
            results.setdefault(name.lower(), result.lower())
    return results, lines
