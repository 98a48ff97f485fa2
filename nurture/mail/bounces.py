"""Delivery reports: what became of a mail of ours, for each recipient.

Theory of operation
===================
A report is recognised by its form (RFC 3464 fields, also where the MIME around them is damaged; the JSON
of a mail service; ``X-Failed-Recipients``) or, for the many servers that write free text, by three signs:
who writes (a mailer daemon, a null return path), what the subject says, and what the text says. One sign
alone is a person who forwards an error, so free text needs two.

The text is cut where the copy of our mail begins: everything below is our own words. What stands
above is given to the recipients: each one's share is what stands between its address and the next one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from nurture.core.reading import BounceInfo, Kind
from nurture.mail.address import addresses_in
from nurture.mail.automatic import is_listed
from nurture.mail.bounce_words import (
    BODY,
    BY_A_PERSON,
    COPY,
    DAEMON,
    DAEMON_NAME,
    DELAY,
    DELAYED_SUBJECT,
    GIVEN_UP,
    HEADERS,
    MACHINE,
    MESSAGE_ID,
    PROSPECT,
    STATED,
    SUBJECT,
)
from nurture.mail.dsn import MAX_RECIPIENTS, Row, fields, service
from nurture.mail.html import to_text
from nurture.mail.parse import Part, header_and_body
from nurture.mail.subjects import is_answer
from nurture.mail.verdicts import ENHANCED, Fate, judge


@dataclass(frozen=True, slots=True)
class Report:
    """A delivery report: bounce, delay or receipt, and the fates, the worst first."""

    kind: Kind
    fates: tuple[BounceInfo, ...]


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the header says of a mail's origin, as far as it matters here."""

    from_address: str
    from_name: str
    subject: str
    return_path: str | None  # without brackets; empty: the null path; None: no such field
    to: tuple[str, ...] = ()


def read_report(root: Part, envelope: Envelope) -> Report | None:
    """The delivery report that a mail is, or None."""
    text = _text(root)
    notification, copy = cut_copy(text)
    daemon = _daemon(envelope)
    rows = fields(root, text, deep=daemon) or service(text)
    if not rows:
        rows = _failed_recipients(root, notification) or _free(root, envelope, daemon, notification, copy)
    if not rows:
        return None
    original = _original_id(root, copy)
    reported = [row.action for row in rows]
    kind = Kind.BOUNCE
    if "failed" not in reported:
        kind = Kind.DELAY if "delayed" in reported else Kind.RECEIPT
    if kind is Kind.RECEIPT:
        return Report(kind, ())
    wanted = "failed" if kind is Kind.BOUNCE else "delayed"
    shares = _shares(notification, [row.address for row in rows])
    fates = [
        _fate(row, shares.get(row.address, notification), original, kind) for row in rows if row.action == wanted
    ]
    return Report(kind, _grouped(fates))


def _fate(row: Row, share: str, original: str | None, kind: Kind) -> BounceInfo:
    fate: Fate = judge(row.words, row.status, share)
    status = row.status
    if status is None or status.endswith(".0.0"):
        said = next((m[0] for m in ENHANCED.finditer(row.words or share) if m[1] in "45"), None)
        status = said or status
    recipients = (row.address,) if row.address else ()
    return BounceInfo(fate.permanent and kind is Kind.BOUNCE, fate.reason, status, recipients, original)


def _grouped(fates: list[BounceInfo]) -> tuple[BounceInfo, ...]:
    """One for each different fate, the worst first."""
    groups: dict[tuple[bool, str, str | None], BounceInfo] = {}
    for fate in fates:
        key = (fate.permanent, fate.reason, fate.status)
        known = groups.get(key)
        if known is None:
            groups[key] = fate
        elif fate.recipients and fate.recipients[0] not in known.recipients:
            groups[key] = BounceInfo(*key, known.recipients + fate.recipients, fate.original_message_id)
    return tuple(sorted(groups.values(), key=lambda fate: not fate.permanent))


def _text(root: Part) -> str:
    """What the report says in words: its text parts, without the enclosed mail."""
    texts = [part.decoded.text for part in root.own() if part.type == "text/plain" and not part.parts]
    if not any(text.strip() for text in texts):
        texts = [to_text(part.decoded.text) for part in root.own() if part.type == "text/html"]
    return "\n".join(texts)


def cut_copy(text: str) -> tuple[str, str]:
    """What a report says, and the copy of the mail that stands below it."""
    ends = [match.start() for pattern in (COPY, HEADERS) if (match := pattern.search(text)) and match.start() > 0]
    if not ends:
        return text, ""
    return text[: min(ends)], text[min(ends) :]


HEADERS_ONLY = frozenset({"text/rfc822-headers", "message/rfc822-headers", "message/global-headers"})
"""Parts with nothing but the header of our mail (RFC 6522, RFC 6533)."""


def _original_id(root: Part, copy: str) -> str | None:
    for part in root.walk():
        if part is root:
            continue
        if found := part.get("message-id"):
            return found.split()[0] if found.strip() else None
        if part.type in HEADERS_ONLY or part.type.startswith("text/rfc822"):
            inner = Part(header_and_body(part.data.lstrip(b"\r\n"))[0])
            if found := inner.get("message-id"):
                return found.split()[0]
    match = MESSAGE_ID.search(copy) or next(
        (
            m
            for part in root.walk()
            if part.type.startswith("text/") and (m := MESSAGE_ID.search(part.decoded.text))
        ),
        None,
    )
    if match:
        return match[1]
    return next(
        (i for name in ("in-reply-to", "references") for i in root.get(name).split() if i.startswith("<")), None
    )


# --- free text ---


def _still_trying(subject: str, notification: str) -> bool:
    """Whether the server means to try again, rather than to have tried."""
    subject = subject.lower()
    if DELAYED_SUBJECT.search(subject):
        return True
    said = PROSPECT.sub("", notification.lower())
    return DELAY.search(f"{subject}\n{said}") is not None and GIVEN_UP.search(said) is None


def _failed_recipients(root: Part, notification: str) -> list[Row]:
    """``X-Failed-Recipients``, which Exim and Google write."""
    addresses = addresses_in(" ".join(root.all("x-failed-recipients")), MAX_RECIPIENTS)
    if not addresses:
        return []
    action = "delayed" if _still_trying(root.get("subject"), notification) else "failed"
    shares = _shares(notification, list(addresses))
    return [
        Row(address, action, _status_in(shares.get(address, "")), shares.get(address, "")) for address in addresses
    ]


def _status_in(text: str) -> str | None:
    found = next((m for m in ENHANCED.finditer(text) if m[1] in "45"), None)
    return found[0] if found else None


def _daemon(envelope: Envelope) -> bool:
    """Whether a mail server seems to write."""
    return bool(
        DAEMON.match(envelope.from_address.partition("@")[0])
        or DAEMON_NAME.search(envelope.from_name)
        or (envelope.return_path is not None and envelope.return_path.lower() in {"", "mailer-daemon"})
        or not envelope.from_address
    )


def _free(root: Part, envelope: Envelope, daemon: bool, notification: str, copy: str) -> list[Row]:
    """Recipients of a report in free text; none if it is no report."""
    if PARCEL.search(f"{envelope.subject}\n{notification[:3000]}") and not OF_MAIL.search(notification[:3000]):
        return []
    subject = SUBJECT.search(envelope.subject.lower()) is not None
    body = BODY.search(notification.lower()) is not None
    enclosed = bool(copy) or any(
        part.type.startswith(("message/", "text/rfc822")) for part in root.walk() if part is not root
    )
    automatic = root.get("auto-submitted").lower().startswith("auto-replied") and not subject
    if automatic and not (body and enclosed):
        return []
    by_daemon = (
        daemon
        and not (is_answer(envelope.subject) and LETTER.search(notification))
        and (
            subject
            or (body and enclosed)
            or (
                bool(envelope.from_address)
                and (body or _REFUSED.search(notification))
                and judge(notification).reason not in {"unknown", "content", "policy"}
            )
        )
    )
    machine = MACHINE.match(envelope.from_address) is not None and body and bool(addresses_in(notification, 1))
    stated = subject and body and _stated(root, envelope, notification)
    handed_on = (
        is_answer(envelope.subject)
        or GREETS.match(notification) is not None
        or any(root.has(field) for field in OF_A_THREAD)
    )
    if not (by_daemon or machine or stated or (subject and body and enclosed and not handed_on)):
        return []
    addresses = _addressed(root, envelope, notification, copy)
    late = _still_trying(envelope.subject, notification)
    action = "delayed" if late else "failed"
    if not addresses:
        return [Row("", action, _status_in(notification), notification)]
    shares = _shares(notification, addresses)
    return [
        Row(a, action, _status_in(shares.get(a, notification)), shares.get(a, notification)) for a in addresses
    ]


def _stated(root: Part, envelope: Envelope, notification: str) -> bool:
    """Whether the words are a report's own, of somebody named, and nobody greets or forwards.

    For gateways that write under a name of their own, with nothing enclosed.
    """
    notification = QUOTED.sub("", notification)
    if is_answer(envelope.subject) or len(notification) > 3000 or BY_A_PERSON.search(notification):
        return False
    if is_listed(root):
        return False
    others = set(addresses_in(notification, 10)) - {envelope.from_address.lower()}
    alone = any(_alone(address, notification) for address in others)
    return alone and STATED.search(re.sub(r"\s+", " ", notification[:800]).lower()) is not None


def _alone(address: str, notification: str) -> bool:
    """Whether an address has a line of its own, at most with a name or a label: people write it in a sentence."""
    pattern = rf"^[^\n.。,、]{{0,40}}?[ \t<(\"'*・:：]?{re.escape(address)}[>)\"' \t]*$"
    return re.search(pattern, notification, re.IGNORECASE | re.MULTILINE) is not None


QUOTED = re.compile(r"^[ \t]*>.*$", re.MULTILINE)
LETTER = re.compile(r"お世話になっ|お世話様|よろしくお願い|宜しくお願い|(?:様|先生)[ 　]*(?:\n|\Z)")
"""How a letter begins or ends: a postmaster who answers is a person."""
GREETS = re.compile(r"\s*(?:hi|hello|hey|dear|all,|everyone)\b(?!\. this is the)", re.IGNORECASE)
OF_A_THREAD = ("in-reply-to", "references", "list-id", "list-post", "mailing-list")
"""What people who talk about a report have in the header, and a report that nobody's daemon signed has not."""
PARCEL = re.compile(
    r"\b(?:parcel|package|shipment|courier|consignment)s?\b|荷物|再配達|宅配|お届け先|郵便物", re.IGNORECASE
)
OF_MAIL = re.compile(
    r"\b(?:e-?mails?|messages?|recipients?|mailbox|smtp)\b|メール|[45]\d\d[ -][45]\.\d|@", re.IGNORECASE
)
"""Carriers fail to deliver too: not mail."""
_REFUSED = re.compile(r"(?<![\d.])5\d\d[ -:]|5\.\d\.\d")


def _addressed(root: Part, envelope: Envelope, notification: str, copy: str) -> list[str]:
    """Who did not get it: addresses of the report that the copy is addressed to, else those that lead a line."""
    sent_to: set[str] = set()
    for part in root.walk():
        if part is not root:
            sent_to.update(addresses_in(" ".join(part.all("to")), 20))
    for match in re.finditer(r"^[ \t>]*to:[^\n]*(?:\n[ \t][^\n]*)*", copy[:60_000], re.IGNORECASE | re.MULTILINE):
        sent_to.update(addresses_in(match[0], 20))
    ours = {envelope.from_address.lower(), *(a.lower() for a in envelope.to)}
    named = [a for a in addresses_in(notification) if not DAEMON.match(a.partition("@")[0])]
    both = [a for a in named if a in sent_to]
    if both:
        refused = [a for a in named if a not in both and a not in ours and _refused(a, notification)]
        return [*both, *refused][:MAX_RECIPIENTS]
    rest = [a for a in named if a not in ours]
    leading = [a for a in rest if _leads(a, notification)]
    return (leading or rest[:1] or sorted(sent_to - ours)[:1])[:MAX_RECIPIENTS]


def _leads(address: str, notification: str) -> bool:
    pattern = rf"^[ \t<(\[\"']*{re.escape(address)}"
    return re.search(pattern, notification, re.IGNORECASE | re.MULTILINE) is not None


def _refused(address: str, notification: str) -> bool:
    """Whether a line of an old server's transcript is about the address: ``550 <a@b>... User unknown``."""
    pattern = rf"^[ \t]*[45]\d\d[ -](?:[45]\.\d\.\d )?<?{re.escape(address)}>?\.\.\."
    return re.search(pattern, notification, re.IGNORECASE | re.MULTILINE) is not None


def _shares(notification: str, addresses: list[str]) -> dict[str, str]:
    """For each address what is said about it: all that follows its places, each up to the next address.

    With one address everything is about it; where nothing is said of one alone, what stands above them all is.
    """
    distinct = [a for a in dict.fromkeys(addresses) if a]
    if len(distinct) <= 1:
        return dict.fromkeys(distinct, notification)
    low = notification.lower()
    places = sorted(
        (match.start(), address)
        for address in distinct
        for match in list(re.finditer(rf"(?<![\w.+-]){re.escape(address)}(?![\w-])", low))[:20]
    )
    intro = notification[: places[0][0]] if places else ""
    shares: dict[str, list[str]] = {}
    for index, (start, address) in enumerate(places):
        end = places[index + 1][0] if index + 1 < len(places) else len(notification)
        begin = notification.rfind("\n", 0, start) + 1
        shares.setdefault(address, []).append(notification[begin : max(end, start)])
    told = {address: "\n".join(pieces) for address, pieces in shares.items()}
    return {a: f"{intro}\n{words}" if judge(words).reason == "unknown" else words for a, words in told.items()}
