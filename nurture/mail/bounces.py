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

import itertools
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from nurture.core.reading import BounceInfo, Kind
from nurture.mail.address import addresses_in
from nurture.mail.html import to_text
from nurture.mail.parse import Part, header_and_body
from nurture.mail.verdicts import ENHANCED, Fate, judge

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_RECIPIENTS: Final = 50


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


@dataclass(frozen=True, slots=True)
class _Row:
    """One recipient as a report has it. ``action`` is that of RFC 3464, section 2.3.3."""

    address: str
    action: str
    status: str | None = None
    words: str = ""


DAEMON: Final = re.compile(
    r"^(?:mailer[-_.]?daemon|mail[-_.]?daemon|daemon|mdaemon|mmdf|post[-_.]?master|mail[-_.]?(?:deliver\w*|"
    r"admin\w*|system|error)|mailer|"
    r"bounces?|return(?:ed)?[-_.]?mail|delivery|undeliverable|microsoftexchange[0-9a-f]*|"
    r"no-?reply-?(?:bounce|delivery)\w*|mfilter|mailadm)(?:[-+_.=]|$)",
    re.IGNORECASE,
)
DAEMON_NAME: Final = re.compile(
    r"mailer-?daemon|mail deliver\w* (?:sub)?system|delivery (?:sub)?system|mail administrator|"
    r"mail delivery|postmaster|"
    r"system administrator|internet mail delivery|mail ?system|bounce|配信(?:システム|エラー)|"
    r"メール(?:サーバ|システム|配信)",
    re.IGNORECASE,
)
SUBJECT: Final = re.compile(
    r"undeliver|non[- ]?deliver|delivery (?:status notification|failure|failed|report|notification|problem|"
    r"error|has failed)|(?:mail|message|e-?mail)\S* (?:delivery )?(?:fail|error|return|could not|undeliv|"
    r"not deliver|rejected|system error)|"
    r"returned (?:mail|to sender|e-?mail)|returning message|failure notice|failed (?:mail|delivery)|"
    r"mail failure|user unknown|bounce|could ?n.t be delivered|rejected mail|can ?not (?:be )?deliver|"
    r"mail could not be|warning: (?:could not send|message)|"
    r"error sending your mail|delivery delay|delayed (?:mail|delivery)|delayed|mail ?system error|"
    r"unzustellbar|unable to deliver|problem delivering|undelivered|not delivered|nondelivery|"
    r"message (?:status|blocked|not sent)|permanent error|"
    r"エラー通知|エラーメール|メールエラー|配信不能|配信エラー|配信(?:が|に|は)?(?:でき|失敗|遅延)|"
    r"配送(?:不能|エラー|失敗|でき)|送信エラー|送信(?:が|に|は)?(?:失敗|でき)|未達|不達|配達(?:不能|でき|"
    r"されま|エラー)|メール(?:は|が|を)?(?:届|返|戻|お届け)|リターンメール|エラーメール|宛先不明|返信不能|"
    r"недоставлен|не доставлено|non remis|non distribu|rejet|no se ha podido entregar|mancata consegna|退信",
    re.IGNORECASE,
)
BODY: Final = re.compile(
    r"(?:could|can|did|was|were|has|have|is|will)(?: ?n.t|not|"
    r" not)(?: yet)? (?:be(?:en)? )?(?:successfully )?(?:deliver|reach|sent\b|send\b|accepted)|"
    r"unable to deliver|undeliverable|delivery (?:has )?failed|failed (?:permanently|recipient|to deliver|"
    r"address)|delivery (?:status|failure|error|to the following|attempt)|"
    r"permanent (?:fatal )?error|permanent failure|non-?delivery|returned (?:to you|to sender|message|"
    r"unopened|undelivered)|following address(?:es|\(es\))? (?:had|failed)|undelivered|rejected (?:your|the|"
    r"by)|(?:not|n't) deliver(?:ed|able)?|delivery errors?|problem delivering|delayed for more than|"
    r"still (?:being|trying)|"
    r"the user\(?s?\)? (?:account|unknown)|failure reasons?|fatal errors?|message blocked|"
    r"mail(?:box)? (?:unavailable|error)|error delivering|delivery report|your (?:message|mail|"
    r"e-?mail) (?:to|was|has|for|with)|message .{0,60}(?:rejected|bounced)|user unknown|mailbox (?:full|"
    r"is full)|"
    r"(?:配信|配送|送信|配達|お届け)[^。\n]{0,24}(?:でき(?:ま|な)|失敗|不能|されま|エラー|保留|遅延)|"
    r"届(?:ける|け)[^。\n]{0,16}(?:でき|ませ)|エラーのため|宛先(?:が|に)[^。\n]{0,20}(?:見つか|不明|存在)|"
    r"メールアドレス(?:が|は)?[^。\n]{0,20}(?:見つか|存在)|"
    r"не может быть доставлен|konnte nicht|n'a pas pu|no (?:se )?(?:ha )?pudo|impossibile|无法(?:发送|投递)|退信",
    re.IGNORECASE,
)
DELAY: Final = re.compile(
    r"will retry|delivery incomplete|temporary problem|(?:will|continue|keep|still|be|"
    r"is) (?:be )?(?:continu\w+ )?(?:to )?(?:re)?try(?:ing)?\b|"
    r"has not yet been delivered|delivery (?:is |has been )?delayed|delayed (?:for|delivery|mail|message)|"
    r"message (?:is |has been |was )?delayed|transient|temporary failure report|still (?:being|in the queue|"
    r"undelivered|attempting)|"
    r"(?:do not|don'?t) need to (?:re-?send|take)|no action is required|could not send message for past|"
    r"warning message|delivery delay|not been able to deliver[^.]{0,80}yet|再送(?:信)?(?:を(?:続|試|行|繰)|"
    r"し(?:ます|て(?:い|お))|いたし)|遅延|引き続き(?:配送|配信|送信)",
    re.IGNORECASE,
)
GIVEN_UP: Final = re.compile(
    r"permanent|given up|giving up|gave up|will no longer|no longer (?:be )?(?:tried|retr)|"
    r"failed permanently|has failed|unable to deliver[^.]{0,60} after|returned to (?:you|sender)|expired|"
    r"配送を(?:中止|断念)|中止(?:し|いた)",
    re.IGNORECASE,
)
COPY: Final = re.compile(
    r"^[ \t>]*(?:-{2,}[ \t]*(?:this is a copy|the (?:header|body|original)|original message|"
    r"returned (?:message|mail)|message (?:header|text|follows|body)|below this line|"
    r"your (?:original )?message|unsent message|undelivered message|forwarded message|transcript of your|"
    r"start of (?:returned|original)|copy of)|"
    r"(?:below (?:this line )?is (?:a |the )?(?:copy|header|original)|a copy of (?:the|"
    r"your) (?:original )?(?:message|mail)|(?:the |your )?(?:original|returned|unsent|"
    r"undelivered) (?:message|mail)(?: header| text| body)?s?(?: follows| below| is| was attached|"
    r"[ \t]*:?[ \t]*$)|included (?:below )?is a copy|message (?:header|text|contents?) (?:follows|below)|"
    r"the (?:text|header|body)s? of (?:the|your) (?:original|message))|"
    r"-{2,}[ \t]*(?:元の|送信(?:した|された)|返送|オリジナル)|(?:以下|次)(?:は|に|"
    r"の)[^\n]{0,30}(?:メッセージ|メール)(?:の(?:コピー|ヘッダ|内容|原文)|です)|<<<? ?(?:original|"
    r"message) )",
    re.IGNORECASE | re.MULTILINE,
)
HEADERS: Final = re.compile(
    r"(?:^(?:return-path|received|message-id|from|to|subject|date|mime-version|reply-to|sender|cc|"
    r"user-agent|content-[\w-]+|x-[\w-]+|dkim-signature|delivered-to|"
    r"envelope-to):[^\n]*\n(?:[ \t]+[^\n]*\n)*){3}",
    re.IGNORECASE | re.MULTILINE,
)
MESSAGE_ID: Final = re.compile(
    r"^[ \t>]*message-id:[ \t]*(?:\n[ \t]+)?(<[^<>\s]{1,900}>)", re.IGNORECASE | re.MULTILINE
)
FIELDS: Final = re.compile(r"^(?:final-recipient|original-recipient):", re.IGNORECASE | re.MULTILINE)
GROUPED: Final = re.compile(
    r"^(?:reporting-mta|final-recipient|original-recipient|action|status|diagnostic-code|remote-mta):", re.I | re.M
)


def read_report(root: Part, envelope: Envelope) -> Report | None:
    """The delivery report that a mail is, or None."""
    text = _text(root)
    notification, copy = cut_copy(text)
    daemon = _daemon(envelope)
    rows = _fields(root, text, deep=daemon) or _service(text)
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


def _fate(row: _Row, share: str, original: str | None, kind: Kind) -> BounceInfo:
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


def _original_id(root: Part, copy: str) -> str | None:
    for part in root.walk():
        if part is root:
            continue
        if found := part.get("message-id"):
            return found.split()[0] if found.strip() else None
        if part.type in {"text/rfc822-headers", "message/rfc822-headers"} or part.type.startswith("text/rfc822"):
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


STATUS_TYPES: Final = frozenset({"message/delivery-status", "message/global-delivery-status"})

# --- RFC 3464 ---------------------------------------------------------------------------------------------


def _fields(root: Part, text: str, *, deep: bool) -> list[_Row]:
    """Recipients from the delivery-status fields, of the part that has them or of the text.

    ``deep``: also inside an enclosed mail, which from a person would be a report that was passed on.
    """
    rows: list[_Row] = []
    for parts in (root.own(), root.walk() if deep else ()):
        if not rows:
            rows = [row for part in parts if part.type in STATUS_TYPES for row in _groups(part.data)]
    if not rows and FIELDS.search(text):
        start = GROUPED.search(text)
        if start:
            rows.extend(_groups(text[start.start() :].encode()))
    if not rows:  # the part that should have them is labelled wrong
        for part in root.own():
            if (
                part.type not in {"text/plain", "text/html"}
                and not part.parts
                and FIELDS.search(part.decoded.text)
            ):
                rows.extend(_groups(part.data))
    return rows[:MAX_RECIPIENTS]


def _groups(data: bytes) -> Iterator[_Row]:
    data = re.sub(rb"\r\n?", b"\n", data[:200_000]).strip(b"\n")
    for group in re.split(rb"\n[ \t]*\n", data, maxsplit=4 * MAX_RECIPIENTS)[: 4 * MAX_RECIPIENTS]:
        yield from _recipients(group)


def _recipients(group: bytes) -> Iterator[_Row]:
    """The recipients of one block: one, or several where the empty lines between them are missing."""
    starts = [m.start() for m in re.finditer(rb"^final-recipient:", group, re.IGNORECASE | re.MULTILINE)]
    cuts = [0, *starts[1 : 2 * MAX_RECIPIENTS], len(group)]
    for begin, end in itertools.pairwise(cuts):
        fields = Part(header_and_body(group[begin:end])[0])
        recipient = fields.get("final-recipient") or fields.get("original-recipient")
        if not recipient and not fields.has("action"):
            continue
        address = _typed(recipient)
        if "@" not in address and "@" in (other := _typed(fields.get("original-recipient"))):
            address = other
        found = ENHANCED.search(fields.get("status"))
        status = found[0] if found else None
        words = _typed(fields.get("diagnostic-code"))
        action = (fields.get("action").lower().split() or [""])[0].strip("-,;")
        if action not in {"failed", "delayed", "delivered", "relayed", "expanded"}:
            action = "delivered" if status and status.startswith("2") else "failed"
        elif action == "delivered" and status and status.startswith(("4", "5")):
            action = "failed"
        comment = fields.get("status").partition("(")[2].rstrip(")")
        yield _Row(address, action, status, words or comment)


def _typed(value: str) -> str:
    """``rfc822; <a@b>`` without type and brackets; of words the whole."""
    kind, semicolon, rest = value.partition(";")
    text = rest if semicolon and len(kind) < 40 and " " not in kind.strip() else value
    text = text.strip()
    if "@" in text and " " not in text:
        return text.strip("<>()\"' ").lower()
    return text


# --- services and free text ---------------------------------------------------------------------------------


def _service(text: str) -> list[_Row]:
    """The JSON with which a mail service reports (Amazon SES)."""
    start = text.find("{")
    if start < 0 or text[:start].strip() or "bouncedRecipients" not in text:
        return []
    try:
        value, _ = json.JSONDecoder(strict=False).raw_decode(text[start : start + 200_000].replace("\n", ""))
    except (ValueError, RecursionError):
        return []
    report = _inner(value)
    if report is None:
        return []
    rows = []
    for one in list(report.get("bouncedRecipients") or ())[:MAX_RECIPIENTS]:
        if isinstance(one, dict):
            status = ENHANCED.search(str(one.get("status", "")))
            words = str(one.get("diagnosticCode", ""))
            transient = str(report.get("bounceType", "")).lower() == "transient" and not words
            action = "delayed" if str(one.get("action", "")).lower() == "delayed" or transient else "failed"
            rows.append(
                _Row(str(one.get("emailAddress", "")).lower(), action, status[0] if status else None, words)
            )
    return rows


def _inner(value: Any) -> Mapping[str, Any] | None:
    for _ in range(3):
        if not isinstance(value, dict):
            return None
        if isinstance(value.get("bounce"), dict):
            bounce: Mapping[str, Any] = value["bounce"]
            return bounce
        inner = value.get("Message")
        try:
            value = json.loads(inner) if isinstance(inner, str) else None
        except (ValueError, RecursionError):
            return None
    return None


def _still_trying(subject: str, notification: str) -> bool:
    """Whether the server means to try again, rather than to have tried."""
    if DELAYED_SUBJECT.search(subject):
        return True
    said = PROSPECT.sub("", notification)
    return DELAY.search(f"{subject}\n{said}") is not None and GIVEN_UP.search(said) is None


DELAYED_SUBJECT: Final = re.compile(
    r"\(delay(?:ed)?\)|delayed mail|delivery delayed|warning: (?:could not send|message .{0,60}delayed)|"
    r"遅延(?:のお知らせ|通知)",
    re.IGNORECASE,
)
PROSPECT: Final = re.compile(
    r"(?:if|when|unless|once|until)\b[^.]{0,80}(?:permanent|fail|expire)[^.]*", re.IGNORECASE
)
"""What will be said if it fails for good is not said now."""


def _failed_recipients(root: Part, notification: str) -> list[_Row]:
    """``X-Failed-Recipients``, which Exim and Google write."""
    addresses = addresses_in(" ".join(root.all("x-failed-recipients")), MAX_RECIPIENTS)
    if not addresses:
        return []
    action = "delayed" if _still_trying(root.get("subject"), notification) else "failed"
    shares = _shares(notification, list(addresses))
    return [
        _Row(address, action, _status_in(shares.get(address, "")), shares.get(address, ""))
        for address in addresses
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


def _free(root: Part, envelope: Envelope, daemon: bool, notification: str, copy: str) -> list[_Row]:
    """Recipients of a report in free text; none if it is no report."""
    subject = SUBJECT.search(envelope.subject) is not None
    body = BODY.search(notification) is not None
    enclosed = bool(copy) or any(
        part.type.startswith(("message/", "text/rfc822")) for part in root.walk() if part is not root
    )
    automatic = root.get("auto-submitted").lower().startswith("auto-replied") and not subject
    if automatic and not (body and enclosed):
        return []
    by_daemon = daemon and (
        subject
        or (body and enclosed)
        or ((body or _REFUSED.search(notification)) and judge(notification).reason != "unknown")
    )
    if not (by_daemon or (subject and body and enclosed)):
        return []
    addresses = _addressed(root, envelope, notification, copy)
    late = _still_trying(envelope.subject, notification)
    action = "delayed" if late else "failed"
    if not addresses:
        return [_Row("", action, _status_in(notification), notification)]
    shares = _shares(notification, addresses)
    return [
        _Row(a, action, _status_in(shares.get(a, notification)), shares.get(a, notification)) for a in addresses
    ]


_REFUSED: Final = re.compile(r"(?<![\d.])5\d\d[ -:]|5\.\d\.\d")


def _addressed(root: Part, envelope: Envelope, notification: str, copy: str) -> list[str]:
    """Who did not get it: addresses of the report that the copy is addressed to, else those that lead a line."""
    sent_to: set[str] = set()
    for part in root.walk():
        if part is not root:
            sent_to.update(addresses_in(" ".join(part.all("to")), 20))
    for match in re.finditer(r"^[ \t>]*to:[^\n]*(?:\n[ \t]+[^\n]*)*", copy[:60_000], re.IGNORECASE | re.MULTILINE):
        sent_to.update(addresses_in(match[0], 20))
    ours = {envelope.from_address.lower(), *(a.lower() for a in envelope.to)}
    named = [a for a in addresses_in(notification) if not DAEMON.match(a.partition("@")[0])]
    both = [a for a in named if a in sent_to]
    if both:
        return both[:MAX_RECIPIENTS]
    rest = [a for a in named if a not in ours]
    leading = [
        a for a in rest if re.search(rf"^[ \t<(\[\"']*{re.escape(a)}", notification, re.IGNORECASE | re.MULTILINE)
    ]
    return (leading or rest[:1] or sorted(sent_to - ours)[:1])[:MAX_RECIPIENTS]


def _shares(notification: str, addresses: list[str]) -> dict[str, str]:
    """For each address what is said about it: all that follows its places, each up to the next address.

    With one address everything is about it.
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
    shares: dict[str, list[str]] = {}
    for index, (start, address) in enumerate(places):
        end = places[index + 1][0] if index + 1 < len(places) else len(notification)
        begin = notification.rfind("\n", 0, start) + 1
        shares.setdefault(address, []).append(notification[begin : max(end, start)])
    return {address: "\n".join(pieces) for address, pieces in shares.items()}
