"""One mail from bytes to what it says. Total: never raises, whatever the bytes, in bounded time.

Theory of operation
===================
``parse`` makes a tree of parts, ``charset`` the text of each; the kind is then decided in an order in which
a later question need not ask the earlier one again: complaint, delivery report, receipt, challenge, list,
automatic answer (with dates: absence), unsubscribe command, our own mail, and else a person's reply. Only for
mail that a person or his mail program answered are quotes and signature taken off and intents looked for.

Dates are read against the Date header in its own offset; without one against ``received_at``, without
that against the newest Received field.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final

from nurture.core.reading import AwayInfo, BounceInfo, Found, Intent, Kind, Reading
from nurture.mail import automatic, calendar_answers, patients, quotes
from nurture.mail.absence import Absence, absence
from nurture.mail.address import addresses_in
from nurture.mail.body import body
from nurture.mail.bounces import Envelope, read_report
from nurture.mail.dates import mentions
from nurture.mail.heads import addresses, ids, received, tokens, when
from nurture.mail.intents import intents
from nurture.mail.later import named
from nurture.mail.names import successor
from nurture.mail.parse import Part, parse
from nurture.mail.proposals import proposed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from nurture.core.slots import Slot

MAX_KEPT: Final = 20_000  # characters of text that a reading keeps
JAPAN: Final = timezone(timedelta(hours=9))


def read(raw: bytes, *, received_at: datetime | None = None, own: Collection[str] = ()) -> Reading:
    """What a mail says.

    Args:
        raw: the mail as it came; what is beyond 24 MiB is not looked at.
        received_at: when it came, for a mail without a Date.
        own: our own addresses in lower case: their mail is never a reply.
    """
    try:
        found = _read(raw, received_at, frozenset(own))
        return replace(found, sensitive=patients.signs(f"{found.subject}\n{found.text}\n{found.signature}"))
    except Exception as error:  # the promise is total: a fault of ours must not stop the mailbox
        return Reading(Kind.OTHER, defects=("unreadable", f"internal:{type(error).__name__}"))


def _read(raw: bytes, received_at: datetime | None, own: frozenset[str]) -> Reading:
    root = parse(raw)
    names, senders = addresses(root, "from")
    head = Reading(
        Kind.OTHER,
        from_=senders[0] if senders else None,
        from_name=names or None,
        to=tuple(dict.fromkeys(a for field in ("to", "cc") for a in addresses(root, field)[1])),
        subject=root.get("subject")[:1000],
        at=when(root.get("date")),
        message_id=next(iter(ids(root.get("message-id"))), None) or (root.get("message-id").strip()[:900] or None),
        in_reply_to=next(iter(ids(root.get("in-reply-to"))), None),
        references=ids(root.get("references")),
        tokens=tokens(root),
    )
    text, defects = body(root)
    head = replace(head, defects=tuple(dict.fromkeys((*root.defects, *defects, *_missing(root, head, raw)))))
    moment = head.at or received_at or received(root)
    base = None if moment is None else (moment if head.at else moment.astimezone(JAPAN)).date()
    return _decide(root, head, text, base, own)


def _decide(root: Part, head: Reading, text: str, base: date | None, own: frozenset[str]) -> Reading:
    if not root.fields:  # nothing, or no mail
        return replace(head, text=text[:MAX_KEPT])
    return_path = root.get("return-path").strip().strip("<>").strip() if root.has("return-path") else None
    envelope = Envelope(head.from_ or "", head.from_name or "", head.subject, return_path, head.to)
    if automatic.is_complaint(root, head.subject, text):
        return replace(head, kind=Kind.COMPLAINT, automatic=True, bounces=_complained(root))
    if automatic.is_opinion(root):
        return replace(head, automatic=True)
    if automatic.is_receipt(root, head.subject, text):
        return replace(head, kind=Kind.RECEIPT, automatic=True, bounces=_read_receipt(root))
    if report := read_report(root, envelope):
        return replace(head, kind=report.kind, automatic=True, bounces=report.fates, text=text[:MAX_KEPT])
    if head.from_ in own:
        return replace(head, text=quotes.split(text).text[:MAX_KEPT])
    new = quotes.split(text)
    signs = automatic.signs(
        root, from_address=head.from_ or "", subject=head.subject, text=new.text, return_path=return_path
    )
    head = replace(
        head, automatic=signs.made or signs.listed, text=new.text[:MAX_KEPT], signature=new.signature[:MAX_KEPT]
    )
    if not signs.listed and automatic.is_challenge(root, head.subject, new.text):
        return replace(head, kind=Kind.CHALLENGE, automatic=True)
    if (asked := calendar_answers.answer(root)) and not signs.listed:
        found = (
            *asked.found,
            *(one for one in intents(new.text) if one.intent not in {f.intent for f in asked.found}),
        )
        times = tuple(dict.fromkeys((*asked.slots, *proposed(new.text, base))))
        return replace(head, kind=Kind.REPLY, automatic=False, dates=asked.days, times=times, found=found)
    in_thread = bool(head.in_reply_to or head.references)
    to_us = bool(head.tokens) or bool(own & {_untagged(address) for address in head.to})
    if (to_us or not signs.listed) and automatic.is_unsubscribe(
        head.subject, new.text, head.to, in_thread=in_thread
    ):
        words = Found(Intent.UNSUBSCRIBE, "command", (head.subject or new.text)[:120])
        return replace(head, kind=Kind.UNSUBSCRIBE, found=(words,))
    if signs.listed and not (in_thread and to_us):
        return head
    return _said(head, new, text if new.quoted else "", signs, base)


def _untagged(address: str) -> str:
    """``name@domain`` of ``name+detail@domain``, lower case."""
    local, _, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _said(head: Reading, new: quotes.Split, whole: str, signs: automatic.Signs, base: date | None) -> Reading:
    """Kind and content of what a person wrote, or a program in a person's place; ``whole``: with its quotes."""
    away = absence(new.text, base, subject=head.subject if signs.answered else "")
    found = intents(new.text, to=whole)
    kind = _kind(head, away, signs, found, new)
    if kind is Kind.OTHER:
        return replace(head, kind=kind, automatic=True)
    if kind in {Kind.OUT_OF_OFFICE, Kind.AUTO_REPLY}:  # a form letter refuses nothing and asks nothing
        found = tuple(one for one in found if one.intent in OF_AN_ABSENCE)
    dates = mentions(new.text, base)
    if any(mention.doubtful for mention in dates) or (away is not None and away.doubtful):
        first = next((m.words for m in dates if m.doubtful), away.words if away else "")
        found = _with(found, Found(Intent.AMBIGUOUS, "date_contradicts_itself", first[:120]))
    told = None if away is None or not (away.strong or kind is Kind.OUT_OF_OFFICE) else away.away
    return replace(
        head,
        kind=kind,
        automatic=head.automatic or signs.answered,
        away=told,
        times=proposed(new.text, base) if any(one.intent is Intent.APPOINTMENT for one in found) else (),
        later=named(new.text, base) if PUT_OFF & {one.intent for one in found} else None,
        dates=tuple(sorted({day for mention in dates for day in (mention.first, mention.last)})),
        found=found,
        successor=successor(new.text, new.signature, {one.intent for one in found}),
    )


PUT_OFF: Final = frozenset({Intent.CONSIDERATION, Intent.SNOOZE})
OF_AN_ABSENCE: Final = frozenset(
    {Intent.DEPUTY_NAMED, Intent.SUCCESSOR_NAMED, Intent.MOVED, Intent.LEFT, Intent.REFERRAL}
)
A_PERSONS: Final = frozenset(Intent) - OF_AN_ABSENCE - {Intent.AMBIGUOUS}


def _kind(
    head: Reading, away: Absence | None, signs: automatic.Signs, found: tuple[Found, ...], new: quotes.Split
) -> Kind:
    said = {one.intent for one in found}
    if signs.answered:
        formal = away is not None and (
            (not away.strong and RECEIVED.search(new.text) is not None)
            or (away.away is None and RECEIVED.search(head.subject) is not None)
        )
        if away is None or formal or (said & {Intent.MOVED, Intent.LEFT} and not away.strong):
            return Kind.AUTO_REPLY
        return Kind.OUT_OF_OFFICE
    if signs.robot or signs.made:
        return Kind.AUTO_REPLY if head.in_reply_to or head.references else Kind.OTHER
    if away is not None and away.strong and not said & A_PERSONS and _is_form(new, away):
        return Kind.OUT_OF_OFFICE
    return Kind.REPLY


def _is_form(new: quotes.Split, away: Absence) -> bool:
    """An absence that is all the mail says, in the way of a form letter: short, nobody introduces himself."""
    return (
        len(new.text) < 600
        and not new.quoted
        and BY_HAND.search(new.text) is None
        and PRESENT.search(away.words) is not None
    )


BY_HAND: Final = re.compile(
    r"(?:\A|\n)[^。\n]{0,20}(?:秘書|代理|事務|医局|助手)[^。\n]{1,12}(?:です|でございます|と申します)|"
    r"(?:拝見|確認)(?:いた)?(?:し|させて(?:いただき|頂き))ました|代理で返信|(?:お世話になって|お疲れ)[^。]{0,12}(?:。|、|\n)[^。]{0,24}(?:です|と申します)|"
    r"田中様|ご?(?:依頼|質問|提案|連絡|メール)(?:を)?(?:ありがとう|いただき)[^。]{0,40}(?:ですが|ますが)"
)
RECEIVED: Final = re.compile(
    r"受け?付け?(?:まし|いた|完了|番号|を)|問い?合わ?せ番号|ticket|has been received|"
    r"we (?:have )?received|case number",
    re.IGNORECASE,
)
"""A form that confirms a receipt names days of answer, not of absence."""
PRESENT: Final = re.compile(
    r"ただいま|現在|誠に勝手|下記の期間|不在|休|出張|のため|につき|伴い|out of|away|vacation|leave", re.IGNORECASE
)


def _with(found: tuple[Found, ...], one: Found) -> tuple[Found, ...]:
    return found if any(f.intent is one.intent for f in found) else (*found, one)


def _complained(root: Part) -> tuple[BounceInfo, ...]:
    """About which of our mails somebody complained, in the shape of a fate."""
    recipients: dict[str, None] = {}
    for part in root.own():
        if part.type == "message/feedback-report":
            for line in re.findall(r"(?im)^(?:original-rcpt-to|removal-recipient):[ \t]*(\S+)", part.decoded.text):
                recipients.update(dict.fromkeys(addresses_in(line)))
    original = _enclosed_id(root)
    if not recipients:
        recipients.update(dict.fromkeys(a for part in _enclosed(root) for a in addresses_in(part.get("to"), 5)))
    if original is None and not recipients:
        return ()
    return (BounceInfo(False, "complaint", None, tuple(recipients), original),)


def _read_receipt(root: Part) -> tuple[BounceInfo, ...]:
    for part in root.own():
        if part.type == "message/disposition-notification":
            found = re.search(r"(?im)^original-message-id:[ \t]*(<[^<>\s]+>)", part.decoded.text)
            if found:
                return (BounceInfo(False, "read", None, (), found[1]),)
    return ()


def _enclosed(root: Part) -> Iterable[Part]:
    return (part for part in root.walk() if part is not root and part.has("message-id"))


def _enclosed_id(root: Part) -> str | None:
    for part in _enclosed(root):
        if known := ids(part.get("message-id")):
            return known[0]
    for part in root.own():
        if part.type.startswith("text/") and (
            found := re.search(r"(?im)^message-id:[ \t]*(<[^<>\s]+>)", part.decoded.text)
        ):
            return found[1]
    return None


def _missing(root: Part, head: Reading, raw: bytes) -> Iterable[str]:
    if not raw.strip():
        yield "empty"
    elif not root.fields:
        yield "no_header"
    elif head.from_ is None:
        yield "no_from"
    if root.has("date") and head.at is None:
        yield "bad_date"


# --- the public form --------------------------------------------------------------------------------------------


def to_json(reading: Reading, path: str) -> dict[str, Any]:
    """The public form of a reading, as ``nurture read`` prints it: plain JSON values, dates in ISO 8601."""
    return {
        "path": path,
        "kind": str(reading.kind),
        "automatic": reading.automatic,
        "from": reading.from_,
        "to": list(reading.to),
        "subject": reading.subject,
        "date": reading.at.isoformat() if reading.at else None,
        "message_id": reading.message_id,
        "in_reply_to": reading.in_reply_to,
        "references": list(reading.references),
        "bounce": _bounce(reading.bounce)
        if reading.bounce and reading.kind in {Kind.BOUNCE, Kind.DELAY}
        else None,
        "bounces": [_bounce(one) for one in reading.bounces] if reading.kind in {Kind.BOUNCE, Kind.DELAY} else [],
        "away": _away(reading.away),
        "times": [_slot(one) for one in reading.times],
        "later": reading.later.isoformat() if reading.later else None,
        "dates": [day.isoformat() for day in reading.dates],
        "intents": [str(one.intent) for one in reading.found],
        "found": [{"intent": str(one.intent), "rule": one.rule, "words": one.words} for one in reading.found],
        "successor": {"name": reading.successor.name, "email": reading.successor.email}
        if reading.successor
        else None,
        "text": reading.text,
        "signature": reading.signature,
        "sensitive": list(reading.sensitive),
        "defects": list(reading.defects),
    }


def as_json(reading: Reading) -> str:
    """The public form as one line of JSON, for the store."""
    return json.dumps(to_json(reading, ""), ensure_ascii=False)


def _slot(slot: Slot) -> dict[str, str | None]:
    hours = {"from": slot.start, "until": slot.end}
    return {"day": slot.day.isoformat(), **{k: f"{at:%H:%M}" if at else None for k, at in hours.items()}}


def _bounce(fate: BounceInfo) -> dict[str, Any]:
    return {
        "permanent": fate.permanent,
        "reason": fate.reason,
        "status": fate.status,
        "recipients": list(fate.recipients),
        "original_message_id": fate.original_message_id,
    }


def _away(away: AwayInfo | None) -> dict[str, str | None] | None:
    if away is None:
        return None
    days = {"from": away.from_, "until": away.until, "back": away.back}
    return {name: day.isoformat() if day else None for name, day in days.items()}
