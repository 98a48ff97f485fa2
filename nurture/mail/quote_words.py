"""How mail programs mark what they quote: who wrote when, bars, header blocks. Many programs, many languages."""

from __future__ import annotations

import re
from typing import Final

from nurture.mail.patterns import joined

QUOTE: Final = re.compile(r"[ \t　]{0,3}(?:[>＞](?!>> )|>>>+(?!.*<<)|[|｜](?=[ >|]|\Z)|\w{1,8}>[ >])")

_MAIL: Final = (
    r"(?:message|mail|e-?mail|appointment|nachricht|bericht|meddelelse|meddelande|melding|mensaje|messaggio|"
    r"mensagem|"
    r"wiadomo\S{1,4}|сообщени\S|viesti|zpráva|üzenet)"
)
BAR: Final = re.compile(
    r"[ \t>]*(?:[-_=*─━―]{2,}|[ー－]{3,})[ \t　]*(?:original (?:message|mail|appointment)|"
    r"forwarded (?:message|mail|by)|(?:begin )?forwarded message|reply message|"
    r"(?:元の|オリジナル(?:の)?|受信|返信元(?:の)?|引用元?(?:の)?|転送された|転送|以前の|"
    r"前の)[ 　]*(?:メッセージ|メール|引用|記事)?|原始(?:邮件|郵件)|转发邮件|轉寄郵件|원본 메[시일]지?|"
    r"引用(?:メール|メッセージ|開始|ここから)?|"
    r"以下(?:、)?(?:元メール|引用|原文)|元メール|原文|[^\n]{1,30}(?:さん|様|先生)?(?:の|が)(?:書き込み|メッセージ|"
    r"発言|書いたメール|書きました|メール))[ \t　]*(?:ここから)?[ \t　]*[-_=*─━―ー－:：]*[ \t]*\Z|"
    rf"[ \t>]*[-_=*]{{3,}}[ \t]*(?:[^\W\d_]{{2,16}}[ ]){{0,2}}{_MAIL}(?:[ ](?:[^\W\d_]|'){{2,16}})?[ \t]*"
    r"[-_=*]{3,}[ \t]*\Z|"
    r"[ \t]*[【［\[＜<■◆●▼▽◇□](?:元の?|引用元?の?|返信元の?|受信)(?:メール|メッセージ|"
    r"本文)[】］\]＞>■◆●▼▽◇□][ \t]*\Z|"
    r"[ \t]*(?:begin forwarded message|forwarded message|転送されたメッセージ|以下、?転送)[ \t]*[:：]?[ \t]*\Z|"
    r"[ \t]*[-─━_=*]{2,}.{1,120}(?:wrote|さんは書きました|からのメール|"
    r"より)[ \t]*[:：]?[ \t]*[-─━_=*]{2,}[ \t]*\Z",
    re.IGNORECASE,
)

VERB: Final = re.compile(
    r"\b(?:wrote|writes|sent|schrieb|schreef|geschreven|skrev|kirjoitti|escribi[oó]|scritto|escreveu|yazdı|írta|"
    r"a [eé]crit|napisał(?:\(a\)|a)?|napsala?(?:\(a\))?|pisze|пиш[еу]т|(?:на)?писал(?:\(а\)|а)?|đã viết)\b|"
    r"(?:のメール|のメッセージ|からのメール|書きました|書き込みました|さんは書|さんが書|写道|작성(?:하였습니다)?|作成)"
    r"(?:より|から|への返信|に返信)?[ 　\t]*[:：]?[ 　\t]*\Z",
    re.IGNORECASE,
)
_MONTH: Final = (
    r"(?:jan|feb|m[aä]r|apr|ma[iyj]|jun|jul|aug|sep|o[ck]t|nov|de[czs]|janv|févr|mars|avr|juin|juil|août|gen|"
    r"mag|giu|"
    r"lug|ago|set|ott|dic|ene|abr|stycz|lut|kwie|czerw|lip|sierp|wrze|paź|list|grud|янв|фев|мар|апр|мая|июн|"
    r"июл|авг|"
    r"сен|окт|ноя|дек)\w*\.?"
)
WHEN: Final = re.compile(
    r"(?<!\d)(?:\d{4}[ ]?[/年.-][ ]?\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{1,2}月[ ]?\d{1,2}日|"
    rf"\d{{1,2}}(?:st|nd|rd|th|\.)?[ -](?:de )?{_MONTH}|{_MONTH} \d{{1,2}}|\d{{1,2}}:\d{{2}}|"
    r"\d{1,2}時\d{1,2}分)|\d{1,2} tháng \d",
    re.IGNORECASE,
)
WHO: Final = re.compile(
    r"[<\[(＜][ ]?(?:mailto:)?[^<>\s@]{1,90}@[^<>\s]{1,120}[>\])＞]|[\w.+-]{1,64}@[\w.-]{3,120}"
)
COLON: Final = re.compile(r"[:：][ \t　*_]*\Z")
OPENS: Final = re.compile(
    r"[ \t　*_-]*(?:(?:on|le|am|el|il|em|op|den|på|pe|ma|vào|at|w dniu|dnia|dne|在|у|in (?:article|message))\b|"
    r"[(（]?\d{1,4}[./年-]|(?:mon|tue|wed|thu|fri|sat|sun)\w*,|[(（]?\d{1,2}月)",
    re.IGNORECASE,
)
"""How the line begins with which a program says who wrote, in case it is broken before the address."""
NAMED: Final = re.compile(
    r"(?:^|\n)[ \t　]{0,4}(?:"
    r"[^\n]{1,100}(?:さん|様|先生|氏)?(?:は|が|"
    r"さんは)(?:\d{4}[^\n]{0,40})?書きました[ \t　]?(?:[(（][^()（）\n]{4,40}[)）])?[ \t　]?[:：]?"
    r"|[^\n]{0,60}\d{4}[/年.-]\d{1,2}[/月.-]\d{1,2}[^\n]{0,80}(?:送信|発信)?(?:した|"
    r"された)?メール(?:に(?:ついて|対して)|より引用)[^\n]{0,10}[:：]?"
    r"|(?:quoting|zitat von|citando a?) [^\n]{3,160}[:：]"
    r"|in (?:article|message) \"[^\"\n]{1,200}\"[ \t]*\n[^\n]{4,200}(?:wrote|writes)[ \t]?:"
    r"|in (?:article|message) <[^\n]{3,200}(?:\n[^\n]{0,120}?)?(?:wrote|writes)[ \t]?:"
    r")[ \t　]*(?=\n|\Z)",
    re.IGNORECASE,
)
"""Forms that name neither a time nor an address, or end without a colon."""
SHARED: Final = re.compile(
    r"(?<=[\w.!?。])-{4,}[ ]?original message[ ]?-{4,}\Z|"
    r"(?<=[\w.!?。])[ \t　]+(?:On (?:\w{3,9}, |\d|[A-Z][a-z]{2,8}\.? \d)[^\n]{4,160}wrote:|"
    r"\d{4}年\d{1,2}月\d{1,2}日\([^\n]{1,3}\) \d{1,2}:\d{2} [^\n]{1,80}<[^<>\s]{3,160}>:)[ \t]*\Z",
    re.IGNORECASE,
)
"""... on one line with the end of the answer."""

_SENDER: Final = joined(
    """
    from|von|de|fra|från|van|da|od|от|发件人|보낸 사람
    差出人|送信者|発信者|送信元
    """
)
_WHEN: Final = joined(
    """
    sent|date|gesendet|datum|envoyé(?: le)?|sendt|skickat|verzonden|inviato|data|enviad[oa](?: el| em)?|fecha
    wysłano
    отправлено|дата|日期|发送时间|보낸 날짜
    送信日時|送信日|日時|日付|受信日時|発信日時
    """
)
_TO: Final = joined(
    """
    to|an|til|till|aan|para|кому|收件人
    宛先|宛名|送信先
    """
)
_OTHER: Final = joined(
    """
    cc|subject|reply-to|betreff|objet|à|emne|ämne|onderwerp|oggetto|asunto|assunto|do|temat|тема|主题
    받는 사람|제목
    受信者|件名|題名|表題|タイトル|返信先|ＣＣ
    """
)
FIELD: Final = re.compile(
    rf"[ \t>*　]*(?:\*{{0,2}})(?:(?P<sender>{_SENDER})|(?P<when>{_WHEN})|(?P<to>{_TO})|(?P<other>{_OTHER}))"
    r"[ 　\xa0]{0,6}(?:\*{0,2})[ ]?[:：](?:\*{0,2})(?P<value>.*)",
    re.IGNORECASE,
)
"""A line of a header block; the group that matched tells which field it is."""
STACKED_TO: Final = frozenset({"to", "宛先", "an", "à"})
STACKED_SUBJECT: Final = frozenset({"subject", "件名", "betreff", "objet", "thema"})
"""Names of fields in lines of their own."""
BANNER: Final = re.compile(
    r"(?=[^\n]{0,300}(?:注意|警戒|クリック|開か|送信され|caution|warning|click|links?\b|attachments?|recogni[sz]e))"
    r"[\[【<＜(（*※!！■▲◆●\-=_ 　]*"
    r"(?:(?:この|本)?(?:電子)?メールは?[^。\n]{0,12}(?:院外|外部|社外|組織外|学外)|"
    r"(?:院外|外部|社外|組織外|学外)(?:から(?:の)?)?(?:の)?(?:メール|送信|受信)|"
    r"(?:external|caution|warning|\[external\])[^\n]{0,40}(?:external|outside|e-?mail|sender)|"
    r"(?:this|the) (?:e-?mail|message) (?:was sent|originated|came|is) from (?:an? )?(?:outside|"
    r"external))[^\n]{0,300}\Z",
    re.IGNORECASE,
)
"""What gateways put above mail from outside."""
