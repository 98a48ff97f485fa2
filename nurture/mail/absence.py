"""Absence: that somebody is away, from when to when, and when he or she is back.

Each sentence gives the dates in it a part to play by the words around them: a range is the absence; まで
and "until" end it; 以降, より通常どおり, に戻ります and "back on" name the first day at work; より不在 and "from"
begin it. 本日は外来のため is an absence of one day. From the last day of absence the first day back is the day
after, and the other way round. A contradiction (weekday, or an end before its beginning) makes the absence
doubtful: the dates stay, a person is asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from nurture.core.reading import AwayInfo
from nurture.mail.dates import Mention, mentions
from nurture.mail.sentences import sentences

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Absence:
    """``away`` is None where an absence was named without any date. ``strong``: said of the present, in so"
    " many words.
    """

    away: AwayInfo | None
    words: str
    strong: bool
    doubtful: bool = False


STRONG: Final = re.compile(
    r"連絡(?:が|は)(?:つきません|つかない|取れません|とれません)|外出(?:し|中|のため)|"
    r"不在(?:と(?:して|なっ)|に(?:して|なり|なっ)|の(?:ため|為|間|期間|場合|連絡)|です|で(?:す|ござ|あ)|"
    r"とさせ|中|期間|いたし|致し|、|。|\Z)|(?:休暇|お休み|休み|休業|休診|産休|育休|休職|忌引|夏季休|"
    r"年末年始|冬季休)[^。]{0,16}(?:いただ|頂|取得|中|とな(?:り|っ)|のため|させ|して(?:い|お)|期間|です|"
    r"に入)|(?:出張|学会|留学|研修|外来|手術|当直|会議|移転|停電|メンテナンス)[^。]{0,30}(?:返信|返事|対応|"
    r"確認|メール|連絡|不在|つなが|繋が)[^。]{0,24}(?:遅|でき|出来|不在|しかね|つながりにく|繋がりにく|難し|"
    r"控え|ことが)|(?:返信|返事|対応|お返事|ご連絡)[^。]{0,12}(?:が|は|も)[^。]{0,16}(?:遅れ|遅く|"
    r"できません|出来ません|できかね|いたしかね|できない|後日|お時間を|以降)|メール[^。]{0,12}(?:確認|閲覧|"
    r"拝見)[^。]{0,10}(?:でき|出来|遅|いたしかね)|(?:以降|より|から)[^。]{0,12}(?:順次|改めて|"
    r"通常)[^。]{0,10}(?:返信|対応|連絡|回答|業務)|(?:出社|出勤|職場復帰|復帰)[^。]{0,8}(?:予定|いたし|"
    r"し(?:ます|ました)|次第|日)|長期出張|出張中|海外出張|"
    r"(?:am|i'm|be|is|are|currently|now|will be) (?:currently |now |presently )?(?:away|out of (?:the |"
    r"my )?office|out of town|on (?:\w+ )?(?:vacation|leave|holiday|travel|business trip|sick|maternity|"
    r"parental|annual)|travel+ing|not in the office|not available|unavailable|abroad|attending)|"
    r"out[ -]of[ -](?:the[ -])?office|limited (?:access|email|e-mail|connectivity)|(?:no|not have|"
    r"without) access to (?:my )?e?-?mail|(?:will|shall) (?:return|be back|respond|reply)[^.]{0,40}(?:on|"
    r"when|upon|after)|return(?:ing)? to (?:the |my )?(?:office|work)|maternity leave|vacation (?:auto|"
    r"reply|message|notice)|auto(?:matic)?[- ]?reply|away (?:from|until|till)|only sleeping",
    re.IGNORECASE,
)
WEAK: Final = re.compile(
    r"不在|出張|休暇|お休み|休み|休業|休診|留守|away|vacation|holiday|leave\b|absen", re.IGNORECASE
)
ELSE: Final = re.compile(
    r"(?:配信|案内|送信|連絡|メール)(?:を|は)?[^。]{0,6}お休み|お休みのところ|休み(?:時間|中に)|昼休み|"
    r"お休み(?:の日|ください)|不在(?:でした|着信|票|連絡票)|学会(?:の)?展示"
)

AFTER_UNTIL: Final = re.compile(r"[ 　]*(?:いっぱい|一杯)?[ 　]*(?:まで|迄)|[ 　]*(?:の|にかけて)?[ 　]*間")
AFTER_BACK: Final = re.compile(
    r"[ 　]*(?:以降|以後|(?:より|から)[^。]{0,14}(?:通常|順次|対応|返信|復帰|出社|出勤|出張から|業務|再開|"
    r"勤務|ご連絡|回答|可能|お返事|診療)|(?:に|には|の)[^。]{0,10}(?:戻|復帰|出社|出勤|帰国|帰任|再開|"
    r"ご?返信|ご?連絡|対応|帰)|[^。、]{0,6}(?:復帰|出社|出勤|帰国)(?:予定|の予定|いたし|し))"
)
AFTER_FROM: Final = re.compile(r"[ 　]*(?:より|から|以降[^。]{0,6}不在)")
BEFORE_BACK: Final = re.compile(
    r"(?:back(?: (?:in|at) (?:the |my )?(?:office|work|desk))?(?: (?:on|by|from))?|"
    r"return(?:ing)?(?: to (?:the |my )?(?:office|work))?(?: (?:on|by|from))?|available(?: again)?(?: (?:on|"
    r"from))?|(?:respond|reply|answer)[^.]{0,50}(?:on|after|when i return on)|"
    r"復帰(?:予定)?日?[ 　]*[:：はが]|出社(?:予定)?日?[ 　]*[:：はが]|次回出勤日?[ 　]*[:：はが]|"
    r"戻り(?:予定)?[ 　]*[:：は])(?: or (?:after|on))?(?: the)?[ 　]*\Z",
    re.IGNORECASE,
)
BEFORE_UNTIL: Final = re.compile(
    r"(?:until|till|through|thru|up to|ending)(?: and including)?(?: the)?[ ]*\Z", re.IGNORECASE
)
BEFORE_FROM: Final = re.compile(r"(?:from|since|starting|beginning|as of)(?: the)?[ ]*\Z", re.IGNORECASE)
IN_OFFICE_UNTIL: Final = re.compile(r"return|back", re.IGNORECASE)
PERIOD: Final = re.compile(r"期間|日程|不在日|休業日|休暇日|休診日|period|dates?", re.IGNORECASE)
OF_TODAY: Final = {"本日", "今日", "today"}
NOT_OF_IT: Final = re.compile(r"受信|送信(?:日|いただ)|お送り|いただいたメール|作成|更新日|付(?:け)?で")


def absence(text: str, base: date | None, *, subject: str = "") -> Absence | None:
    """The absence that a text names, or None.

    Args:
        text: the new text.
        base: the local date of the mail, to which relative and year-less dates belong.
        subject: looked at for dates too ("Away until May 5").
    """
    said = [*sentences(text), *sentences(subject)]
    strong = [s for s in said if STRONG.search(s) and not ELSE.search(s)]
    weak = [s for s in said if WEAK.search(s) and not ELSE.search(s)]
    if not strong and not weak:
        return None
    dates = _Dates()
    near = 0
    for sentence in said:
        about = STRONG.search(sentence) is not None or WEAK.search(sentence) is not None
        near = 3 if about else near - 1  # 期間： often stands in lines of its own
        near_enough = about or near > 0 or PERIOD.search(sentence) is not None
        dates.take(sentence, base, about=about, back_only=not near_enough)
    return Absence(dates.away(), (strong or weak)[0][:200], bool(strong), dates.doubtful)


class _Dates:
    """The parts that dates play, the first of each kind."""

    def __init__(self) -> None:
        self.first: date | None = None
        self.until: date | None = None
        self.back: date | None = None
        self.doubtful = False

    def take(self, sentence: str, base: date | None, *, about: bool, back_only: bool) -> None:
        found: Sequence[Mention] = mentions(sentence, base)
        for mention in found:
            after = sentence[mention.end : mention.end + 40]
            before = sentence[: mention.start]
            if NOT_OF_IT.match(after):
                continue
            if back_only and not (BEFORE_BACK.search(before) or AFTER_BACK.match(after)):
                continue
            self.doubtful = self.doubtful or mention.doubtful
            self._place(mention, before, after, about=about)

    def _place(self, mention: Mention, before: str, after: str, *, about: bool) -> None:
        if BEFORE_BACK.search(before) or (AFTER_BACK.match(after) and not (mention.is_range and mention.exact)):
            self.back = self.back or mention.first
        elif mention.is_range:
            if self.first is None and self.until is None:
                self.first, self.until = mention.first, mention.last
        elif BEFORE_UNTIL.search(before) or AFTER_UNTIL.match(after):
            if self.until is None:
                self.until = mention.first
        elif BEFORE_FROM.search(before) or AFTER_FROM.match(after):
            if self.first is None:
                self.first = mention.first
        elif (mention.words.lower() in OF_TODAY and about and self.first is None and self.until is None) or (
            about and self.first is None and self.until is None and mention.exact
        ):
            self.first = self.until = mention.first

    def away(self) -> AwayInfo | None:
        first, until, back = self.first, self.until, self.back
        if first is None and until is None and back is None:
            return None
        if back is not None and first is not None and first == until and first == back:
            first = until = None
        if back is not None and until is not None and until >= back:
            self.doubtful = self.doubtful or until > back
            until = None
        if back is None and until is not None and until < date.max:
            back = until + timedelta(1)
        elif until is None and back is not None and back > date.min:
            until = back - timedelta(1)
        if first is not None and until is not None and first > until:
            self.doubtful = True
        return AwayInfo(first, until, back)
