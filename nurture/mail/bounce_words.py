"""How a delivery report in free text is known: who writes it, its subject, its words, where the copy begins."""

from __future__ import annotations

import re
from typing import Final

DAEMON: Final = re.compile(
    r"^(?:mailer[-_.]?daemon|mail[-_.]?daemon|daemon|mdaemon|mmdf|post[-_.]?master|mail[-_.]?(?:deliver\w*|"
    r"admin\w*|system|error)|mailer|"
    r"bounces?|return(?:ed)?[-_.]?mail|delivery|undeliverable|microsoftexchange[0-9a-f]*|"
    r"no-?reply-?(?:bounce|delivery)\w*|mfilter|mailadm)(?:[-+_.=\\]|$)",
    re.IGNORECASE,
)
DAEMON_NAME: Final = re.compile(
    r"mailer-?daemon|mail deliver\w* (?:sub)?system|delivery (?:sub)?system|mail administrator|"
    r"mail delivery|postmaster|"
    r"system administrator|internet mail delivery|mail ?system|bounce|配信(?:システム|エラー)|"
    r"メール(?:サーバ|システム|配信|配送|管理|ゲートウェイ|フィルタ)",
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
    r"unzustellbar|konnte nicht zugestellt|mail delivery warning|"
    r"unable to deliver|problem delivering|undelivered|not delivered|nondelivery|"
    r"message (?:status|blocked|not sent)|permanent error|"
    r"エラー通知|エラーメール|メールエラー|配信不能|配信エラー|配信(?:が|に|は)?(?:でき|失敗|遅延)|"
    r"受信(?:を|が)?拒否|拒否(?:され|しま|通知|のお知らせ)|配送(?:不能|エラー|失敗|でき)|送信エラー|送信(?:が|に|は)?(?:失敗|でき)|未達|不達|配達(?:不能|でき|"
    r"されま|エラー)|メール(?:は|が|を)?(?:届|返|戻|お届け)|リターンメール|エラーメール|宛先不明|返信不能|"
    r"недоставлен|не доставлено|non remis|non distribu|rejet|no se ha podido entregar|mancata consegna|退信"
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
    r"(?:配信|受信|配送|お届け)(?:を|が|は)?拒否|postponed|unable to process|(?:mail|message) has been returned|"
    r"encountered an error|"
    r"(?:配信|配送|送信|配達|お届け)[^。\n]{0,24}(?:でき(?:ま|な)|失敗|不能|されま|エラー|保留|遅延)|"
    r"届(?:ける|け)[^。\n]{0,16}(?:でき|ませ)|エラーのため|宛先(?:が|に)[^。\n]{0,20}(?:見つか|不明|存在)|"
    r"メールアドレス(?:が|は)?[^。\n]{0,20}(?:見つか|存在)|"
    r"не может быть доставлен|konnte nicht|n'a pas pu|no (?:se )?(?:ha )?pudo|impossibile|无法(?:发送|投递)|退信"
)
DELAY: Final = re.compile(
    r"will retry|delivery incomplete|temporary problem|(?:will|continue|keep|still|be|"
    r"is) (?:be )?(?:continu\w+ )?(?:to )?(?:re)?try(?:ing)?\b|"
    r"has not yet been delivered|delivery (?:is |has been )?delayed|delayed (?:for|delivery|mail|message)|"
    r"message (?:is |has been |was )?delayed|transient|temporary failure report|still (?:being|in the queue|"
    r"undelivered|attempting)|"
    r"(?:do not|don'?t) need to (?:re-?send|take)|no action is required|could not send message for past|"
    r"warning message|delivery delay|postponed|"
    r"retried for|attempts will continue|not been able to deliver[^.]{0,80}yet|再送(?:信)?(?:を(?:続|試|行|繰)|"
    r"し(?:ます|て(?:い|お))|いたし)|遅延|引き続き(?:配送|配信|送信)"
)
GIVEN_UP: Final = re.compile(
    r"permanent|given up|giving up|gave up|will no longer|no longer (?:be )?(?:tried|retr)|"
    r"failed permanently|has failed|unable to deliver[^.]{0,60} after|returned to (?:you|sender)|expired|"
    r"配送を(?:中止|断念)|中止(?:し|いた)"
)
STATED: Final = re.compile(
    r"(?:your|the|this|following|that you sent) ?(?:e-?mail |mail )?(?:message|mail|e-?mail)?\b.{0,200}?"
    r"(?:(?:could|can|was|has|were|did)(?: ?n.t| ?not)(?: be(?:en)?)? (?:deliver|reach|sent)|undeliverable)|"
    r"deliver\w* (?:of|to)[^.]{0,80}(?:recipient|address|user)[^.]{0,60}(?:failed|aborted|postponed|not possible)|"
    r"did not reach the following|message n'a pas p[uû]|konnte nicht zugestellt|"
    r"(?:以下|次|下記|お客様|送信|ご指定|あなた|差出人)[^。]{0,60}(?:宛先|あて先|宛て先|メール|メッセージ|受信者|受取人|アドレス)"
    r"[^。]{0,60}(?:配信|配送|送信|配達|お届け)[^。]{0,14}(?:でき(?:ま|な)|失敗|不能|されま)"
)
"""What only a report says. It counts without a mailer daemon's name too, where no person seems to write."""
BY_A_PERSON: Final = re.compile(
    r"様|先生|お世話|よろしく|です。|regards|\bdear\b|\bhi\b|\bhello\b|thank|cheers|sincerely|unsubscribe|"
    r"please (?:re-?send|advise|let me|send)|could you|配信停止",
    re.IGNORECASE,
)
MACHINE: Final = re.compile(r"(?:mailer|mail)[-_.]?daemon(?:[-+_.=@]|$)", re.IGNORECASE)
"""A name under which nothing but reports is sent."""
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
    r"envelope-to):[^\n]*\n(?:[ \t][^\n]*\n)*){3}",
    re.IGNORECASE | re.MULTILINE,
)
MESSAGE_ID: Final = re.compile(
    r"^[ \t>]*message-id:[ \t]*(?:\n[ \t]+)?(<[^<>\s]{1,900}>)", re.IGNORECASE | re.MULTILINE
)
FIELDS: Final = re.compile(r"^(?:final-recipient|original-recipient):", re.IGNORECASE | re.MULTILINE)
GROUPED: Final = re.compile(
    r"^(?:reporting-mta|final-recipient|original-recipient|action|status|diagnostic-code|remote-mta):", re.I | re.M
)
DELAYED_SUBJECT: Final = re.compile(
    r"\(delay(?:ed)?\)|delayed mail|delivery delayed|warning: (?:could not send|message .{0,60}delayed)|"
    r"遅延(?:のお知らせ|通知)"
)
PROSPECT: Final = re.compile(r"(?:if|when|unless|once|until)\b[^.]{0,80}(?:permanent|fail|expire)[^.]*")
"""What will be said if it fails for good is not said now."""
