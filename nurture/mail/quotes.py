"""What a person wrote now: without the mail that is quoted, the signature and the disclaimer.

Theory of operation
===================
Quoted text is found by its marks: lines that begin with ``>``; the line above it that says who wrote when
("On … wrote:", "2026年11月20日(金) 10:00 田中 <…>:", "…のメール:", "…さんは書きました:"); the bar
("-----Original Message-----", "----- 元のメッセージ -----"); the header block that Outlook, Notes, Garoon
and Cybozu put above it ("差出人: / 送信日時: / 宛先: / 件名:").

After a bar or a header block everything is quoted. After a line that says who wrote, either ``>`` lines
follow, and what stands between and below them is new (an answer between the lines), or no mark follows and
everything is quoted. Our own footer has 配信停止 in it, so in doubt a line counts as quoted.

The signature begins at ``-- ``, at a rule or a frame with something like contact data below, or at the last
block of lines that is nothing but contact data. It is kept apart, since it may name a new address.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

MAX_LINES: Final = 4000


class Split(NamedTuple):
    """The new text, the signature (with disclaimers), and whether something was quoted."""

    text: str
    signature: str
    quoted: bool


QUOTE: Final = re.compile(r"[ \t　]{0,3}(?:[>＞]|[|｜](?=[ >|])|\w{1,8}>[ >])")
BAR: Final = re.compile(
    r"[ \t>]*(?:[-_=*─━―]{2,}|[ー－]{3,})[ \t　]*(?:original (?:message|mail|appointment)|"
    r"forwarded (?:message|mail|by)|(?:begin )?forwarded message|reply message|message d'origine|"
    r"urspr[uü]ngliche nachricht|"
    r"(?:元の|オリジナル(?:の)?|受信|返信元(?:の)?|引用元?(?:の)?|転送された|転送|以前の|"
    r"前の)[ 　]*(?:メッセージ|メール|引用|記事)?|引用(?:メール|メッセージ|開始|ここから)?|"
    r"以下(?:、)?(?:元メール|引用|原文)|元メール|原文|\S{1,30}(?:さん)?の(?:書き込み|メッセージ|"
    r"発言))[ \t　]*(?:ここから)?[ \t　]*[-_=*─━―ー－:：]*[ \t]*\Z|"
    r"[ \t]*(?:begin forwarded message|forwarded message|転送されたメッセージ|以下、?転送)[ \t]*[:：]?[ \t]*\Z|"
    r"[ \t]*[-─━_=*]{2,}.{1,120}(?:wrote|さんは書きました|からのメール|"
    r"より)[ \t]*[:：]?[ \t]*[-─━_=*]{2,}[ \t]*\Z",
    re.IGNORECASE,
)
WROTE: Final = re.compile(
    r"(?:^|\n)[ \t　]{0,4}(?:"
    r"on [^\n]{4,200}?(?:\n[^\n]{0,200}?){0,2}wrote[ \t]?[:：]"
    r"|le [^\n]{6,150}?(?:\n[^\n]{1,120}?)?a [ée]crit[ \t]?:|"
    r"am [^\n]{6,150}?(?:\n[^\n]{1,120}?)?schrieb[^\n]{0,100}:"
    r"|[^\n]{0,120}?<?[\w.+-]{1,64}@[\w.-]{1,120}>?[^\n]{0,40}?[ 　]?wrote[ \t]?[:：]"
    r"|(?:on )?\d{4}[/年.-]\d{1,2}[/月.-]\d{1,2}[^\n]{0,160}?(?:\n[^\n]{0,120}?)?(?:wrote|のメール|"
    r"書きました|さんからのメール|さん(?:は|が)?書|作成)[ \t　]?[:：]"
    r"|(?:on )?\d{4}[/年.-][ ]?\d{1,2}[/月.-][ ]?\d{1,2}日?[^\n]{0,160}?(?:\n[^\n]{0,120}?)?<[^<>\n]{3,160}"
    r"@[^<>\n]{3,160}>(?:[ 　]?(?:\(mailto:[^)\n]*\))?[^\n]{0,12})?[ \t　]?[:：]"
    r"|(?:mon|tue|wed|thu|fri|sat|sun)\w{0,6}, [^\n]{6,60}\n[^\n]{0,120}wrote[ \t]?:"
    r"|[^\n]{1,100}(?:さん|様|先生|氏)?(?:は|が|さんは)(?:\d{4}[^\n]{0,40})?書きました[ \t　]?[:：]?"
    r"|[^\n]{0,60}\d{4}[/年.-]\d{1,2}[/月.-]\d{1,2}[^\n]{0,80}(?:送信|発信)?(?:した|"
    r"された)?メール(?:に(?:ついて|対して)|より引用)[^\n]{0,10}[:：]?"
    r"|in (?:article|message) <[^\n]{3,200}(?:\n[^\n]{0,120}?)?(?:wrote|writes)[ \t]?:"
    r")[ \t　]*(?=\n|\Z)",
    re.IGNORECASE,
)
FIELD: Final = re.compile(
    r"[ \t>*　]*(?:\*{0,2})(?P<name>from|sent|date|to|cc|subject|reply-to|von|gesendet|an|betreff|de|envoyé|objet|"
    r"差出人|送信者|発信者|送信元|送信日時|送信日|日時|日付|受信日時|発信日時|宛先|宛名|送信先|受信者|件名|"
    r"題名|表題|タイトル|返信先|ＣＣ)[ 　]{0,6}(?:\*{0,2})[ ]?[:：](?:\*{0,2})(?P<value>.*)",
    re.IGNORECASE,
)
FROM_NAMES: Final = frozenset({"from", "von", "de", "差出人", "送信者", "発信者", "送信元"})

RULE: Final = re.compile(
    r"[ \t　]*(?:([-=_*＊─━―＝～~◆■□◇☆★.・+#/|"
    r"┃│┏┓┗┛╋┌┐└┘○●◎∴‥…^<>:;,。◯＿－＋\u2500-\u257f＿ー\u30fc])[ ]?){6,}[^\w]*\Z"
)
DELIMITER: Final = re.compile(r"-- ?\Z|—\Z|--[ \t]*\Z")
CONTACT: Final = re.compile(
    r"(?:tel|fax|phone|mobile|ph|e-?mail|mail|url|hp|http|内線|直通|代表|電話|携帯|ＴＥＬ|ＦＡＸ|℡|"
    r"PHS)[ 　]?[:：./.)）]?|〒|[\w.+-]+@[\w-]+\.\w|https?://|www\.|\d{2,4}[-(（]\d{2,4}[-)）]\d{3,4}",
    re.IGNORECASE,
)
STRONG: Final = re.compile(
    r"\b(?:tel|fax|phone|mobile)\b|内線|直通|電話|〒|ＴＥＬ|ＦＡＸ|℡|\d{2,4}[-(（]\d{2,4}[-)）]\d{3,4}|"
    r"(?:e-?mail|mail|url)[ 　]?[:：]|https?://",
    re.IGNORECASE,
)
PLACE: Final = re.compile(
    r"株式会社|有限会社|医療法人|独立行政法人|国立|病院|クリニック|医院|大学|学部|医局|センター|研究所|"
    r"[部課科室係]\b|[部課科室](?:[ 　]|\Z)|[都道府県市区町村].{0,20}\d|\b(?:Inc|Ltd|Hospital|University|"
    r"Clinic|Department|Dept|Co\.)",
    re.IGNORECASE,
)
SENTENCE: Final = re.compile(
    r"[。！？!?]|(?:です|ます|ました|ません|ください|下さい|願います|致します|いたします)[。.]?[ \t　]*\Z|"
    r"[a-z][.!?][ \t]*\Z|[、,][ \t　]*\Z"
)
CLIENT: Final = re.compile(
    r"[ \t]*(?:sent from (?:my |the )?.{2,60}|get outlook for .{2,60}|sent (?:via|with|using) .{2,60}|"
    r"(?:私の)?(?:iphone|ipad|android|xperia|スマートフォン|スマホ|携帯)\S{0,20}から(?:送信|"
    r"のメール).{0,20}|.{0,30}(?:iphone|ipad|android|outlook for)\S{0,30}(?:から送信|を入手|で送信).{0,20}|"
    r"outlook for .{2,40}|yahoo!?メール.{0,40}から送信|.{0,20}モバイルから送信.{0,20}|"
    r"download .{0,40}app.{0,40})[ \t。.]*\Z",
    re.IGNORECASE,
)
DISCLAIMER: Final = re.compile(
    r"this (?:e-?mail|message|communication)[^\n]{0,80}(?:confidential|intended|privileged)|"
    r"confidential(?:ity)? (?:notice|note)|if you (?:have|are)[^\n]{0,30}(?:received this|not the intended)|"
    r"(?:本|この)(?:電子)?メール(?:および|及び|とその|に(?:は|添付))?[^\n]{0,60}(?:機密|秘密|意図した受信者|"
    r"名宛人|受信者|宛先人|誤って|誤送信)|(?:誤って|誤送信)[^\n]{0,30}(?:受信|受け取|"
    r"届い)[^\n]{0,30}(?:場合|方)|【?(?:機密|免責)(?:保持|情報)?(?:事項|について|に関する)|"
    r"please consider the environment",
    re.IGNORECASE,
)


def split(text: str) -> Split:
    """New text and signature of a mail's text. Whatever the input, the pieces are pieces of it."""
    text = text.replace("\u200b", "").replace("\ufeff", "")
    lines = [line.rstrip() if line != "-- " else line for line in text.split("\n")[:MAX_LINES]]
    kept, quoted = _without_quotes(lines)
    body, signature = _without_signature(kept)
    new = re.sub(r"\n{3,}", "\n\n", "\n".join(body))
    return Split(new.strip("\n 　\t"), "\n".join(signature).strip("\n"), quoted)


def _without_quotes(lines: list[str]) -> tuple[list[str], bool]:
    end = min(_bar(lines), _block(lines))
    quoted = end < len(lines)
    lines = lines[:end]
    kept: list[str] = []
    text = "\n".join(lines)
    at = 0
    for match in WROTE.finditer(text):
        if match.start() < at or QUOTE.match(match[0].lstrip("\n")):
            continue
        rest = text[match.end() :].lstrip("\n")
        if QUOTE.match(rest):
            kept.extend(text[at : match.start()].split("\n"))
            at = match.end()
            quoted = True
        else:  # nothing below is marked: all of it is the quoted mail
            kept.extend(text[at : match.start()].split("\n"))
            return _without_marked(kept)[0], True
    kept.extend(text[at:].split("\n"))
    new, marked = _without_marked(kept)
    return new, quoted or marked


def _without_marked(lines: list[str]) -> tuple[list[str], bool]:
    new = [line for line in lines if not QUOTE.match(line)]
    return new, len(new) < len(lines)


def _bar(lines: list[str]) -> int:
    """The first line that says that the rest is another mail."""
    for index, line in enumerate(lines):
        if 4 <= len(line) <= 200 and BAR.match(line):
            return index
    return len(lines)


def _block(lines: list[str]) -> int:
    """The first line of a header block: at least three fields within six lines, the sender's among them.

    The rule that Outlook draws above it belongs to it.
    """
    for index, line in enumerate(lines):
        match = FIELD.match(line)
        if match is None:
            continue
        near = [FIELD.match(other) for other in lines[index : index + 7]]
        names = {m["name"].lower() for m in near if m}
        if len(names) >= 3 and (
            names & FROM_NAMES or {"sent", "to", "subject"} <= names or {"件名", "宛先"} <= names
        ):
            start = index
            while (
                start > 0 and (not lines[start - 1].strip() or RULE.match(lines[start - 1])) and index - start < 3
            ):
                start -= 1
            return start
    return len(lines)


# --- signature ------------------------------------------------------------------------------------------------


def _without_signature(lines: list[str]) -> tuple[list[str], list[str]]:
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    tail: list[str] = []
    lines, tail = _cut(lines, _disclaimer(lines), tail)
    lines, tail = _cut(lines, _client(lines), tail)
    lines, tail = _cut(lines, _delimited(lines), tail)
    return _cut(lines, _contact(lines), tail)


def _cut(lines: list[str], at: int, tail: list[str]) -> tuple[list[str], list[str]]:
    kept, cut = lines[:at], lines[at:]
    while kept and not kept[-1].strip():
        kept = kept[:-1]
    return kept, [*cut, *tail]


def _disclaimer(lines: list[str]) -> int:
    for index, line in enumerate(lines):
        if index and DISCLAIMER.search(line):
            return index - 1 if RULE.match(lines[index - 1]) else index
    return len(lines)


def _client(lines: list[str]) -> int:
    for index in range(len(lines) - 1, max(-1, len(lines) - 6), -1):
        if CLIENT.match(lines[index]):
            return index
    return len(lines)


def _delimited(lines: list[str]) -> int:
    """``-- ``, or the first rule with contact data and no long text below it."""
    for index, line in enumerate(lines):
        if DELIMITER.match(line):
            if len(lines) - index <= 30:
                return index
        elif RULE.match(line):
            below = [other for other in lines[index + 1 :] if other.strip()]
            if not below and index > 0 and len(lines) - index <= 2:
                return index
            prose = sum(1 for other in below if SENTENCE.search(other))
            contact = sum(1 for other in below if CONTACT.search(other) or PLACE.search(other))
            if 0 < len(below) <= 22 and contact and prose * 3 <= len(below):
                return index
    return len(lines)


def _contact(lines: list[str]) -> int:
    """The last block of lines without sentences, if it has a telephone number, an address or the like."""
    start = len(lines)
    while start > 0 and len(lines) - start < 16:
        line = lines[start - 1]
        if line.strip() and (SENTENCE.search(line) or len(line) > 90):
            break
        start -= 1
    while start < len(lines) and not lines[start].strip():
        start += 1
    block = lines[start:]
    blank = next((i for i, line in enumerate(block) if not line.strip()), None)
    while blank is not None and not any(STRONG.search(line) or PLACE.search(line) for line in block[:blank]):
        # what stands above an empty line and names no place is the last line of the text
        start += blank + 1
        block = lines[start:]
        blank = next((i for i, line in enumerate(block) if not line.strip()), None)
    strong = sum(1 for line in block if STRONG.search(line))
    if block and start > 0 and strong and (len(block) > 1 or strong > 1):
        return start
    return len(lines)
