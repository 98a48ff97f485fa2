"""What a person wants to say: a set of intents, each with the rule that saw it and the words.

Theory of operation
===================
The new text (without quotes and signature) is cut into sentences, and each sentence is held against a
table of rules, in groups of descending weight: opt-out, change of person, no, later, yes, dates, wishes.
A rule names what it sees, what must stand in the sentence and what must not. A sentence may satisfy several
rules; the answer for the mail is the set.

結構です, 大丈夫です and 不要です mean nothing by themselves, they hang on what stands before them; they have
functions of their own. Where the answer could be read in two ways ``AMBIGUOUS`` is added and a person reads
the mail. An opt-out is never sacrificed to another reading: taking an opt-out for a refusal is a breach of
law, the reverse is a lost mail.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from nurture.core.reading import Found, Intent
from nurture.mail.sentences import sentences

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_WORDS: Final = 120  # of a sentence that is kept as evidence


@dataclass(frozen=True, slots=True)
class Rule:
    """An intent, the rule's name, what a sentence must have and what it must not have."""

    intent: Intent
    name: str
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None = None


def _rule(intent: Intent, name: str, pattern: str, unless: str | None = None) -> Rule:
    return Rule(
        intent,
        name,
        re.compile(pattern, re.IGNORECASE),
        re.compile(unless, re.IGNORECASE) if unless else None,
    )


# What mail is called, what is done to it, and how one asks for it to stop.
_MAIL: Final = (
    r"(?:配信|メルマガ|メール(?:マガジン)?|ニュースレター|ご?案内|ご?連絡|お?知らせ|DM|広告|営業|宣伝|"
    r"ご?送付|送信|お便り|勧誘|情報(?:提供)?)"
)
_WISH: Final = (
    r"(?:ください|下さい|頂け|いただけ|いただき|頂き|願い|願え|欲し|ほし|もらえ|お願い|たい|希望|ませんか|"
    r"ように|こと)"
)
_OUR_FOOTER: Final = (
    r"(?:を?(?:ご)?(?:希望|不要)(?:の|な|される)?(?:方|場合|際)|(?:される|いただく)(?:方|場合)|"
    r"場合は、?(?:お手数|こちら|下記|本メール|この|以下|返信)|(?:方|場合)は[^。]{0,20}(?:ご返信|ご連絡|"
    r"クリック|URL|まで))"
)
_NOT_ABOUT_MAIL: Final = (
    r"ご?返信(?:は|には|も|の必要|不要|いただ|を?いただか)|ご?返事(?:は|には)|お気遣い|お礼|お返事|ご足労|ご心配"
)

RULES: Final[tuple[Rule, ...]] = (
    # --- opt-out ------------------------------------------------------------------------------------------
    _rule(
        Intent.UNSUBSCRIBE,
        "stop_mail",
        rf"{_MAIL}[^。]{{0,20}}(?:を|は|の)?[^。]{{0,8}}(?:停止|中止|解除|止め|やめ|辞め|ストップ|終了|控え|"
        rf"遠慮|取り?やめ|とりやめ|拒否)[^。]{{0,12}}(?:{_WISH}|です|ます|する|した|。|\Z)",
        rf"{_OUR_FOOTER}|しばらく|当面|一時|までの間|いったん|一旦|控えめ|(?:停止|解除|不要|削除)(?:では|"
        rf"じゃ)(?:あり|な)|お手数を(?:お|)?(?:かけ|掛け)(?:しま|いた)",
    ),
    _rule(
        Intent.UNSUBSCRIBE,
        "stop_word",
        r"\A(?:配信停止|配信解除|配信不要|配信拒否|停止|解除|退会|メール不要|受信拒否|登録解除|購読解除|"
        r"購読停止|配信停止希望|解除希望|停止希望)(?:希望|依頼|お願い|で|を|申請|手続き?|の件)?(?:いた|致|"
        r"し)?(?:します|お願いします|お願い(?:いた|致)します)?[。.!！]*\Z",
    ),
    _rule(
        Intent.UNSUBSCRIBE,
        "not_needed",
        rf"(?:今後|以後|これ以上|以降|もう|今後一切|一切)[^。]{{0,15}}{_MAIL}[^。]{{0,12}}(?:不要|"
        rf"必要(?:は)?(?:ありま|ござ|な)|いりません|要りません|無用|お断り|結構|ご遠慮|遠慮|なさらない|"
        rf"しない(?:で|よう))|{_MAIL}(?:自体)?(?:は|も|の送付は|等は|などは)[^。]{{0,10}}(?:不要|"
        rf"必要(?:は)?(?:ありま|ござ|な)|いりません|要りません|無用|お断り)",
        rf"{_OUR_FOOTER}|{_NOT_ABOUT_MAIL}|(?:ご連絡|連絡)(?:は|の)(?:必要|不要)[^。]{{0,6}}(?:場合|"
        rf"でしたら)|折り返し|(?:電話|郵送|訪問|FAX|対面)(?:で|に|は|の)[^。]{{0,8}}(?:連絡|案内|不要)",
    ),
    _rule(
        Intent.UNSUBSCRIBE,
        "do_not_send",
        r"(?:送(?:ら|信し|付し|って(?:こ|来))ない(?:で|よう)|送(?:ら|信し|付し)ないで|送らない(?:よう|こと)|"
        r"送ってこないで|送付(?:は|を)?(?:しないで|お控え|ご遠慮)|送信しないで|連絡(?:を|は)?(?:して(?:こ|"
        r"来)ない|しない|なさらない)(?:で|よう)|お?送り(?:に)?なら?ない(?:で|よう)|送りつけ)",
        r"添付|パスワード|zip",
    ),
    _rule(
        Intent.UNSUBSCRIBE,
        "off_the_list",
        r"(?:リスト|名簿|宛先|配信先|登録|送信先|送付先|アドレス|データベース|"
        r"メーリング)[^。]{0,12}(?:から)?[^。]{0,8}(?:削除|抹消|外し|はずし|除外|解除|消し|除い|取り?消し|"
        r"取り除)[^。]{0,12}(?:" + _WISH + r"|です|ます|。|\Z)",
        _OUR_FOOTER,
    ),
    _rule(
        Intent.UNSUBSCRIBE,
        "wish_to_leave",
        r"(?:解除|退会|脱退|購読(?:を)?(?:停止|中止|やめ)|配信(?:を)?(?:停止|拒否))[^。]{0,6}(?:したい|希望|"
        r"する方法|方法|手続|お願い|願い|してくだ|して下|していただ|して頂|できま|はどこ|するには)",
        _OUR_FOOTER,
    ),
    _rule(
        Intent.UNSUBSCRIBE,
        "should_not_have_to",
        r"(?:お?送り(?:いただ|頂|下さ|くださ)|ご?(?:送付|案内|連絡|配信)(?:を|は)?(?:いただ|頂|下さ|"
        r"くださ))(?:か|ら)?(?:なく(?:て(?:も)?|とも)?|ない(?:で|よう)|必要(?:は)?(?:あり|"
        r"ござ))[^。]{0,8}(?:結構|構いま|かまいま|大丈夫|いい|良い|よい|問題|ませ|お願い)",
        _NOT_ABOUT_MAIL,
    ),
    _rule(
        Intent.UNSUBSCRIBE,
        "english_unsubscribe",
        r"\b(?:unsubscribe|opt[ -]?out)\b|\b(?:remove|delete|take) (?:me|us|my|this|our)\b[^.]{0,40}(?:list|"
        r"mailing|address|database|e-?mail)|\bstop (?:sending|e-?mailing|contacting|all)|\b(?:do not|don'?t|"
        r"please (?:do not|don'?t)|never) (?:send|e-?mail|contact|write)(?: (?:me|us|to me|any))|"
        r"\bno (?:more|further) (?:e-?mails?|messages|mails?|contact)|\bremove me\b",
        r"to unsubscribe[, ]|unsubscribe (?:here|link|at any time|from this list, )|"
        r"if you (?:no longer )?(?:wish|want|would like)[^.]{0,40}(?:unsubscribe|opt)|"
        r"click (?:here )?to unsubscribe|(?:not|n'?t|no need) (?:want|wish|need|like)? ?to (?:unsubscribe|"
        r"opt)|keep me on",
    ),
    _rule(Intent.UNSUBSCRIBE, "english_stop", r"\A(?:stop|remove|cancel)[.!]*\Z"),
    _rule(
        Intent.UNSUBSCRIBE_TOPIC,
        "topic",
        r"(?:セミナー|学会|ウェビナー|webinar|コラム|展示会|キャンペーン|新製品|製品(?:情報)?|事例|"
        r"アンケート|イベント|研修|勉強会|価格|見積|[ァ-ヶー]{3,12})(?:関連)?(?:の|に関する|"
        r"についての)(?:ご)?(?:案内|情報|お?知らせ|メール|配信|連絡|資料)(?:は|だけは|については|"
        r"のみ)[^。]{0,12}(?:不要|結構|要りません|いりません|必要(?:あり|ござ|な)|停止|止め|やめ|控え|遠慮)",
        r"(?:以後|今後一切|すべて|全て)",
    ),
    _rule(
        Intent.UNSUBSCRIBE_TOPIC,
        "only_this",
        r"(?:案内|情報|メール|配信|連絡|セミナー|資料|お?知らせ)(?:だけ|のみ)(?:で(?:結構|お願い|十分|いい|"
        r"良い)|(?:を)?(?:希望|お願い|送って|ください|いただけ|配信))|\bonly (?:send|interested in|want)\b",
    ),
    _rule(
        Intent.LESS_OFTEN,
        "less_often",
        r"頻度[^。]{0,16}(?:減ら|下げ|少な|落と|抑え|多[いす]|控え)|(?:回数|本数|通数|メール|配信|案内|"
        r"連絡)[^。]{0,10}(?:減ら|少なく|多すぎ|多過ぎ|頻繁|控えめ)|(?:月|週|年|四半期|数か月|数ヶ月|"
        r"半年)(?:に)?[ 　]?(?:[0-9一二三]|数)(?:回|度|通)(?:程度|ほど|くらい|ぐらい|まで)?(?:で|に|"
        r"の(?:頻度|配信|案内|連絡))[^。]{0,12}(?:お願い|結構|十分|いい|良い|よい|して|減ら|くださ)|"
        r"less (?:often|frequent)|fewer (?:e-?mails|messages)|too (?:many|often|"
        r"frequent)[^.]{0,20}(?:e-?mails?|messages)?|once a month",
    ),
    # --- who is who ---------------------------------------------------------------------------------------
    _rule(
        Intent.MOVED,
        "moved",
        r"アドレス(?:が|を|は)[^。]{0,12}(?:変わ|変更|使えなく|使用できなく|廃止)|新しい(?:メール)?アドレスは|"
        r"異動(?:いた|致|し|と|に(?:な|より|伴)|のため|になり|となり)|転(?:任|勤|属|籍|出|職)(?:いた|致|し|"
        r"と|に(?:な|より)|のため|することと)|配置(?:換え|替え|転換)|出向(?:し|いた|中|と|に|のため|して)|"
        r"(?<!が)(?:着任|赴任)(?:いた|し|する|予定)|部署(?:が|を)(?:変わ|移|異動)|移籍|(?:勤務先|所属)(?:が|"
        r"を)[^。]{0,10}(?:変わ|変更|移)|担当(?:を|が)(?:外れ|離れ|変わ|交代|変更)|(?:moved|transferred|"
        r"relocated) to (?:a|an|the|another|new|[A-Z])|have (?:a )?(?:new (?:position|role|job|post))|"
        r"changed (?:jobs|positions|departments)",
        r"異動(?:の)?(?:時期|シーズン)|異動(?:は|が)(?:な|あり(?:ま|そ)せん|ございません)|前任",
    ),
    _rule(
        Intent.LEFT,
        "left",
        r"退職|退任(?:し|いた|致|と|の)|退局|離職|辞め(?:まし|ており|た(?:ため|ので|者))|(?:もう|既に|"
        r"すでに)(?:おりません|在籍|いません)|在籍(?:して)?(?:おりません|いません|しておらず)|定年|(?:当院|"
        r"弊社|病院|会社|大学)(?:を|は)(?:退職|辞|離れ|去)|\b(?:has|have|had)? ?(?:left|leaving) (?:the|our|"
        r"this) (?:company|hospital|organi[sz]ation|university|department|clinic)|no longer (?:works?|with|"
        r"employed|at)|\bretired\b|閉院|廃院",
        r"退職(?:金|給付)|退職者向け",
    ),
    _rule(
        Intent.SUCCESSOR_NAMED,
        "successor",
        r"後任(?:の|は|に|者|として|が|:|：)|引(?:き)?(?:継|つ)(?:ぎ|い)(?:まし|でおり|で(?:い|お)|だ|予定|"
        r"いた|をお|は)|引継(?:ぎ|い|者|先)|後継|(?:今後|以後|以降)(?:の)?(?:ご?連絡|窓口|担当|"
        r"お問い?合わせ)?(?:先)?は[^。]{0,30}(?:まで|へ|に|が(?:担当|承)|宛|となり|です|様|さん|先生|"
        r"お願い)|(?:担当|窓口)(?:者)?(?:が|は|を)[^。]{0,20}(?:代わ|替わ|変わ|変更|交代|引き?継)|(?:より|"
        r"から|以降は?)[^。]{1,30}が(?:新たに|新しく)?(?:担当|窓口|後任)(?:とな|にな|いた|を|させ|し)|"
        r"successor|(?:has|have|will) (?:be )?(?:taken|taking|take) over|replaced by|new (?:contact|"
        r"person in charge)",
        r"後任(?:は|が)(?:未定|決まって(?:い|お))|お引き?継ぎ(?:いただ|ください|をお願い)|引き?続き|"
        r"引き?継ぎ(?:いただ|ください|をお願い)|今後の(?:配信|ご案内|案内|メール|連絡|ご連絡)は(?:不要|結構|"
        r"いり|要り|必要|ご遠慮|お断り)|今後(?:は|も)(?:よろしく|宜しく)|個人(?:の)?(?:メール)?アドレス",
    ),
    _rule(
        Intent.DEPUTY_NAMED,
        "deputy",
        r"(?:お?急ぎ|至急|緊急|急用|不在(?:の|中|時)|休(?:暇|み|職)(?:の|中)|留守)[^。]{0,40}(?:まで|へ|に|"
        r"宛|は)[^。]{0,50}(?:ご?連絡|お問い?合わせ|お電話|お願い|対応|ください|下さい|いただ|[0-9]{3,5})|"
        r"代理(?:で|の|として|者|は|人)|代わり(?:に|の者|は)[^。]{0,30}(?:対応|担当|返信|連絡|承|まで)|"
        r"代行(?:して|いた|者)|in (?:urgent|an emergency|emergenc|my absence|case of)[^.]{0,80}(?:contact|"
        r"call|reach|e-?mail|mail|write)|(?:please|kindly) (?:contact|call|reach out to|e-?mail|"
        r"direct)[^.]{0,60}(?:@|urgent|instead|assistant|colleague|immediate|during|absence|Dr|Ms|Mr)|"
        r"for (?:urgent|immediate|emergency)[^.]{0,60}(?:contact|call|e-?mail|reach)|on behalf of",
        r"代理店|携帯(?:電話)?(?:まで|へ|に)|successor|後任",
    ),
    _rule(
        Intent.REFERRAL,
        "referral",
        r"[課科部室係者院署]が(?:窓口|担当)(?:です|して|となり|になり|で、|でござ)|"
        r"(?:担当(?:部署|部門|課|科|者)?|窓口|管轄)(?:は|が)[^。]{1,30}(?:です|になります|となります|"
        r"ですので|でございます|なので|宛)|(?:担当|関係)(?:の)?(?:部署|者|課|科|部門)(?:に|"
        r"へ)[^。]{0,10}(?:転送|回|伝|共有|問い|ご連絡|相談|お問)|(?:転送|回送|共有|回覧)(?:して|し(?:まし|"
        r"ており)|いた(?:しま|しました))|(?:ご)?紹介(?:いた|し(?:ます|たい|ました)|させて|でき)|"
        r"(?:の)?(?:方|課|部|科|係|室|先生|さん|様)(?:に|へ|宛に|まで)(?:直接|一度)?(?:ご連絡|お問い?合わせ|"
        r"お尋ね|ご相談|ご確認)(?:を)?(?:くださ|下さ|いただ|頂|お願い|願)|forward(?:ed|ing)? (?:this|your|"
        r"it) (?:e-?mail |message |mail )?to|right person|person in charge|you should (?:contact|talk to|"
        r"speak)",
        r"急ぎ|緊急|至急|不在|後任|引き?継|ご紹介(?:いただ|ください|くださ|ありがと|の)|貴社|御社|当社|折り返し",
    ),
    # --- no -----------------------------------------------------------------------------------------------
    _rule(
        Intent.COMPLAINT,
        "complaint",
        r"迷惑(?:です|して|メール|だ|な|に感じ|行為)|苦情|クレーム|しつこ|不愉快|不快|うんざり|いい加減に|"
        r"非常識|失礼(?:だ|です(?:ね|よ)|極まり|な(?:営業|メール|対応))|(?:どこ|どちら|どうやって|"
        r"何処)(?:で|から|に)[^。]{0,16}(?:アドレス|情報|連絡先)[^。]{0,12}(?:入手|知|手に入|取得|聞|得)|"
        r"(?:アドレス|個人情報|連絡先)[^。]{0,16}(?:入手|取得|利用|収集)[^。]{0,12}(?:経緯|経路|方法|元|"
        r"説明|違反|抗議|のですか|ましたか)|通報|特定電子メール法|個人情報保護法|訴え|消費者(?:庁|センター)|"
        r"法的(?:措置|手段)|抗議|許可(?:し|も)(?:て|し)?(?:い)?ない|勝手に(?:送|登録)|\bspam(?:ming|mer)?\b|"
        r"harass|report you|complain|annoying|unsolicited|how did you (?:get|obtain)|legal action|gdpr",
        r"ご?迷惑(?:を)?(?:お掛け|おかけ|をお|かけ)|ご迷惑|失礼(?:いた|致|し(?:ます|まし))|クレーム(?:対応|"
        r"処理)|迷惑メール(?:フォルダ|ボックス|扱い|設定|に|と(?:して|判))",
    ),
    _rule(
        Intent.REFUSAL,
        "declined",
        r"(?:興味|関心)(?:は|が|も)?(?:あり|ござい)ません|(?:使い|使用し|利用し|採用し)ません(?:ので|。|\Z)|"
        r"他(?:の)?(?:社|メーカー|業者|会社|製品|ところ|病院向け)[^。]{0,12}(?:決め|決ま|決定|契約|採用|"
        r"導入|発注|選)|(?:合わない|適さない|なじまない|向かない|不向き)(?:と|です|ため|ので|かと)|(?:採用|"
        r"導入|購入|契約)(?:には|まで)?[^。]{0,4}至(?:り|ら)|(?:購入|導入|採用|契約|更新)(?:する|"
        r"の)必要(?:は|が)?(?:あり|ござ|な)|"
        r"見送(?:ら|り|る|っ|ります)|見合わせ|(?:お)?断り(?:し|いた|さ|申|を)|辞退|お受け(?:して)?(?:でき|"
        r"いたしかね|し(?:て)?おりません|かね)|遠慮(?:させ|いた|し(?:ます|たい|ておき))|(?:他社|別の(?:会社|"
        r"業者|メーカー|製品)|競合)[^。]{0,16}(?:決定|決め|決ま|契約|採用|導入|発注|選)|(?:すで|"
        r"既)に[^。]{0,24}(?:導入|契約|採用|購入|使用|利用|決ま|決定)(?:済|し|して|いた|を)|導入済|"
        r"間に合って|(?:現在|現状|今のところ|当面|特に|当院では|弊院では|"
        r"うちでは)[^。]{0,16}(?:必要(?:として(?:い|お)|は?(?:あり|ござ)|(?:が|は)な)|不要|予定は?(?:あり|"
        r"ござ|な)|考えて(?:い|お)(?:ません|りません))|稟議[^。]{0,10}(?:通りません|通らな|否決|却下|落ち|"
        r"下りま|おりま)|(?:否決|却下|不採用|非採用|不承認|採択され(?:ま|な))|時期(?:尚早|ではな)|予算(?:が|"
        r"は|も)[^。]{0,10}(?:取れ|つか|付か|確保でき|あり(?:ま|そ)せん|ございません|なく|ない|下りま|"
        r"おりま|通りま)|ご?(?:期待|要望|希望)に(?:は)?(?:添え|沿え|そえ|応え(?:られ|でき))|(?:興味|関心|"
        r"必要性|ニーズ)(?:は|が|を)[^。]{0,6}(?:ありません|ございません|ない(?:です|ので|ため)|感じ(?:ま|"
        r"て)(?:せん|おりません|いません))|(?:導入|採用|購入|契約|検討)(?:は|を|"
        r"の予定は?)[^。]{0,10}(?:しません|いたしません|致しません|しない(?:こと|方向)|できません|難し|"
        r"ありません|ございません|いたしかね|中止|断念|取りやめ|考えて(?:い|お)(?:ません|りません))|"
        r"難しい(?:と(?:の|判断|いう)|状況|結論|です)|not interested|(?:we|i) (?:have )?decided (?:not|"
        r"against)|decline|no (?:thank you|thanks|interest|need)|(?:have|has) chosen (?:another|"
        r"a different)|went with (?:another|a different)|not (?:a )?(?:good )?(?:fit|need|require|"
        r"in a position)|already (?:have|use|using|purchased|decided)|pass on this|面談[^。]{0,8}(?:お受け|"
        r"できま|でき(?:かね|ない)|お断|難し)",
        r"見送りに(?:来|行)|断りなく|(?:お)?断りして(?:い|お)る(?:わけ|の)で(?:は|も)|遠慮なく|ご遠慮なく|"
        r"見合わせて検討|今後の(?:配信|連絡|ご連絡|ご案内|案内|メール)",
    ),
    _rule(
        Intent.DISAGREEMENT,
        "disagreement",
        r"(?:内容|認識|理解|記載|数字|日程|議事録|金額|日時|一部|点)[^。]{0,16}(?:に|が|は|と|"
        r"で)?[^。]{0,6}(?:誤り|間違い?|相違|違い|異な|ずれ|齟齬|食い違)[^。]{0,8}(?:が?(?:あり(?:ます|"
        r"まし)|ござい)|ます|い?ます|です|てい|ており|っ)|(?:違い|異なり|間違ってい|誤ってい)ます|(?:そう|"
        r"その(?:よう|通り|とおり))(?:では|じゃ)(?:あり|な)|賛成(?:でき|しかね|いたしかね)|同意(?:でき|"
        r"しかね|いたしかね)|納得(?:でき|いか|が)|合意(?:して(?:い|お)(?:ません|りません)|した覚え)|"
        r"申し(?:上げ)?て?(?:は)?(?:い|お)(?:ません|りません)|そのような(?:こと|話|合意)(?:は|"
        r"を)[^。]{0,10}(?:ません|ない)|反対|異論が(?:あり|ござ)|(?:that'?s|this is|it is|"
        r"that is) (?:not (?:correct|right|what)|incorrect|wrong)|disagree|not (?:correct|accurate|"
        r"what we (?:agreed|discussed))|訂正(?:を|し|お願い|くださ|が必要)|修正(?:を)?(?:お願い|くださ|"
        r"が必要|していただ)",
        r"(?:相違|誤り|間違い|異論|異存|違い|齟齬|ずれ)(?:は|も|が|など)?(?:特に)?(?:あり|ござい)ません|"
        r"(?:相違|間違い|誤り)(?:が)?な(?:い|けれ|く)|反対(?:は|意見)(?:あり|な)|間違いな|"
        r"反対[^。]{0,10}(?:出ま|あり(?:ま|そ)せん|な(?:く|い|か)|ございません)",
    ),
    # --- later --------------------------------------------------------------------------------------------
    _rule(
        Intent.CONSIDERATION,
        "consideration",
        r"(?:現時点|今の段階|現段階|今すぐ|まだ)(?:で)?(?:は)?[^。]{0,16}(?:判断|決め|回答|お答え|返答|結論|"
        r"決定)[^。]{0,6}(?:でき|出来|られ|しかね|いたしかね|出て|ついて)|"
        r"検討(?:いた|致|し(?:ます|て(?:い|お|み|まい|ほ)|たい|ております|中|まして)|させて|の(?:上|うえ)|"
        r"(?:を)?(?:進め|続け|重ね|開始|要)|する|中|課題|予定|事項|段階|したく)|(?:持ち帰|もちかえ)|(?:上|"
        r"上司|上長|院長|部長|事務長|師長|教授|委員会|会議|関係者|経営|関係部署|医局|現場|担当(?:者|"
        r"部署))(?:と|に|へ|で)[^。]{0,12}(?:相談|諮|はか|確認|協議|報告|上げ|図り|検討|話)|(?:相談|協議|"
        r"社内|院内)(?:で|に|の(?:上|うえ))[^。]{0,10}(?:検討|相談|確認|協議|諮)|考え(?:させて|て(?:み|お|"
        r"い)(?:ます|たい|く|き)|ます|たい(?:と思)?|る(?:予定|つもり))|前向き|興味は(?:あり|ござい)|(?:すぐ|"
        r"直ちに|今すぐ)に?(?:は|では)[^。]{0,8}(?:動け|決め|判断|難し|でき|導入)|必要(?:に(?:な|応じ)|"
        r"が(?:生じ|あり|出))[^。]{0,12}(?:ら|れば|際|とき|時|場合)[^。]{0,24}(?:連絡|お声|相談|お願い)|"
        r"こちらから[^。]{0,10}(?:ご?連絡|お声)|判断(?:に)?(?:時間|は(?:まだ|もう)|しかね|がつか|を(?:仰|"
        r"保留))|保留|様子を(?:見|み)|時間を(?:くださ|下さ|いただ|頂)|will (?:consider|think about|discuss|"
        r"review|look into|get back)|under (?:consideration|review)|need (?:to|some time to) (?:think|"
        r"discuss|consider)|let me (?:think|discuss|check)|considering",
        r"検討(?:の結果|した結果|いたしました(?:結果|が)|しました(?:結果|が)|を重ねた結果)|ご検討|検討(?:は|"
        r"を)(?:しません|いたしません|中止|断念)|検討して(?:い|お)(?:ません|りません)",
    ),
    _rule(
        Intent.SNOOZE,
        "snooze",
        r"(?:来年度?|来期|来春|年明け|年度(?:明け|末|が明け|初め)|連休明け|お盆明け|"
        r"[0-9一二三四五六七八九十]{1,2}[ 　]?月(?:頃|ごろ|以降|になっ|に入|上旬|中旬|下旬|末)?|"
        r"[0-9一二三四五六半数]{1,2}(?:か月|ヶ月|カ月|ヵ月|箇月|週間|年)(?:後|ほど|くらい|程度)|半年|落ち着|"
        r"しばらく(?:して|経)|後日|その(?:後|頃|時期)|時期(?:が)?(?:来|になっ))[^。]{0,30}(?:に|から|たら|"
        r"以降|頃|ごろ|後|で|、|また|改め|再度|もう一度)[^。]{0,24}(?:ご?連絡(?:を|いただ|くださ|下さ|頂|"
        r"し(?:て|直)|お願)|ご?案内(?:を|いただ|くださ|下さ|頂)|お声(?:が|掛|か)|お願い|ご相談(?:くださ|"
        r"いただ)|お話(?:を)?(?:伺|聞)|送って|お送り)|(?:しばらく|当面|一旦|いったん|"
        r"当分)[^。]{0,16}(?:(?:配信|連絡|案内|メール|送信)[^。]{0,8}お休み|(?:配信|連絡|案内|メール|"
        r"送信)?[^。]{0,8}(?:控え|止め|見合わせ|休止|停止|遠慮))[^。]{0,10}(?:くださ|下さ|いただ|頂|お願い|"
        r"願)|(?:contact|write|e-?mail|call|reach out|get in touch|follow up|check back|"
        r"ask)[^.]{0,40}(?:again )?(?:in|after|next|later)[^.]{0,12}(?:month|year|week|quarter|january|"
        r"february|march|april|may|june|july|august|september|october|november|december)|"
        r"not (?:right )?now, but later",
        r"(?:ご?都合|日程|お打ち?合わせ|面談|訪問|デモ|いかが|[0-9]時|[:：][0-9]{2})",
    ),
    # --- yes ----------------------------------------------------------------------------------------------
    _rule(
        Intent.PARTIAL_AGREEMENT,
        "partly",
        r"(?:概ね|おおむね|大筋|大体|だいたい|ほぼ|基本的に(?:は)?)[^。]{0,24}(?:とおり|通り|問題|合意|同意|"
        r"賛成|結構|異存|相違|OK|了解|良い|よい|合って|正し|間違い)[^。]{0,14}(?:が|けれど|ですが|ただ|"
        r"もの(?:の)?|しかし|、)|(?:とおり|通り|問題(?:あり|ござい)ません|賛成|同意|結構)(?:です|でござい|"
        r"ます)?(?:が|けれど(?:も)?|けど)、|一部(?:を除|のみ|修正|だけ)[^。]{0,16}(?:とおり|通り|問題|合意|"
        r"同意|賛成|結構|お願い|くださ)|(?:点|部分|件|項)(?:を除|以外)[^。]{0,16}(?:とおり|通り|問題|合意|"
        r"同意|賛成|結構|異存)|(?:mostly|partly|partially|largely|almost) (?:agree|correct|right|fine|ok)|"
        r"agree[^.]{0,30}\b(?:but|except|however)\b|(?:correct|right|fine|ok(?:ay)?),? (?:but|except|"
        r"however)",
    ),
    _rule(
        Intent.AGREEMENT,
        "agreed",
        r"\A(?:はい|ええ|Yes|イエス)(?:です)?[、。,.!！]*\Z|"
        r"(?:その|この|上記の|ご(?:認識|理解|記載|指摘|説明|提示)の|仰(?:る|せの)|おっしゃ(?:る|られる)|"
        r"記載(?:いただいた)?の|お(?:見込み|書き)の)(?:とおり|通り)|(?:とおり|通り)(?:です|で(?:す|ござ|"
        r"間違|問題|相違|合|良|結構))|相違(?:は|も|など)?(?:あり|ござい)ません|相違(?:な(?:い|く)|無(?:い|"
        r"く))|(?:間違い|誤り)(?:は|も)?(?:あり|ござい)ません|間違い(?:な(?:い|く)|ございません)|問題(?:は|"
        r"も|など)?(?:特に)?(?:あり|ござい)ません|問題(?:な(?:い|く)|無(?:い|く))(?:です|と|かと|存じ|思|。|"
        r"、|\Z)|異(?:存|議|論)(?:は|も)?(?:あり|ござい)ません|異(?:存|議|論)な|(?:賛成|同意|合意|了承|承認|"
        r"承諾|了解|承知|同意見)(?:です|いた|致|し(?:ます|まし|ており)|させ|でした|でき|を得)|(?:進め|"
        r"お進め)(?:て(?:くださ|下さ|いただ|頂|もら|いって)|願|いただ|てお願い)|\AOK(?:です|。|\Z|でし|"
        r"いた)|(?:内容|日程|それ|これ|上記|以上)で(?:お願い|よろし|宜し|OK|良い|よい|問題)|合って(?:い|"
        r"お)(?:ます|ります)|正しい(?:です|と)|賛同|\b(?:agree(?:d)?|that(?:'s| is) (?:right|correct|fine)|"
        r"confirmed|i confirm|we confirm|looks good|sounds good|no objections?|go ahead|correct\b|approved|"
        r"works for (?:me|us)|\Aok(?:ay)?\b)",
        r"(?:誤り|間違い|相違|問題|異存|異論)(?:が|は)(?:あり|ござい)ます|not (?:agree|correct|right|"
        r"confirmed|approved)|disagree|don'?t agree|(?:とおり|通り)(?:では|じゃ)(?:あり|な)|でしょうか|"
        r"ですか|ますか|(?:賛成|同意|合意|了承|承認|納得)(?:でき(?:ま|か|な)|しかね|いたしかね|して(?:い|"
        r"お)(?:ません|りません))|よろしいでしょう|通常(?:どおり|通り)|従来(?:どおり|通り)|予定(?:どおり|"
        r"通り)|下記の(?:とおり|通り)|以下の(?:とおり|通り)|次の(?:とおり|通り)|退職|異動|見送|incorrect",
    ),
    # --- wishes -------------------------------------------------------------------------------------------
    _rule(
        Intent.REQUEST_MATERIAL,
        "material",
        r"(?:資料|カタログ|パンフレット|見積(?:書|り|もり)?|仕様書?|価格表?|料金表?|事例集?|提案書|論文|"
        r"文献|エビデンス|データ|チェックリスト|リーフレット|動画|図面|詳細(?:情報)?|案内状?|サンプル|"
        r"リスト)(?:等|など|類)?(?:を|の|が|も|について|一式|だけ)?[^。]{0,24}(?:送(?:って|付|信|っていただ|"
        r"り(?:くださ|いただ))|お送り|いただけ|頂け|いただき(?:たい|たく|ます)|頂き(?:たい|たく)|ください|"
        r"下さい|欲し|ほし|希望|共有|拝見|見せ|提供|請求|もらえ|お願い|ありませんか|ございますか|あれば)|"
        r"(?:please |could you |can you |would you )[^.]{0,16}(?:send|share|provide|"
        r"forward)[^.]{0,40}(?:material|brochure|document|catalog|quote|quotation|information|details|paper|"
        r"pdf|price|slides|data)|(?:send|share) (?:me|us) (?:more|the|some|your|a)",
        r"(?:送らな|不要|結構です|控え|停止|止め|削除|外し|拝受|受け取り|拝見(?:しま|いた)|ありがとう|"
        r"頂きました|いただきました|要りません|いりません)|共有(?:いた|し)(?:しま|まし|ており)",
    ),
    _rule(
        Intent.APPOINTMENT,
        "appointment",
        r"ご?(?:来院|来訪|足労|訪問|来室)(?:を)?(?:いただ|くださ|下さ|願|お願い|頂)|"
        r"(?:時間|お時間|都合|予定|日程|スケジュール)[^。]{0,14}(?:取れ|とれ|つき(?:ます|そう)|つけ|空(?:い|"
        r"き|け)|あい(?:て|てい)|作れ|確保|よろし|宜し|良い|よい|調整|合わせ|合い|いかが|結構|大丈夫|あけ|"
        r"教え|伺|お願い)|(?:空い|あい)て(?:い|お)(?:ます|ります)|(?:[0-9]{1,2}(?:時|:[0-9]{2})|午前|午後|"
        r"[月火水木金土日]曜(?:日)?|[0-9]{1,2}日|[0-9]{1,2}/[0-9]{1,2}|来週|再来週|翌週|今週|明日|明後日|"
        r"その日|当日|昼休み|夕方|外来(?:後|終了))[^。]{0,30}(?:いかが|可能|でしたら|であれば|"
        r"なら(?:ば)?[、,]?|でお願い|にお願い|結構です|大丈夫です|伺(?:い|え)|お越し|来(?:て|院|訪)|お待ち|"
        r"空|都合|希望|どう(?:で|で)|面談|面会|打ち?合わせ|お会い|会え|訪問|よろし|宜し)|(?:デモ|"
        r"説明(?:会)?|面談|面会|打(?:ち)?合わ?せ|訪問|見学|プレゼン|ミーティング|お?電話|WEB会議|オンライン|"
        r"Zoom|Teams)[^。]{0,20}(?:お願い(?:し|でき|いた)|して(?:いただ|頂|くださ|もら|ほし|欲し)|"
        r"いただ(?:け|き|く)|頂(?:け|き)|可能(?:です|でしょう)|希望|設定|調整|来て|お越し|受け(?:ます|たい|"
        r"てみ)|聞(?:き|か)(?:たい|せて)|伺(?:い(?:たい|ます)|え)|予定|参加|実施)|(?:一度|是非|ぜひ|改めて|"
        r"直接)[^。]{0,12}(?:お会い|お話|ご?説明|お目にかか|お越し|来院|ご来訪)|(?:展示|ブース|会場|"
        r"セミナー|説明会|ウェビナー|勉強会)[^。]{0,14}(?:伺(?:い|え)|参加(?:し|いた|させ|希望)|出席|"
        r"行(?:き|く)|立ち寄|お邪魔|申し?込)|お待ち(?:して|申し上げ)[^。]{0,6}(?:おります|ます)|(?:let'?s|"
        r"can we|could we|shall we|happy to|would like to|available to) (?:meet|talk|schedule|set up|"
        r"discuss|have a call|see)|(?:i am|i'm|we are|we're) (?:available|free)|(?:schedule|arrange|set up|"
        r"book) (?:a|an|the) (?:call|meeting|appointment|demo|visit)|how about (?:next|on|mon|tue|wed|thu|"
        r"fri|\d)|works? (?:for|best)[^.]{0,20}(?:mon|tue|wed|thu|fri|\d)",
        r"不在|休(?:暇|み)|お休み|返信(?:が|は)遅|確認(?:が|は|の)?(?:でき|遅)|ご?連絡をお待ち|配信|検討|"
        r"退職|異動|お受け(?:して|でき)|難し|でき(?:ま|か)(?:せん|ね)|見送|時間を(?:くださ|下さ)|(?:案内|"
        r"返信|返事|連絡|回答|資料)[^。]{0,4}をお待ち|都合(?:が|は)(?:悪|つか|付か|つきま|合いま)",
    ),
    _rule(
        Intent.QUESTION,
        "question",
        r"[?？]|(?:でしょう|です|ます|ました|ません|ない(?:の)?(?:でしょう|です)|のでしょう|"
        r"ございましょう)か(?:[。、\s]|\Z|ね)|(?:教えて|お聞かせ|お知らせ|ご教示|ご教授|"
        r"お教え)[^。]{0,6}(?:くださ|下さ|いただ|頂|願|ほし|欲し)|(?:知りたい|伺いたい|お聞きしたい|お尋ね|"
        r"確認(?:し|させていただき)たい|質問(?:が|で|です|させ))|\b(?:what|how|when|where|which|who|why|"
        r"does|do|is|are|can|could|would) [^.]{2,100}\?",
        r"(?:ご?都合|いかがでしょう|お元気|お変わり)",
    ),
)
"""In order of weight; see ``_of_sentence`` for which of them put out which."""

STRONG_NO: Final = frozenset({Intent.UNSUBSCRIBE, Intent.UNSUBSCRIBE_TOPIC, Intent.LESS_OFTEN})
NOT_A_QUESTION: Final = frozenset(
    {Intent.SNOOZE, Intent.REQUEST_MATERIAL, Intent.APPOINTMENT, Intent.COMPLAINT, Intent.DEPUTY_NAMED, *STRONG_NO}
)


def intents(text: str) -> tuple[Found, ...]:
    """What the new text of a mail says, each intent once, in the order in which it is said."""
    said = sentences(text)
    found: dict[Intent, Found] = {}
    for sentence in said:
        for one in _of_sentence(sentence):
            found.setdefault(one.intent, one)
    _among(found)
    return tuple(found.values())


def _of_sentence(sentence: str) -> Iterator[Found]:
    words = sentence[:MAX_WORDS]
    hits: dict[Intent, str] = {}
    for rule in RULES:
        if rule.intent in hits or not rule.pattern.search(sentence):
            continue
        if rule.unless is not None and rule.unless.search(sentence):
            continue
        hits[rule.intent] = rule.name
    for intent, name in _hanging(sentence, hits):
        hits.setdefault(intent, name)
    if hits.keys() & STRONG_NO:
        for weaker in (
            Intent.AGREEMENT,
            Intent.APPOINTMENT,
            Intent.REQUEST_MATERIAL,
            Intent.REFERRAL,
            Intent.DISAGREEMENT,
        ):
            hits.pop(weaker, None)
        if Intent.LESS_OFTEN in hits or Intent.UNSUBSCRIBE_TOPIC in hits:
            hits.pop(Intent.REFUSAL, None)
        if not HANDED_OVER.search(sentence):
            hits.pop(Intent.SUCCESSOR_NAMED, None)
    if Intent.LESS_OFTEN in hits or (Intent.UNSUBSCRIBE_TOPIC in hits and not ALL_OF_IT.search(sentence)):
        hits.pop(Intent.UNSUBSCRIBE, None)
    if Intent.SNOOZE in hits:
        hits.pop(Intent.UNSUBSCRIBE, None) if FOR_A_WHILE.search(sentence) else None
        hits.pop(Intent.APPOINTMENT, None)
    if Intent.PARTIAL_AGREEMENT in hits or hits.keys() & {Intent.REFUSAL, Intent.DISAGREEMENT}:
        hits.pop(Intent.AGREEMENT, None)
    if Intent.PARTIAL_AGREEMENT in hits:
        hits.pop(Intent.DISAGREEMENT, None)
    if hits.keys() & {Intent.REFUSAL, Intent.COMPLAINT}:
        hits.pop(Intent.APPOINTMENT, None)
    if hits.keys() & {Intent.SUCCESSOR_NAMED, Intent.DEPUTY_NAMED}:
        hits.pop(Intent.REFERRAL, None)
    if hits.keys() & NOT_A_QUESTION:
        hits.pop(Intent.QUESTION, None)
    for intent, name in hits.items():
        yield Found(intent, name, words)


HANDED_OVER: Final = re.compile(r"後任|引き?継|担当(?:者)?が|交代")
ALL_OF_IT: Final = re.compile(r"今後一切|すべて|全て|一切")
FOR_A_WHILE: Final = re.compile(r"しばらく|当面|一旦|いったん|当分|一時")

# --- words that hang on what stands before them -------------------------------------------------------------

KEKKO: Final = re.compile(r"結構(?:です|でございます|でござい|かと)")
NOT_DOING: Final = re.compile(r"(?:なく(?:て(?:も)?|とも)?|ない(?:で|方(?:が|向)))[^。]{0,6}結構")
ABOUT_REPLY: Final = re.compile(_NOT_ABOUT_MAIL)
ENOUGH: Final = re.compile(r"もう結構|(?:は|も)[、,]?(?:もう)?結構(?:です|でござい)")
ALONE: Final = re.compile(
    r"\A(?:いえ|いいえ|いや|すみません|申し訳(?:ござい|あり)ませんが|せっかくですが|今回は|今は|現在は|"
    r"当院は|当院では|うちは|うちでは|当方は|当方では|弊院は|私は|こちらは|もう|、|,|\s)*結構(?:です|"
    r"でございます)[。.!！]*\Z"
)
ACCEPTS: Final = re.compile(
    r"(?:で|のとおり|の通り|どおり|通りで|にて|でも|であれば|なら|ならば|からで|までで|"
    r"ので)(?:も)?[、,]?(?:全く|まったく|それで)?結構(?:です|でござい)"
)
MAILS: Final = re.compile(rf"{_MAIL}")
FINE: Final = re.compile(r"(?:大丈夫|だいじょうぶ)(?:です|でござい|だと|かと|、|。|\Z)")
FINE_WITH: Final = re.compile(
    r"\Aはい|(?:で(?:も)?|時間|内容|日程|日時|それ|なら|であれば|から|まで|以降|午前|午後|曜日?)[、,]?(?:は|なら|"
    r"で)?(?:問題なく|大体|全く)?(?:大丈夫|だいじょうぶ)"
)
ASKED: Final = re.compile(r"(?:大丈夫|だいじょうぶ)(?:です|でしょう)か")
UNNEEDED: Final = re.compile(
    r"(?:不要|必要ありません|必要ございません|いりません|要りません)(?:です|でござい|。|\Z|ので|と)"
)
UNNEEDED_ALONE: Final = re.compile(
    r"\A(?:今回は|当院は|当院では|うちは|もう|特に|、|\s)*(?:不要|必要ありません|必要ございません|"
    r"いりません|要りません)(?:です|でございます)?[。.!！]*\Z"
)


def _hanging(sentence: str, hits: dict[Intent, str]) -> Iterator[tuple[Intent, str]]:
    """What 結構です, 大丈夫です and 不要です mean in this sentence."""
    if KEKKO.search(sentence):
        yield from _kekko(sentence, hits)
    if FINE.search(sentence) and not hits.keys() & {
        Intent.UNSUBSCRIBE,
        Intent.LESS_OFTEN,
        Intent.UNSUBSCRIBE_TOPIC,
    }:
        if ASKED.search(sentence):
            return
        if FINE_WITH.search(sentence):
            yield Intent.AGREEMENT, "fine_with"
        else:
            yield Intent.AMBIGUOUS, "fine_alone"
    if UNNEEDED.search(sentence) and not hits and not ABOUT_REPLY.search(sentence):
        yield Intent.REFUSAL, "unneeded"
        if UNNEEDED_ALONE.match(sentence):
            yield Intent.AMBIGUOUS, "unneeded_alone"


def _kekko(sentence: str, hits: dict[Intent, str]) -> Iterator[tuple[Intent, str]]:
    if hits.keys() & STRONG_NO or ABOUT_REPLY.search(sentence):
        return
    if NOT_DOING.search(sentence):
        yield (
            Intent.UNSUBSCRIBE if MAILS.search(sentence) or "送" in sentence else Intent.REFUSAL,
            "kekko_need_not",
        )
        if not MAILS.search(sentence) and "送" not in sentence:
            yield Intent.AMBIGUOUS, "kekko_need_not"
    elif ALONE.match(sentence):
        yield Intent.REFUSAL, "kekko_alone"
        if "もう" in sentence:
            yield Intent.AMBIGUOUS, "kekko_enough"
    elif ACCEPTS.search(sentence):
        yield Intent.AGREEMENT, "kekko_accepts"
    elif ENOUGH.search(sentence):
        yield Intent.UNSUBSCRIBE if MAILS.search(sentence) else Intent.REFUSAL, "kekko_enough"
    else:
        yield Intent.AMBIGUOUS, "kekko"


def _among(found: dict[Intent, Found]) -> None:
    """What only the whole mail shows."""
    no = found.get(Intent.REFUSAL)
    yes = found.get(Intent.AGREEMENT)
    if no and yes and Intent.AMBIGUOUS not in found:
        found[Intent.AMBIGUOUS] = Found(
            Intent.AMBIGUOUS, "yes_and_no", f"{yes.words} / {no.words}"[: 2 * MAX_WORDS]
        )
    if Intent.DISAGREEMENT in found and Intent.AGREEMENT in found:
        found[Intent.PARTIAL_AGREEMENT] = Found(
            Intent.PARTIAL_AGREEMENT, "agreed_and_not", found[Intent.DISAGREEMENT].words
        )
        del found[Intent.AGREEMENT], found[Intent.DISAGREEMENT]
    if Intent.PARTIAL_AGREEMENT in found:
        found.pop(Intent.AGREEMENT, None)
