"""How people write dates, in Japanese and in the languages of Europe: one pattern that finds each of them."""

from __future__ import annotations

import re
from typing import Final

ENGLISH_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONTHS: Final = {
    "jan": 1, "feb": 2, "fév": 2, "mar": 3, "mär": 3, "mae": 3, "apr": 4, "avr": 4, "may": 5, "mai": 5, "jun": 6,
    "juin": 6, "jul": 7, "juil": 7, "aug": 8, "aoû": 8, "sep": 9, "oct": 10, "okt": 10, "nov": 11, "dec": 12,
    "dez": 12, "déc": 12,
}  # fmt: skip
"""Beginnings of month names in English, German and French; the longer one wins."""
DIGITS: Final = str.maketrans("０１２３４５６７８９／．（）：’", "0123456789/.():'")

_WD = (
    r"(?:[ 　]*[((（][ 　]*(?P<wd{n}>[月火水木金土日])(?:曜日?)?(?:[・,、/][^)）]{{0,6}})?[ 　]*[)）]|"
    r"[ 　]*(?P<wx{n}>[月火水木金土日])曜日?)?"
)
_MONTH_NAME = (
    r"(?:jan(?:uary|uar|vier)?|feb(?:ruary|ruar)?|févr?(?:ier)?|mar(?:ch|s)?|m(?:ä|ae)rz|apr(?:il)?|avr(?:il)?|may|mai|"
    r"june?i?|juin|july?i?|juil(?:let)?|aug(?:ust)?|août|sept?(?:ember|embre)?|o[ck]t(?:ober|obre)?|"
    r"nov(?:ember|embre)?|de[cz](?:ember)?|déc(?:embre)?)"
)
_DAY_NAME = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?"
_TO = r"[ ]?(?:[-–—~]|to|and|until|till|through|thru|bis|au)[ ]?(?:the[ ]+)?"
_KANJI = r"[一二三四五六七八九十]"
_ROMAN_TAIL = r"(?:st|nd|rd|th)?"

_FIRST = "0-9'RHＧ令平本今明あ翌来再次週年連ゴお盆夏正月火水木金土日一二三四五六七八九十a-fj-ortuwA-GJ-ORTUW"
"""What a date can begin with; nine places of ten in a text are passed over by it alone."""
PATTERN: Final = re.compile(
    f"(?=[{_FIRST}sS])(?:"
    + "|".join(
        (
            r"(?P<era>令和|平成|(?<![A-Za-z])[RH])[ 　]?(?P<ey>元|"
            r"\d{1,2})[ 　]?[年./-][ 　]?(?P<em>\d{1,2})[ 　]?[月./-][ 　]?(?P<ed>\d{1,2})(?!\d)日?"
            + _WD.format(n=1),
            r"(?<![\d.])(?P<y>20\d\d)[ 　]?[年./-][ 　]?(?P<ym>\d{1,2})[ 　]?[月./-][ 　]?(?P<yd>\d{1,2})(?"
            r"!\d)日?" + _WD.format(n=2),
            r"(?<!\d)(?P<cy>20\d\d)(?P<cm>0[1-9]|1[0-2])(?P<cd>0[1-9]|[12]\d|3[01])(?!\d)" + _WD.format(n=6),
            r"(?<![\d./:-])'?(?P<na>\d{1,2})(?P<nsep>[./年-])(?P<nb>\d{1,2})(?:(?P=nsep)|月)(?P<nc>20\d\d|\d{1,2})"
            r"(?![\d:/%]|\.\d)日?" + _WD.format(n=7),
            r"(?<![\d./])(?P<gd>\d{1,2})\.(?P<gm>\d{1,2})\.(?=[ ]?(?:bis|[-–]|\d{4}|\Z|[ ,]))",
            r"(?P<rel>翌年|来年|明年|本年|今年)?(?:の)?[ 　]?(?<!\d)(?P<m>\d{1,2})[ 　]?月[ 　]?(?P<d>\d{1,2})"
            r"[ 　]?(?:日|(?=[〜～~\-−–—‐－・][ 　]?\d{1,2}日))" + _WD.format(n=3),
            rf"(?:令和(?P<ky>元|{_KANJI}{{1,3}})年)?(?P<km>{_KANJI}{{1,2}})月(?P<kd>{_KANJI}{{1,3}})日"
            + _WD.format(n=8),
            r"(?P<rm>今月|来月|再来月|翌月)(?:の)?(?P<rd>\d{1,2})日" + _WD.format(n=0),
            r"(?<![\d/.])(?<!\d:)(?P<sm>\d{1,2})/(?P<sd>\d{1,2})(?![\d/%])" + _WD.format(n=4),
            (
                r"(?P<tm>(?<!\d)\d{1,2}月|今月|来月|再来月|翌月)(?:の)?"
                r"(?P<third>上旬|中旬|下旬|初旬|初め|半ば|末日?|いっぱい|一杯)"
            ),
            r"(?:(?<=同月)|(?<![\d月年/]))(?P<od>\d{1,2})日(?![0-9一二三数]+回|間|以内|程|ほど|前|後|本|目|曜|付|ごと|おき|当)"
            + _WD.format(n=5),
            (
                r"(?P<word>本日|今日|明日|あす|明後日|あさって|翌日|週明け|年明け|連休明け|(?:GW|ＧＷ|"
                r"ゴールデンウ[イィ]ーク)明け|(?:お盆|盆休み?|夏季?休[み暇]?|夏休み)明け|年末年始明け|正月明け|"
                r"翌営業日|次の営業日|翌診療日|翌平日|今年いっぱい|"
                r"今月末|月末|来月末|年末(?!年始)|年内|年度末|今週末|週末)"
            ),
            r"(?P<week>今週|来週|再来週|翌週|次の?週)(?:の)?(?P<wwd>[月火水木金土日])?(?(wwd)(?:曜日?|[)）])?)",
            r"(?<![一-龥\d])(?P<lone>[月火水木金土日])曜日?",
            (
                rf"(?i:\b(?:(?P<en1>{_DAY_NAME}),?[ ]+)?(?P<emon>{_MONTH_NAME})\.?[ ]+(?P<eday>\d{{1,2}})"
                rf"{_ROMAN_TAIL}(?:{_TO}(?:{_DAY_NAME},?[ ]+)?(?P<eday2>\d{{1,2}}){_ROMAN_TAIL}"
                rf"(?![\d:]|[ ]?(?:[ap]\.?m|o'clock|{_MONTH_NAME})))?"
                rf"(?:,?[ ]+(?P<eyear>20\d\d))?(?![\d:]))"
            ),
            (
                rf"(?i:\b(?:(?P<en2>{_DAY_NAME}),?[ ]+)?(?:the[ ]+)?(?:(?P<fday0>\d{{1,2}})(?:st|nd|rd|th|\.)?"
                rf"{_TO}(?:{_DAY_NAME},?[ ]+)?)?(?P<fday>\d{{1,2}})(?:st|nd|rd|th|er|\.)?(?:[ ]+of)?[ -]+"
                rf"(?P<fmon>{_MONTH_NAME})\b\.?(?:,?[ -]+(?P<fyear>20\d\d))?)"
            ),
            (
                r"(?i:\b(?P<eword>today|tomorrow|next week|next month|(?:the )?(?:rest|remainder) of (?:the|this) "
                r"week|end of (?:the|this) month|end of (?:the )?year)\b)"
            ),
            rf"(?i:\b(?P<ed1>{_DAY_NAME}){_TO}(?P<ed2>{_DAY_NAME})\b(?!,?[ ]+(?:the[ ]+)?(?:\d|{_MONTH_NAME}\b)))",
            (
                rf"(?i:\b(?P<ewk>next|this|on|until|till|by|from|"
                rf"coming)[ ]+(?P<ewd>{_DAY_NAME})\b(?:{_TO}(?P<ewd2>{_DAY_NAME})\b)?"
                rf"(?!,?[ ]+(?:the[ ]+)?(?:\d|{_MONTH_NAME}\b)))"
            ),
            (
                rf"(?i:\b(?:(?P<en3>{_DAY_NAME}),?[ ]+(?:the[ ]+)?|the[ ]+)(?P<ord>\d{{1,2}})(?:st|nd|rd|th)\b"
                r"(?![ ]+(?:of|floor|annual|edition|congress|meeting|century|international|time|year|world)))"
            ),
        )
    )
    + ")"
)

_TIME = r"(?:[ 　]*(?:の)?(?:\d{1,2}[:：時](?:\d{2}分?)?|午前中?|午後|朝|夕方?|終日|AM|PM))?"
BETWEEN: Final = re.compile(
    _TIME + r",?[ 　]*(?:[〜～~\-−–—‐－→]|から|より|to|until|till|through|thru|bis(?: zum)?|au|"
    r"-)[ 　]*(?:the )?(?:翌|同月)?\Z",
    re.IGNORECASE,
)
LISTED: Final = re.compile(r"[ 　]*(?:[、・,，及と&]|および|及び|and)[ 　]*\Z", re.IGNORECASE)
"""Between days of a list; days that follow each other are one absence."""
BARE_END: Final = re.compile(r"(?:[〜～~\-−–—‐－])[ 　]?(?P<d>\d{1,2})(?![\d:/時年月.])日?" + _WD.format(n=9))
BARE_NEXT: Final = re.compile(
    r"[ 　]?[・、,][ 　]?(?P<d>\d{1,2})(?:(?P<sure>日|(?=[ 　]*[(（][ 　]*[月火水木金土日]))|"
    r"(?![\d:/時年月.名件人分万円%回歳階]))" + _WD.format(n=9)
)
"""A further day of a list; without 日 or a weekday (``sure``) only the day after the one before it."""
SPAN: Final = re.compile(
    r"[ 　]*(?:より|から)?(?:の)?[ 　]*(?:約)?(?P<n>\d{1,2}|[一二三四五六七八九十])(?P<unit>日間|"
    r"日ほど|日程度|週間|か月|ヶ月|カ月|ヵ月)"
)
"""「25日より3日間」: how long it lasts from a day on."""
