"""Signatures, what mail programs and firms add below: apart from the text, since they may name a new address.

A signature begins at ``-- ``, at a rule or a frame with something like contact data below, at a closing such as
"Best regards," with nothing but a name and the like below, or at the last block of lines that is nothing but
contact data, or a place and a name.
"""

from __future__ import annotations

import re
from typing import Final

from nurture.mail.patterns import joined

CLOSINGS: Final = joined(
    r"""
    (?:(?:best|kind|kindest|warm|warmest|many|with|sincere|yours)[ ])*(?:regards|wishes|sincerely|truly|faithfully)
    (?:many )?thanks(?: again| so much| a lot)?(?: and (?:best |kind )?regards)?|thx
    thank you(?: very much| so much)?(?: and (?:best |kind )?regards)?
    yours|best|all the best|cheers
    mit freundlichen gr(?:ü|ue)(?:ß|ss)en
    (?:(?:viele|beste|liebe|freundliche|herzliche) )?gr(?:ü|ue)(?:ß|ss)e|gru(?:ß|ss)|mfg|vg|lg
    (?:bien )?cordialement|(?:bien )?à vous|(?:meilleures |sincères )?salutations|bonne (?:journée|soirée)
    saludos(?: cordiales)?|un saludo|atentamente|atenciosamente|abraços
    (?:cordiali |distinti )?saluti
    met vriendelijke groet(?:en)?
    (?:med )?v[äe]nlig(?:a|e)? h[äi]ls(?:ningar?|en)|(?:med )?venlig hilsen|hilsen|mvh
    z poważaniem|pozdrawiam|с уважением
    """
)
RULE: Final = re.compile(
    r"[ \t　]*(?:([-=_*＊─━―＝～~◆■□◇☆★.・+#/|"
    r"┃│┏┓┗┛╋┌┐└┘○●◎∴‥…^<>:;,。◯＿－＋\u2500-\u257f＿ー\u30fc])[ ]?){6,}[^\w]*\Z"
)
DELIMITER: Final = re.compile(r"-- ?\Z|—\Z|--[ \t]*\Z")
SHORT_RULE: Final = re.compile(r"[ \t]*(?:-{2,5}|_{2,5}|={2,5}|\+{2,5}|—{1,5})[ \t]*\Z")
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
NAME: Final = re.compile(
    r"[ \t　]*(?:[一-龥々]{1,8}(?:部長|課長|係長|師長|科長|医長|院長|室長|主任|技師|教授|医師)?[ 　])?"
    r"[一-龥々ヶ]{1,4}[ 　][一-龥々ぁ-んァ-ヶ]{1,5}[ 　]*(?:[(（][^()（）]{1,24}[)）])?[ 　]*\Z"
)
SENTENCE: Final = re.compile(
    r"[。！？!?]|(?:です|ます|ました|ません|ください|下さい|願います|致します|いたします)[。.]?[ \t　]*\Z|"
    r"[a-z][.!?][ \t]*\Z|[、,][ \t　]*\Z"
)
CLOSING: Final = re.compile(
    rf"[ \t]*(?:{CLOSINGS})[ \t]*[,.!]?[ \t]*\Z",
    re.IGNORECASE,
)
CLIENT: Final = re.compile(
    r"[ \t]*(?:(?:sent|gesendet|envoyé|enviado|inviato|verzonden|skickat|sendt|wysłano|отправлено)[ ]"
    r"(?:from|via|with|using|von|mit|depuis|de|desde|do|da|vanaf|från|fra|z|с)[ ][^,.。]{2,60}|"
    r"(?:get|télécharger|obtener|scarica|hämta|hent|pobierz) outlook .{2,60}|von mein\w+ .{2,40} gesendet|"
    r"(?:私の)?(?:iphone|ipad|android|xperia|galaxy|スマートフォン|スマホ|携帯)\S{0,20}から(?:送信|"
    r"のメール).{0,20}|.{0,30}(?:iphone|ipad|android|outlook for)\S{0,30}(?:から送信|を入手|で送信).{0,20}|"
    r"[^。]{0,24}(?:スマートフォン|スマホ|ケータイ|タブレット)[ ]?(?:から|より|で)送信\S{0,8}|"
    r"[^。]{0,20}アプリから送信.{0,10}|(?:この|本)メールは.{2,40}から送信(?:され|して).{0,12}|"
    r"(?:ios|android|windows|mac)[ ]?(?:版|用)(?:の)?[ ]?(?:outlook|gmail|メール)[^。]{0,6}(?:入手|から送信|"
    r"で送信).{0,80}|"
    r"outlook for .{2,40}|yahoo!?メール.{0,40}から送信|.{0,20}モバイルから送信.{0,20}|"
    r"(?:ドコモ|docomo|au|softbank)?(?:メール)?アプリから送信.{0,10}|windows (?:10 )?版の メール から送信|"
    r"download .{0,40}app.{0,40})[ \t。.]*\Z",
    re.IGNORECASE,
)
DISCLAIMER: Final = re.compile(
    r"this (?:e-?mail|message|communication)[^\n]{0,80}(?:confidential|intended|privileged)|"
    r"confidential(?:ity)? (?:notice|note)|if you (?:have|are)[^\n]{0,30}(?:received this|not the intended)|"
    r"(?:本|この)(?:電子)?メール(?:および|及び|とその|に(?:は|添付))?[^\n]{0,60}(?:機密|秘密|意図した受信者|"
    r"名宛人|受信者|宛先人|誤って|誤送信)|(?:誤って|誤送信)[^\n]{0,30}(?:受信|受け取|"
    r"届い)[^\n]{0,30}(?:場合|方)|【?(?:機密|免責)(?:保持|情報)?(?:事項|について|に関する)|"
    r"please consider the environment|\A[ \t]*(?:disclaimer|caution|warning|confidential|confidentiality)[ ]?:|"
    r"\ACe message [^\n]{0,60}confidentiel|\ADiese E-Mail enthält vertraulich",
    re.IGNORECASE,
)


MAX_RULE: Final = 200  # characters; a longer line is no rule


def is_rule(line: str) -> bool:
    """Whether a line is drawn rather than written."""
    return len(line) <= MAX_RULE and RULE.match(line) is not None


def split_signature(lines: list[str]) -> tuple[list[str], list[str]]:
    """The lines of the text, and those of signature, program's line and disclaimer."""
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    tail: list[str] = []
    for ends in (_disclaimer, _client, _delimited, _contact, _client, _closing, _placed):
        lines, tail = _cut(lines, ends(lines), tail)
    return lines, tail


def _cut(lines: list[str], at: int, tail: list[str]) -> tuple[list[str], list[str]]:
    kept, cut = lines[:at], lines[at:]
    while kept and not kept[-1].strip():
        kept = kept[:-1]
    return kept, [*cut, *tail]


def _disclaimer(lines: list[str]) -> int:
    for index, line in enumerate(lines):
        if index and DISCLAIMER.search(line):
            return index - 1 if is_rule(lines[index - 1]) else index
    return len(lines)


def _client(lines: list[str]) -> int:
    for index in range(len(lines) - 1, max(-1, len(lines) - 6), -1):
        if CLIENT.match(lines[index][:300]):
            return index
    return len(lines)


def _delimited(lines: list[str]) -> int:
    """``-- ``, or the first rule with contact data and no long text below it."""
    for index, line in enumerate(lines):
        if DELIMITER.match(line):
            if len(lines) - index <= 30:
                return index
        elif is_rule(line):
            below = [other for other in lines[index + 1 :] if other.strip()]
            if not below and index > 0 and len(lines) - index <= 2:
                return index
            prose = sum(1 for other in below if SENTENCE.search(other))
            contact = sum(1 for other in below if CONTACT.search(other) or PLACE.search(other))
            if 0 < len(below) <= 22 and contact and prose * 3 <= len(below):
                return index
        elif SHORT_RULE.match(line) and index:
            below = [other for other in lines[index + 1 :] if other.strip()]
            if len(below) <= 8 and not any(
                SENTENCE.search(other) or len(other.split("://")[0]) > 60 for other in below
            ):
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


def _closing(lines: list[str]) -> int:
    """A closing like "Best regards," on a line of its own, with only short lines below it."""
    for index in range(len(lines) - 1, max(0, len(lines) - 12), -1):
        if len(lines[index]) <= 100 and CLOSING.match(lines[index]):
            below = [line for line in lines[index + 1 :] if line.strip()]
            if not any(len(line) > 60 or re.search(r"[.!?。]\s*\Z", line) for line in below):
                return index
    return len(lines)


def _placed(lines: list[str]) -> int:
    """A last block of a place and a name after an empty line, such as 「さくら総合病院」 and 「佐藤　一郎」."""
    start = len(lines)
    while start > 0 and lines[start - 1].strip() and len(lines) - start < 6:
        start -= 1
    block = lines[start:]
    if start < 2 or lines[start - 1].strip() or not len(block) >= 2:
        return len(lines)
    named = any(NAME.match(line) for line in block)
    placed = any(PLACE.search(line) for line in block)
    plain = not any(SENTENCE.search(line) or len(line) > 40 for line in block)
    return start if named and placed and plain else len(lines)
