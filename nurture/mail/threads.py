"""Which of our mails an incoming one is about, and whose it is. A match, or none: never a guess across people.

The marks, strongest first: a Message-ID of ours in In-Reply-To or References; one inside a delivery report;
a token that we signed, in the address it came to; thread subject with sender; the sender's address alone
(then a person, but no mail). Each must fit: the sender is the addressee, under the address that was written to or
the one known now; or somebody of the same domain who answers for the addressee (not where the domain is a public
provider's); or the addressee under an address that nobody knows yet, if the mail names ours and the sender bears
the addressee's full name. The mailbox is the one that sent. Only what a machine sends to a token's address may lie
in another mailbox of ours: there reports are collected. What we sent ourselves matches nothing, whoever hands it
back to us. In doubt the answer is None, and the mail goes to a person as a stray.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from nurture.core.reading import Kind
from nurture.mail import subjects
from nurture.mail.address import domain_of
from nurture.mail.tokens import named, token_in, untag

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from nurture.core.ids import MailboxId, PersonId
    from nurture.core.messages import Message
    from nurture.core.people import Organisation, Person
    from nurture.core.reading import Reading

REPORTS: Final = frozenset({Kind.BOUNCE, Kind.DELAY, Kind.COMPLAINT, Kind.RECEIPT})
PUBLIC_DOMAINS: Final = frozenset(
    """
    gmail.com googlemail.com yahoo.co.jp yahoo.com yahoo.ne.jp ymail.ne.jp outlook.com outlook.jp
    hotmail.com hotmail.co.jp live.jp live.com msn.com icloud.com me.com mac.com aol.com docomo.ne.jp
    ezweb.ne.jp au.com softbank.ne.jp i.softbank.jp ymobile.ne.jp y-mobile.ne.jp rakuten.jp uqmobile.jp
    nifty.com biglobe.ne.jp ocn.ne.jp so-net.ne.jp plala.or.jp dion.ne.jp asahi-net.or.jp infoweb.ne.jp
    excite.co.jp goo.jp gmx.com gmx.net proton.me protonmail.com qq.com 163.com naver.com
    """.split()  # noqa: SIM905  # thirty quoted lines say no more
)
"""Where many people who have nothing to do with each other have their mail."""


class Marks(NamedTuple):
    """What to ask the store for: Message-IDs (nearest first), tokens, and addresses, lower case."""

    header_ids: tuple[str, ...]
    tokens: tuple[str, ...]
    addresses: tuple[str, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of messages that the tokens claim to be of; whether we signed them, ``decide`` checks."""
        return tuple(dict.fromkeys(id_ for token in self.tokens if (id_ := named(token))))


@dataclass(frozen=True, slots=True)
class Match:
    """Whose mail it is. ``message`` is None for the rule ``address``.

    ``rule``: header_id | bounce_id | token | thread | address. ``sender``: addressee | former (under an address of
    before) | renamed (under one that nobody knows yet) | colleague (somebody else of the same house answered for
    ``person``).
    """

    message: Message | None
    person: Person
    rule: str
    sender: str = "addressee"


def candidates(reading: Reading) -> Marks:
    """The marks that a mail carries."""
    ids = [reading.in_reply_to, *reversed(reading.references)]
    if reading.kind in REPORTS:
        ids = [*(fate.original_message_id for fate in reading.bounces), *ids]
        addresses: list[str | None] = [a for fate in reading.bounces for a in fate.recipients]
    else:
        addresses = [reading.from_]
    return Marks(
        tuple(dict.fromkeys(i for i in ids if i)),
        tuple(dict.fromkeys(reading.tokens)),
        tuple(dict.fromkeys(a.lower() for a in addresses if a)),
    )


def decide(
    reading: Reading,
    found: Sequence[Message],
    people: Sequence[Person],
    own_addresses: Collection[str],
    *,
    mailbox: MailboxId | None = None,
    organisations: Sequence[Organisation] = (),
) -> Match | None:
    """The match of a mail among what the store knows, or None.

    Args:
        reading: what the mail says.
        found: our messages that any of its marks may name, and those that went to the people who have its address.
        people: those with one of its addresses, and those to whom ``found`` went.
        own_addresses: ours, lower case.
        mailbox: the one that the mail lies in; a message that another one sent does not fit.
        organisations: of those people, whose domains tell colleagues.
    """
    own = {address.lower() for address in own_addresses}
    if reading.kind is Kind.OTHER or (reading.from_ in own and reading.kind not in REPORTS):
        return None
    if is_ours(reading, found):
        return None
    by_id = {person.id: person for person in people}
    ours = [m for m in found if mailbox is None or m.mailbox_id is None or m.mailbox_id == mailbox]
    fitting = _Fit(reading, organisations)
    for message, rule in _named(reading, found, ours, by_id):
        person = by_id.get(message.person_id)
        if person is None:
            continue
        fit = fitting.of(message, person)
        if fit is not None:
            return Match(message, person, rule, fit)
    return None if cites(reading, found) else _by_address(reading, people, found)


def is_ours(reading: Reading, found: Sequence[Message]) -> bool:
    """Whether the mail is one that we sent: a copy, or one that a list or a rule handed back to us."""
    if reading.message_id is None or reading.kind in REPORTS:
        return False
    return any(m.header_id == reading.message_id for m in found)


def _named(
    reading: Reading, found: Sequence[Message], ours: Sequence[Message], people: Mapping[PersonId, Person]
) -> Iterator[tuple[Message, str]]:
    """The messages that the marks name, strongest first."""
    marks = candidates(reading)
    reported = {fate.original_message_id for fate in reading.bounces} if reading.kind in REPORTS else set()
    known = {m.header_id: m for m in ours if m.header_id}
    for header_id in marks.header_ids:
        if header_id in known:
            yield known[header_id], "bounce_id" if header_id in reported else "header_id"
    for message in found if reading.kind in REPORTS or reading.automatic else ours:
        if marks.tokens and _signed(message, marks.tokens):
            yield message, "token"
    subject = subjects.bare(reading.subject)
    if subject and subject != reading.subject.strip().lower() and reading.kind not in REPORTS:  # it has a Re:
        same = [
            m
            for m in ours
            if subjects.bare(m.subject) == subject and _is_from(reading, m, people.get(m.person_id))
        ]
        if same:
            yield max(same, key=lambda m: (m.sent_at is not None, m.sent_at and m.sent_at.timestamp())), "thread"


def _is_from(reading: Reading, message: Message, person: Person | None) -> bool:
    """Whether the sender has the address that was written to, or the person has it now."""
    sender = (reading.from_ or "").lower()
    return sender in {message.to_address.lower(), person.email.lower() if person else ""} - {""}


def carried(reading: Reading, found: Sequence[Message]) -> Message | None:
    """The letter whose token the mail came back to, whoever sent it: the token alone is the right to opt out."""
    tokens = candidates(reading).tokens
    return next((message for message in found if tokens and _signed(message, tokens)), None)


def _signed(message: Message, tokens: Collection[str]) -> bool:
    """Whether one of the tokens is of this message: its secret itself, or signed with it."""
    secret = message.unsubscribe_token
    return bool(secret) and (secret in tokens or any(untag(t, secret.encode()) == message.id for t in tokens))


def cites(reading: Reading, found: Sequence[Message]) -> bool:
    """Whether it names a mail of ours. If none that it names fits, the address alone is no better."""
    marks = candidates(reading)
    ids = set(marks.header_ids)
    return any(m.header_id in ids or (marks.tokens and _signed(m, marks.tokens)) for m in found)


def _by_address(reading: Reading, people: Sequence[Person], found: Sequence[Message]) -> Match | None:
    """The one person who has the address, or to whom mail went under it."""
    wanted = set(candidates(reading).addresses)
    same = {person.id: person for person in people if person.email.lower() in wanted}
    if same:
        return Match(None, next(iter(same.values())), "address") if len(same) == 1 else None
    before = {m.person_id for m in found if m.to_address.lower() in wanted}
    once = [person for person in people if person.id in before]
    return Match(None, once[0], "address", "former") if len(once) == 1 else None


class _Fit:
    """Whether a mail may be from, or about, the addressee of a message."""

    def __init__(self, reading: Reading, organisations: Sequence[Organisation]) -> None:
        self.reading = reading
        self.houses = {o.id: frozenset(d.lower() for d in o.domains) for o in organisations}

    def of(self, message: Message, person: Person) -> str | None:
        """``Match.sender``, or None."""
        addressed = {message.to_address.lower(), person.email.lower()} - {""}
        if self.reading.kind in REPORTS:
            return self._reported(addressed, message.from_address.lower())
        sender = self.reading.from_
        if sender is None:
            return None
        sender = _without_detail(sender.lower())
        if sender in map(_without_detail, addressed):
            return "addressee" if sender == _without_detail(person.email.lower()) else "former"
        domains = {domain_of(address) for address in addressed}
        if person.organisation_id is not None:
            domains |= self.houses.get(person.organisation_id, frozenset())
        if _bears_name(self.reading.from_name or "", person):
            return "renamed"
        return "colleague" if _same_house(domain_of(sender), domains - PUBLIC_DOMAINS) else None

    def _reported(self, addressed: set[str], sender: str) -> str | None:
        """A report fits if it names the addressee, or nobody but us.

        One that names somebody else is about where the addressee's mail is forwarded to: that address is
        no good, not the one that we know.
        """
        tokens = self.reading.tokens
        named = {a for fate in self.reading.bounces for a in fate.recipients if token_in(a) not in tokens}
        named -= {sender}
        return "addressee" if not named or named & addressed else None


def _without_detail(address: str) -> str:
    """``name@domain`` of ``name+detail@domain`` (RFC 5233)."""
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0] or local}@{domain}"


def _bears_name(shown: str, person: Person) -> bool:
    """Whether a display name holds family and given name, in either order; one of the two says nothing."""
    family, given = _bare(person.family_name), _bare(person.given_name)
    return bool(family and given) and any(name in _bare(shown) for name in (family + given, given + family))


def _bare(name: str) -> str:
    """A name without blanks and width, in lower case."""
    return "".join(unicodedata.normalize("NFKC", name).split()).lower()


def _same_house(domain: str, domains: Collection[str]) -> bool:
    """The same domain, or one of the two below the other: ``med.hospital.example``."""
    if domain in PUBLIC_DOMAINS:
        return False
    return "." in domain and any(
        domain == other or domain.endswith(f".{other}") or other.endswith(f".{domain}") for other in domains
    )
