"""The rules of those who leave: who wants no more mail, and who is somebody else now.

A rule names what it sees, what must stand in the sentence and what must not; ``intents`` weighs them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from nurture.core.reading import Intent


@dataclass(frozen=True, slots=True)
class Rule:
    """An intent, the rule's name, what a sentence must have and what it must not have."""

    intent: Intent
    name: str
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None = None


def rule(intent: Intent, name: str, pattern: str, unless: str | None = None) -> Rule:
    """A rule out of its patterns; case counts for nothing."""
    return Rule(
        intent,
        name,
        re.compile(pattern, re.IGNORECASE),
        re.compile(unless, re.IGNORECASE) if unless else None,
    )


# What mail is called, what is done to it, and how one asks for it to stop.
MAIL: Final = (
    r"(?:配信|メルマガ|メール(?:マガジン)?|ニュースレター|ご?案内|ご?連絡|お?知らせ|DM|広告|営業|宣伝|"
    r"ご?送付|送信|お便り|勧誘|情報(?:提供)?)"
)
WISH: Final = (
    r"(?:ください|下さい|頂け|いただけ|いただき|頂き|願い|願え|欲し|ほし|もらえ|お願い|たい|希望|ませんか|"
    r"ように|こと)"
)
OUR_FOOTER: Final = (
    r"(?:を?(?:ご)?(?:希望|不要)(?:の|な|される)?(?:方|場合|際)|(?:される|いただく)(?:方|場合)|"
    r"場合は、?(?:お手数|こちら|下記|本メール|この|以下|返信)|(?:方|場合)は[^。]{0,20}(?:ご返信|ご連絡|"
    r"クリック|URL|まで))"
)
NOT_ABOUT_MAIL: Final = (
    r"ご?返信(?:は|には|も|の必要|不要|いただ|を?いただか)|ご?返事(?:は|には)|お気遣い|お礼|お返事|ご足労|ご心配"
)

LEAVING: Final[tuple[Rule, ...]] = (
    # --- opt-out ------------------------------------------------------------------------------------------
    rule(
        Intent.UNSUBSCRIBE,
        "stop_mail",
        rf"{MAIL}[^。]{{0,20}}(?:を|は|の)?[^。]{{0,8}}(?:停止|中止|解除|止め|やめ|辞め|ストップ|終了|控え|"
        rf"遠慮|取り?やめ|とりやめ|拒否)[^。]{{0,12}}(?:{WISH}|です|ます|する|した|。|\Z)",
        rf"{OUR_FOOTER}|しばらく|当面|一時|までの間|いったん|一旦|控えめ|(?:停止|解除|不要|削除)(?:では|"
        rf"じゃ)(?:あり|な)|お手数を(?:お|)?(?:かけ|掛け)(?:しま|いた)",
    ),
    rule(
        Intent.UNSUBSCRIBE,
        "stop_word",
        r"\A(?:至急|すぐに?|直ちに|今すぐ|早急に)?(?:配信を|メールを)?(?:停止|ストップ|中止)(?:を)?(?:し(?:て|)(?:くださ|下さ|"
        r"いただ|頂|欲し|ほし)|願い|お願い)|\A(?:配信停止|配信解除|配信不要|配信拒否|停止|解除|退会|メール不要|受信拒否|登録解除|購読解除|"
        r"購読停止|配信停止希望|解除希望|停止希望)(?:希望|依頼|お願い|で|を|申請|手続き?|の件)?(?:いた|致|"
        r"し)?(?:します|お願いします|お願い(?:いた|致)します)?[。.!！]*\Z",
    ),
    rule(
        Intent.UNSUBSCRIBE,
        "not_needed",
        rf"(?:今後|以後|これ以上|以降|もう|今後一切|一切)[^。]{{0,15}}{MAIL}[^。]{{0,12}}(?:不要|"
        rf"必要(?:は)?(?:ありま|ござ|な)|いりません|要りません|無用|お断り|結構|ご遠慮|遠慮|なさらない|"
        rf"しない(?:で|よう))|{MAIL}(?:自体)?(?:は|も|の送付は|等は|などは)[^。]{{0,10}}(?:不要|"
        rf"必要(?:は)?(?:ありま|ござ|な)|いりません|要りません|無用|お断り)",
        r"^(?![^。]*(?:今後|以後|一切|もう|これ以上))[^。]*(?:資料|見積書?|書類|カタログ|請求書|契約書|サンプル|現物|原本|"
        r"リマインド|事前|当日|電話)(?:の|での)?ご?(?:送付|送信|連絡|案内)|"
        rf"{OUR_FOOTER}|{NOT_ABOUT_MAIL}|(?:ご連絡|連絡)(?:は|の)(?:必要|不要)[^。]{{0,6}}(?:場合|"
        rf"でしたら)|折り返し|(?:電話|郵送|訪問|FAX|対面)(?:で|に|は|の)[^。]{{0,8}}(?:連絡|案内|不要)",
    ),
    rule(
        Intent.UNSUBSCRIBE,
        "do_not_send",
        r"(?:送(?:ら|信し|付し|って(?:こ|来))ない(?:で|よう)|送(?:ら|信し|付し)ないで|送らない(?:よう|こと)|"
        r"送ってこないで|送付(?:は|を)?(?:しないで|お控え|ご遠慮)|送信しないで|連絡(?:を|は)?(?:して(?:こ|"
        r"来)ない|しない|なさらない)(?:で|よう)|お?送り(?:に)?なら?ない(?:で|よう)|送りつけ)",
        r"添付|パスワード|zip",
    ),
    rule(
        Intent.UNSUBSCRIBE,
        "off_the_list",
        r"(?:リスト|名簿|宛先|配信先|配信対象|送[信付]対象|登録|送信先|送付先|アドレス|データベース|"
        r"メーリング)[^。]{0,12}(?:から)?[^。]{0,8}(?:削除|抹消|外し|はずし|除外|解除|消し|除い|取り?消し|"
        r"取り除)[^。]{0,12}(?:" + WISH + r"|です|ます|。|\Z)",
        rf"{OUR_FOOTER}|(?:参加者|出席者|対象者|患者|メンバー|機器|品目|候補|資産)(?:の)?(?:リスト|名簿)|"
        r"(?:電子カルテ|システム|装置|機器|患者|製品|ユーザー|アカウント)の?登録",
    ),
    rule(
        Intent.UNSUBSCRIBE,
        "wish_to_leave",
        r"(?:受信|配信|購読|メール|ご?案内)(?:を|は)(?:今後)?希望(?:し|いたし|致し)(?:て(?:い|お)り?)?ません|"
        r"登録(?:を)?し(?:た|て)覚え(?:は|が)(?:あり|ござい)ません|"
        r"(?<!登録を)(?:解除|退会|脱退|購読(?:を)?(?:停止|中止|やめ)|配信(?:を)?(?:停止|拒否))[^。]{0,6}(?:したい|希望|"
        r"する方法|方法|手続|お願い|願い|してくだ|して下|していただ|して頂|できま|はどこ|するには)",
        OUR_FOOTER,
    ),
    rule(
        Intent.UNSUBSCRIBE,
        "should_not_have_to",
        r"(?:お?送り(?:いただ|頂|下さ|くださ)|ご?(?:送付|案内|連絡|配信)(?:を|は)?(?:いただ|頂|下さ|"
        r"くださ))(?:か|ら)?(?:なく(?:て(?:も)?|とも)?|ない(?:で|よう)|必要(?:は)?(?:あり|"
        r"ござ))[^。]{0,8}(?:結構|構いま|かまいま|大丈夫|いい|良い|よい|問題|ませ|お願い)",
        NOT_ABOUT_MAIL,
    ),
    rule(
        Intent.UNSUBSCRIBE,
        "english_unsubscribe",
        r"\b(?:no longer|not|n'?t) (?:wish|want|like|care) to (?:receive|get|be contacted|hear from)|"
        r"\b(?:unsubscribe|opt[ -]?out)\b|\b(?:remove|delete|take) (?:me|us|my|this|our)\b[^.]{0,40}(?:list|"
        r"mailing|address|database|e-?mail)|\bstop (?:sending|e-?mailing|contacting|all)|\b(?:do not|don'?t|"
        r"please (?:do not|don'?t)|never) (?:send|e-?mail|contact|write)(?: (?:me|us|to me|any))|"
        r"\bno (?:more|further) (?:e-?mails?|messages|mails?|contact)|\bremove me\b",
        r"to unsubscribe[, ]|unsubscribe (?:here|link|at any time|from this list, )|"
        r"if you (?:no longer )?(?:wish|want|would like)[^.]{0,40}(?:unsubscribe|opt)|"
        r"click (?:here )?to unsubscribe|(?:not|n'?t|no need) (?:want|wish|need|like)? ?to (?:unsubscribe|"
        r"opt)|keep me on",
    ),
    rule(Intent.UNSUBSCRIBE, "english_stop", r"\A(?:stop|remove|cancel)[.!]*\Z"),
    rule(
        Intent.UNSUBSCRIBE_TOPIC,
        "topic",
        r"(?:セミナー|学会|ウェビナー|webinar|コラム|展示会|キャンペーン|新製品|製品(?:情報)?|事例|"
        r"アンケート|イベント|研修|勉強会|価格|見積|(?!メール|メルマガ|ニュースレター|マガジン)(?<![ァ-ヶー])[ァ-ヶー]{3,12})(?:関連)?(?:の|に関する|"
        r"についての)(?:ご)?(?:案内|情報|お?知らせ|メール|配信|連絡|資料)(?:は|だけは?|については|"
        r"のみ)[^。]{0,12}(?:不要|結構|要りません|いりません|必要(?:あり|ござ|な)|停止|止め|やめ|控え|遠慮)",
        r"(?:以後|今後一切|すべて|全て)",
    ),
    rule(
        Intent.UNSUBSCRIBE_TOPIC,
        "only_this",
        r"(?:案内|情報|メール|配信|連絡|セミナー|資料|お?知らせ|事例|コラム|製品|論文)(?:だけ|のみ)(?:で(?:結構|お願い|十分|いい|"
        r"良い)|(?:を)?(?:希望|お願い|送って|ください|いただけ|配信))|\bonly (?:send|interested in|want)\b",
    ),
    rule(
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
    rule(
        Intent.MOVED,
        "moved",
        r"アドレス(?:が|を|は)[^。]{0,12}(?:変わ|変更|使えなく|使用できなく|廃止)|新しい(?:メール)?アドレスは|"
        r"異動(?:いた|致|し|と|に(?:な|より|伴)|のため|になり|となり)|(?:病院|施設|会社|職場|部署|部門|大学|医院)(?:に|へ)移(?:り|っ|る)|転(?:任|勤|属|籍|出|職)(?:いた|致|し|"
        r"と|に(?:な|より)|のため|することと)|配置(?:換え|替え|転換)|出向(?:し|いた|中|と|に|のため|して)|"
        r"(?<!が)(?:着任|赴任)(?:いた|し|する|予定)|部署(?:が|を)(?:変わ|移|異動)|移籍|(?:勤務先|所属)(?:が|"
        r"を)[^。]{0,10}(?:変わ|変更|移)|担当(?:を|が)(?:外れ|離れ|変わ|交代|変更)|(?:moved|transferred|"
        r"relocated) to (?:a|an|the|another|new|[A-Z])|have (?:a )?(?:new (?:position|role|job|post))|"
        r"changed (?:jobs|positions|departments)",
        r"異動(?:の)?(?:時期|シーズン)|異動(?:は|が)(?:な|あり(?:ま|そ)せん|ございません)|前任",
    ),
    rule(
        Intent.LEFT,
        "left",
        r"退職|退任(?:し|いた|致|と|の)|退局|離職|辞め(?:まし|ており|た(?:ため|ので|者))|(?:もう|既に|"
        r"すでに)(?:おりません|在籍|いません)|在籍(?:して)?(?:おりません|いません|しておらず)|定年|(?:当院|"
        r"弊社|病院|会社|大学)(?:を|は)(?:退職|辞|離れ|去)|\b(?:has|have|had)? ?(?:left|leaving) (?:the|our|"
        r"this) (?:company|hospital|organi[sz]ation|university|department|clinic)|no longer (?:works?|with|"
        r"employed|at)|\bretired\b|閉院|廃院",
        r"退職(?:金|給付)|退職者向け",
    ),
    rule(
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
    rule(
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
    rule(
        Intent.REFERRAL,
        "referral",
        r"(?:お問い?合わせ|ご?連絡|ご用件|ご用の|ご質問|ご相談)(?:先)?(?:は|につきましては|の際は)[^。]{1,60}(?:まで|へ|宛)(?:に)?"
        r"[^。]{0,16}(?:お願い|くださ|下さ|願い)|[課科部室係者院署]が(?:窓口|担当)(?:です|して|となり|になり|で、|でござ)|"
        r"(?:担当(?:部署|部門|課|科|者)?|窓口|管轄)(?:は|が)[^。]{1,30}(?:です|になります|となります|"
        r"ですので|でございます|なので|宛)|(?:担当|関係)(?:の)?(?:部署|者|課|科|部門)(?:に|"
        r"へ)[^。]{0,10}(?:転送|回|伝|共有|問い|ご連絡|相談|お問)|(?:転送|回送|共有|回覧)(?:して|し(?:まし|"
        r"ており)|いた(?:しま|しました))|(?:ご)?紹介(?:いた|し(?:ます|たい|ました)|させて|でき)|"
        r"(?:の)?(?:方|課|部|科|係|室|先生|さん|様)(?:に|へ|宛に|まで)(?:直接|一度)?(?:ご連絡|お問い?合わせ|"
        r"お尋ね|ご相談|ご確認)(?:を)?(?:くださ|下さ|いただ|頂|お願い|願)|forward(?:ed|ing)? (?:this|your|"
        r"it) (?:e-?mail |message |mail )?to|right person|person in charge|you should (?:contact|talk to|"
        r"speak)",
        r"急ぎ|緊急|至急|不在|後任|[部科課院局]内[でに]|引き?継|ご紹介(?:いただ|ください|くださ|ありがと|の)|貴社|御社|当社|折り返し",
    ),
)
