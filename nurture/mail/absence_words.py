"""The words of absence: that somebody is away, and which part a date plays by the words around it."""

from __future__ import annotations

import re
from typing import Final

STRONG: Final = re.compile(
    r"\bOOO\b|連絡(?:が|は)(?:つきません|つかない|取れません|とれません)|外出(?:し|中|のため)|"
    r"不在(?:と(?:して|なっ)|に(?:して|なり|なっ)|の(?:ため|為|間|期間|場合|連絡)|です|で(?:す|ござ|あ)|"
    r"とさせ|中|期間|いたし|致し|、|。|\Z)|(?:休暇|お休み|休み|休業|休診|産休|育休|休職|忌引|夏季休|"
    r"年末年始|冬季休)[^。]{0,16}(?:いただ|頂|取得|中|とな(?:り|っ)|のため|させ|して(?:い|お)|期間|です|"
    r"に入)|(?:出張|学会|留学|研修|外来|手術|当直|会議|移転|停電|メンテナンス)[^。]{0,30}(?:返信|返事|対応|"
    r"確認|メール|連絡|不在|つなが|繋が)[^。]{0,24}(?:遅|でき|出来|不在|しかね|つながりにく|繋がりにく|難し|"
    r"控え|ことが)|(?:返信|返事|対応|お返事|ご連絡)[^。]{0,12}(?:が|は|も)[^。]{0,16}(?:遅れ|遅く|"
    r"できません|出来ません|できかね|いたしかね|できない|後日|お時間を|以降)|メール[^。]{0,12}(?:確認|閲覧|"
    r"拝見)[^。]{0,10}(?:でき|出来|遅|いたしかね)|(?:以降|より|から)[^。]{0,12}(?:順次|改めて|"
    r"通常)[^。]{0,10}(?:返信|対応|連絡|回答|業務)|(?:出社|出勤|職場復帰|復帰|復職)[^。]{0,8}(?:予定|いたし|"
    r"し(?:ます|ました)|次第|日)|長期出張|出張中|海外出張|"
    r"(?:返信|返事|対応|確認|連絡)(?:いた|致)?(?:でき|出来)(?:ません|ない|かね)|席を外し|退勤(?:し|いた)|"
    r"(?:office|clinic|hospital|we)s? (?:is|are|will be) closed|(?:am|i.m|be|is) out (?:for|from|of|on|today|this|"
    r"next)|\bout (?:until|till|sick)|off sick|not (?:be )?(?:check|read|monitor|access)ing (?:my )?e-?mail|"
    r"nicht (?:im büro|im haus|erreichbar)|außer haus|abwesend|im urlaub|(?:suis|serai|est) absente?|"
    r"en congés?|absente? du (?:bureau)?|"
    r"(?:am|i.m|be|is|are|currently|now|will be) (?:currently |now |presently )?(?:away|out of (?:the |"
    r"my )?office|out of town|on (?:\w+ )?(?:vacation|leave|holiday|travel|business trip|sick|maternity|"
    r"parental|annual)|travel+ing|not in the office|not available|unavailable|abroad|attending)|"
    r"out[ -]of[ -](?:the[ -])?office|limited (?:access|email|e-mail|connectivity)|(?:no|not have|"
    r"without) access to (?:my )?e?-?mail|(?:will|shall) (?:return|be back|respond|reply)[^.]{0,40}(?:on|"
    r"when|upon|after)|return(?:ing)? to (?:the |my )?(?:office|work)|maternity leave|vacation (?:auto|"
    r"reply|message|notice)|auto(?:matic)?[- ]?reply|away (?:from|until|till)|only sleeping",
    re.IGNORECASE,
)
WEAK: Final = re.compile(
    r"不在|出張|休暇|お休み|休み|休業|休診|休職|休館|休養|療養|罹患|産休|育休|有[給休]|代休|[半全]休|午[前後]休|入院|留守|帰国|"
    r"帰任|出向|渡[米欧航仏独英]|離席|年末年始|年始|営業(?:開始|再開|いた|とな)|(?:診療|業務)[^。]{0,12}(?:再開|開始)|(?:より|から)(?:診療|業務|営業)(?:いた|を|し)|"
    r"学会(?:の|参加の|出席の)?ため|以降に?(?:ご)?(?:返信|連絡|対応|回答)|\bPTO\b|"
    r"復帰(?:まで|後|予定)|学会(?:の|に|へ)?(?:参加|出席|出張|発表)|に(?:は)?戻(?:り|る)|戻りません|出勤(?:停止|でき)|自宅待機|隔離|"
    r"連休|海外に(?:お|い)|テレワーク|電話に出られ|i (?:will )?return\b|the break\b|"
    r"conference|business trip|left for the day|be out\b|return date|expected return|end date|be back|"
    r"away|vacation|holiday|leave\b|absen|"
    r"(?:返信|返事|回答|対応|確認)(?:は|が)[^。]{0,24}(?:以降|に|と)(?:なり|なる|と(?:なり|させ))|"
    r"当直明け|(?:明日|翌日|後日|翌営業日)[^。]{0,14}(?:返信|連絡|対応|確認)|"
    r"back at (?:my|the)|wieder (?:im|zurück|erreichbar|für sie da)|de retour|urlaub|congé|returning (?:on|to)",
    re.IGNORECASE,
)
ELSE: Final = re.compile(
    r"(?:配信|案内|送信|連絡|メール)(?:を|は)?[^。]{0,6}お休み|お休みのところ|休み(?:時間|中に)|昼休み|"
    r"お休み(?:の日|ください)|不在(?:でした|着信|票|連絡票)|学会(?:の)?展示|送信専用|返信(?:を)?いただ(?:いて|きまして)も"
)

_TIME: Final = r"(?:[ 　]*(?:の)?(?:\d{1,2}[:：時](?:\d{2}分?)?|午前中?|午後|朝|夕方?|終日|早朝))?"
AFTER_UNTIL: Final = re.compile(
    _TIME + r"(?:[ 　]*(?:まで|迄|いっぱい|一杯)|[ 　]*(?:の|にかけて)?[ 　]*間|[ 　]*inclusive)"
)
AFTER_BACK: Final = re.compile(
    _TIME + r"(?:[ 　]*(?:以降|以後|(?:より|から)(?![^。]{0,6}(?:不在|休|出張|留守))[^。]{0,14}"
    r"(?:通常|順次|対応|返信|復帰|出社|出勤|出張から|業務|再開|"
    r"勤務|ご連絡|回答|可能|お返事|診療|営業)|(?:に|には|の)[^。0-9]{0,10}(?:戻|復帰|復職|出社|出勤|帰国|帰任|再開|"
    r"ご?返信|ご?連絡|対応|確認|回答|お返事|帰)|ご?(?:返信|返答|連絡|対応)(?:いた|致|し|させ|差し)|[^。、0-9]{0,6}(?:復帰|復職|出社|出勤|帰国)(?:予定|の予定|"
    r"いたし|し)|[ 　]*[:：][ 　]*(?:在席|在院|出勤|出社|復帰|"
    r"復職|通常))|"
    r",? (?:i (?:will|shall) )?(?:wieder|zurück))",
    re.IGNORECASE,
)
AFTER_FROM: Final = re.compile(_TIME + r"[ 　]*(?:より|から|に出発|以降[^。]{0,6}不在)")
BEFORE_BACK: Final = re.compile(
    r"(?:back(?: (?:in|at|from) (?:the |my )?(?:office|work|desk|vacation|leave|holidays?))?(?: (?:on|by|from))?"
    r"(?: (?:w/c|the week of))?|until the week of|(?:date of )?(?:expected )?return(?: date)?[ ]*:|back[ ]*:|"
    r"return(?:ing)?(?: to (?:the |my )?(?:office|work))?(?: (?:on|by|from|until|before))?"
    r"(?: (?:w/c|the week of|week commencing))?|"
    r"(?:re-?open|resum)(?:s|e|es|ing)?(?: (?:on|from))?|available(?: again)?(?: (?:on|from))?|"
    r"(?:respond|reply|answer)[^.]{0,50}(?:on|after|when i return on)|"
    r"(?:respond|reply|answer|get back to you|in touch)(?: to (?:you|it))?(?: from)?|"
    r"(?:de retour|retour)(?: au bureau)?(?: (?:le|à partir du|dès le))?|"
    r"(?:wieder|zurück)(?: im büro)?(?: (?:am|ab))?|\bab(?: dem)?|à partir du|"
    r"(?:復帰|復職|帰任|帰国|出勤|診療開始|営業開始)(?:予定)?日?[ 　]*[:：はが]|出社(?:予定)?日?[ 　]*[:：はが]|"
    r"次(?:回|の|に)?(?:の)?(?:出勤|出社|診療|勤務)(?:予定)?(?:日|する)?(?:の)?[ 　]*[:：はが]|"
    r"(?:返信|返事|回答|対応|ご連絡|確認)(?:は|が)(?:、)?|再開(?:予定)?日?[ 　]*[:：はが]|"
    r"戻り(?:予定)?[ 　]*[:：は])(?: or (?:after|on))?(?: the)?[ 　]*\Z",
    re.IGNORECASE,
)
BEFORE_UNTIL: Final = re.compile(
    r"(?:until|till|through|thru|up to|ending|\bbis(?: zum| einschließlich)?|jusqu.au)(?: and including)?(?: the)?"
    r"[ ]*\Z|(?:end date|last day)[ ]*:[ ]*\Z|(?:至|終了日?|最終日)[ 　]*[:：]?[ 　]*\Z",
    re.IGNORECASE,
)
BEFORE_FROM: Final = re.compile(
    r"(?:from|since|starting|beginning|as of|\bvom|\bseit|\bdu|\bdès)(?: on| the)?[ ]*\Z|"
    r"(?:start date|first day)[ ]*:[ ]*\Z|(?:自|開始日?|初日)[ 　]*[:：]?[ 　]*\Z",
    re.IGNORECASE,
)
PERIOD: Final = re.compile(
    r"期間|開始日?[ 　]*[:：]|終了日?[ 　]*[:：]|\A[自至][ 　]*[:：]|日程|不在日|休業日|休暇日|休診日|"
    r"period|\bdates?\b",
    re.IGNORECASE,
)
TO_ITS_END: Final = ("いっぱい", "一杯", "年内")
OF_TODAY: Final = {"本日", "今日", "today"}
NEXT_DAY: Final = {"翌日", "翌営業日", "次の営業日", "翌診療日", "翌平日"}
"""Days after another: after the last day of absence, where one was named before."""
LANDED: Final = re.compile(
    r"(?:帰国|帰省|着)(?:予定)?日?[ 　]*[:：はが][ 　]*\Z|arriv(?:e|ing) (?:on|back)[ ]*\Z", re.IGNORECASE
)
"""A return that is not yet one to work."""
NOT_OF_IT: Final = re.compile(r"受信|送信(?:日|いただ)|お送り|いただいたメール|作成|更新日|付(?:け)?で")
