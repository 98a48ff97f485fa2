"""Notices of programs whose header says nothing of it: groupware, gateways, copiers, monitors, shops, lists.

Three things are looked at: under what name they write, what form the subject has, and what the text says. One
alone is nothing (a department may be called "system", a person may write お知らせ); two together are a program,
unless the text greets as a letter does. Mail in a thread is not asked: programs that answer are known elsewhere.
"""

from __future__ import annotations

import re
from typing import Final

from nurture.mail.patterns import lower_of

SENDER: Final = re.compile(
    r"(?:^|[-_.])(?:no-?reply|do-?not-?reply|notif(?:y|ications?)|alerts?|quarantine|(?:mail|spam|e?mail)?-?"
    r"(?:gw|gateway|filter)|digest|spam|scan(?:ner)?|fax|mfp|copier|printer|cron|root|m?daemon|post-?master|secure-?mail|voice-?mail|pbx|ups|web-?master|status|cloud|box|drive|nextcloud|nagios|zabbix|monitor(?:ing)?|"
    r"nightly|backup|dmarc|tls-?rpt|majordomo|listserv|list(?:master|-?admin)|mailman|mailing-?list|fml|ml-?admin|"
    r"[\w-]+-(?:admin|request|owner|bounces)|(?:owner|request)-[\w-]+|ctlinnd|anti-?virus|security|desknets?|neo|"
    r"cybozu|garoon|kintone|aipo|rakumo|teams|slack|zoom|webex|chatwork|backlog|redmine|jira|github|gitlab|jenkins|ci|"
    r"calendar|reminder|scheduler?|survey|reserve|reservation|orders?|shop|store|parcel|delivery|billing|invoice|"
    r"receipt|workflow|system|sysadmin|auto|form|mailer|sender|server)(?:[-_.+@\d]|$)",
    re.IGNORECASE,
)
"""Names under which programs write; some are those of departments too."""

FORM: Final = lower_of(
    r"""
    \A\s*[\[【(［（<＜][^\]】)］）>＞]{0,24}(?:通知|お知らせ|自動|アラート|警告|障害|復旧|完了|受付|予約|確認|リマインド|system|alert|warning|
    critical|notice|notification|cybozu|サイボウズ|garoon|ガルーン|kintone|desknet|neo|rakumo|aipo|redmine|jira|
    backlog|github|#\d+)
    (?:通知書?|お知らせ|レポート|サマリー?|リマインダー?)\s*(?:[(（\[【].{0,20})?(?:\d[\d/.:年月日枚通件 -]*)?\s*\Z
    \A(?:通知|リマインダー?|予定の?(?:通知|変更|招待)|お知らせ)[ 　]*[:：]
    (?:受け?付け?|受信|送信|登録|更新|変更|完了|発送|配信|削除|署名|承認|ダウンロード|追加|参加|閲覧|開始|終了|失敗|解除|保留)(?:を|が|に|は)?(?:いた|完了)?(?:し|
    され)(?:まし)?た?(?:\s*\Z|のお知らせ|[。！!])
    (?:が|を|に)(?:届き|受け付け|受信し|登録し|更新し|変更し|発送し|メンションし|参加し|署名し|ダウンロードし|失敗し|あり)(?:まし|さ)
    (?:受付|完了|発送|予約|登録|送信|確認)(?:完了)?(?:のお知らせ|メール|通知)
    ご?(?:注文|予約|請求書|応募|申し?込み)(?:内容|完了|確認|受付|の確認)
    report domain:|dmarc|tls report|\bdigest\b|summary of|\bqueue summary|message from [a-z]{2,}[\w -]*\d|
    scan(?:ned)? (?:data|from|image)
    \[#?[a-z]*-?\d{3,}\]|ticket|case (?:number|#)|has been (?:received|created|updated|closed|shipped)
    \bcron <|logwatch|\b(?:build|job|backup|check|test) (?:failed|succeeded|ok|passed|error)|
    \bdisk (?:usage|space)|is (?:down|up)\b
    (?:警告|エラー|残量|異常|停電)(?:通知)?\s*\Z|\b(?:battery|power|temperature|toner|paper)\b|rejected posting
    statistics|\[(?:resolved|monitoring|investigating|secure|monitor)\]|お預かり|フォーム|有効期限
    majordomo|mailman|listserv|fml|moderator|mailing list|not a member|welcome to the|command status|
    subscription
    bounce action|unsubscribe(?:d)? (?:confirm|notification)|your (?:package|parcel|order|booking|
    subscription|request)|we missed you
    メンバー(?:登録|ではあり)|メーリングリスト|隔離|無害化|迷惑メール(?:レポート|通知|の?一覧)|誤送信|パスワード(?:通知|の(?:お知らせ|ご連絡))|容量
    (?:fax|ｆａｘ|スキャン|留守番電話|着信)[^\n]{0,12}(?:受信|通知|送信|データ|完了)
    """
)
"""Subjects in the form of a notice."""

WORDS: Final = lower_of(
    r"""
    自動(?:送信|配信|的に|返信|生成|通知)|システム(?:から|より|による)|(?:本|この)メール(?:に|へ)(?:は)?(?:ご)?返信(?:しない|いただけ|でき|いただいても|なさら)
    送信専用|(?:下記|以下)の(?:url|リンク|アドレス)(?:から|より|を|に)|リンクをクリック|\Aurl\s*[:：]
    (?:以下|下記)の(?:メール|予定|申請|レコード|内容|ファイル|件|タスク|チケット|ご注文|通り)[^。\n]{0,10}(?:が|で|を)[^。\n]{0,16}(?:まし|さ)
    (?:無害化|隔離|保留|検疫|ウイルス)(?:し|さ|チェック|が)|添付ファイルのパスワード|(?:解除|承認|確認)(?:する|される)(?:場合|には)は?
    (?:ダウンロード|スキャン|fax|ｆａｘ)[^。\n]{0,16}(?:し|さ|を送)|メーリングリスト|メンバー(?:では|登録|から)|登録(?:を)?解除(?:され|しま)
    (?:(?:更新|申請|担当|登録|作成)者|送信元|(?:受付|注文)番号|ホスト|サーバー?|深刻度|日時|件名|お名前)[ 　]*[:：]
    あと\d+(?:分|時間)|明日[^。\n]{0,16}(?:ご予約|予定)|
    (?:ご予約|お申し込み|ご注文|ご利用|お問い?合わせ)(?:を)?(?:いただき|ありがとう)|発送しました|お届け|再配達|荷物
    (?:使用量|容量|ディスク)[^。\n]{0,20}(?:上限|超|近)|ログイン|サービスを停止|メンテナンス|請求書を添付|署名が完了
    do not reply|automatically|auto-?generated|unattended mailbox|this (?:is an? )?(?:automat|system|
    notification)
    残量|用紙|トナー|not authorized|(?:power|hardware|disk) fail|
    urlから|messages (?:received|rejected)|\bincident\b|(?:送信|受付|登録)(?:いた)?しました。?(?:担当|内容|後ほど)
    mailing list|majordomo|mailman|list manager|not a member|moderator|subscri(?:be|ption)
    aggregate report|report attached|within \d+ (?:business )?(?:days|hours)|ticket|your (?:parcel|package|
    order|booking|request)|reschedule
    \d+ (?:messages?|requests?|errors?|warnings?|items?)\b|(?:is|are) (?:at )?\d+ ?%|connection refused|
    assertionerror|traceback
    で返信する|メンション|通知設定|配信設定
    """
)
"""What programs say."""

LETTER: Final = re.compile(
    r"お世話になっ|お世話様|お疲れ(?:様|さま)|拝啓|平素(?:より|は)|(?:突然|初めて)[^。\n]{0,8}(?:失礼|ご連絡|メール)|と申します|"
    r"よろしく(?:お願い|御願い)|宜しく|ご無沙汰|(?:^|\n)[^\n]{1,24}(?:部|科|課|室|長|師|局)?の[^\n。]{1,8}です。|"
    r"\b(?:dear|hi|hello)\b(?!,? (?:i am|this is) (?:the|an?) )|(?:best|kind|warm) regards|sincerely|cheers",
    re.IGNORECASE,
)
"""How letters begin and end."""


ABOUT: Final = re.compile(r"(?:について|の件|に関して|の(?:お願い|ご?相談|ご?依頼))[ 　]*\Z")
"""How people end a subject."""


def is_notice(from_address: str, subject: str, text: str) -> bool:
    """Whether a program tells of something, to nobody in particular, in a mail that answers none."""
    sender = SENDER.search(from_address.partition("@")[0]) is not None
    subject = subject[:300].lower()
    form = FORM.search(subject) is not None
    if not (sender or form) or ABOUT.search(subject):
        return False
    text = text[:2000].lower()
    return ((sender and form) or WORDS.search(text) is not None) and LETTER.search(text) is None
