"""An opt-out by reply, or a wish for less mail that says nothing else, is confirmed: one short mail, once, in the
thread, without anything that advertises.

The anti-spam act wants further advertising mail to stop and says nothing against saying so; the mail is made by a
machine and says so (RFC 3834), is no answer to anything that a machine wrote, and goes to nobody but whoever
asked, at the address that wrote. Who opts out with the button of a mail program or on our page sees that it
worked: they get none, nor does anybody who complains.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nurture.core import often
from nurture.core.cases import ALONE, LESS_OFTEN, OPT_OUT
from nurture.core.change import Dispatch
from nurture.core.ids import derived
from nurture.core.messages import Suppression, SuppressionScope
from nurture.core.reading import Intent, Kind
from nurture.flows.dispatches import CONFIRMATION, GRACE, PACED

if TYPE_CHECKING:
    from nurture.config import Company
    from nurture.core.arrival import Arrival
    from nurture.core.cases import Case
    from nurture.core.change import Change
    from nurture.core.people import Person, Representative
    from nurture.ports import Doors

SUBJECT: Final = {"ja": "配信停止を承りました", "en": "You will get no more mail from us"}
TEXT: Final = {
    "ja": """{to}

ご連絡をいただき、ありがとうございます。
配信停止を承りました。{address} あてのご案内は、今後お送りいたしません。

このメールは、お手続きの完了を一度だけお知らせするものです。
ご返信には及びません。これまでお時間をいただき、ありがとうございました。

{by}
""",
    "en": """Dear {to},

Thank you for telling us. We will send no more mail to {address}.

This is said once, to confirm it; there is no need to answer. Thank you for your time.

{by}
""",
}
SLOWER: Final = {"ja": "ご案内の頻度について承りました", "en": "You will get less mail from us"}
SLOWER_TEXT: Final = {
    "ja": """{to}

ご連絡をいただき、ありがとうございます。
{address} あてのご案内は、今後{pace}に1通までといたします。

このメールは、お手続きの完了を一度だけお知らせするものです。
ご返信には及びません。配信の停止をご希望の場合も、ご返信にて承ります。

{by}
""",
    "en": """Dear {to},

Thank you for telling us. From now on we will send at most one mail in {pace} to {address}.

This is said once, to confirm it; there is no need to answer. If you want no mail at all, a reply is enough.

{by}
""",
}
SPANS: Final = {
    7: ("1週間", "a week"),
    14: ("2週間", "two weeks"),
    31: ("1か月", "a month"),
    62: ("2か月", "two months"),
    92: ("3か月", "three months"),
    183: ("半年", "half a year"),
    365: ("1年", "a year"),
}
"""What the usual spans of days are called."""


def due(doors: Doors, a: Arrival, case: Case, change: Change) -> bool:
    """Whether this mail is answered with a confirmation.

    Args:
        doors: as ever.
        a: the mail.
        case: what it was taken for.
        change: what was decided: it must be this mail that silences the address, or slows us down.
    """
    reading, address = a.reading, a.person.email.lower()
    if case is LESS_OFTEN:
        return (
            doors.settings.work.confirm_opt_out
            and doors.replier is not None
            and reading.intents <= ALONE
            and _days(change) is not None
            and a.inbound.from_address == address
        )
    asked = reading.kind is Kind.REPLY and not reading.automatic and Intent.UNSUBSCRIBE in reading.intents
    silenced = any(
        isinstance(put, Suppression) and put.scope is SuppressionScope.ADDRESS and put.value == address
        for put in change.puts
    )
    return (
        doors.settings.work.confirm_opt_out
        and doors.replier is not None
        and case is OPT_OUT
        and asked
        and Intent.COMPLAINT not in reading.intents
        and silenced
        and a.inbound.from_address == address
    )


def _days(change: Change) -> int | None:
    """The pace that a change puts in force."""
    return often.pace(put for put in change.puts if isinstance(put, Suppression))


def confirmation(doors: Doors, a: Arrival, rep: Representative | None, change: Change) -> Dispatch:
    """The confirmation; sent right after it was written, or later (``flows.dispatches``)."""
    person, days = a.person, _days(change)
    language = "en" if person.language == "en" else "ja"
    subject, text = (SUBJECT, TEXT) if days is None else (SLOWER, SLOWER_TEXT)
    return Dispatch(
        id=derived(f"confirmed:{person.id}", a.inbound.id),
        kind=CONFIRMATION if days is None else PACED,
        subject=subject[language],
        text=text[language].format(
            to=_called(person),
            address=person.email,
            by=_by(doors.settings.company, rep, language),
            pace=_span(days or 0, language),
        ),
        created_at=a.now,
        due_at=a.now + GRACE,
        person_id=person.id,
        mailbox_id=a.inbound.mailbox_id,
        to_address=person.email,
        to_name=person.name,
        in_reply_to=a.reading.message_id or "",
    )


def _span(days: int, language: str) -> str:
    ja, en = SPANS.get(days, (f"{days}日", f"{days} days"))
    return en if language == "en" else ja


def _called(person: Person) -> str:
    if person.language == "en":
        return f"{'Dr. ' if person.honorific == '先生' else ''}{person.name}"
    return f"{person.name} {person.honorific}"


def _by(company: Company, rep: Representative | None, language: str) -> str:
    """Who says so, and where they are reached."""
    name = company.name_en if language == "en" and company.name_en else company.name
    lines = [name, rep.name if rep else "", f"〒{company.postal_code.removeprefix('〒')} {company.address}"]
    lines += [f"TEL: {company.phone}" if company.phone else "", f"E-mail: {company.mail}" if company.mail else ""]
    return "\n".join(line for line in lines if line)
