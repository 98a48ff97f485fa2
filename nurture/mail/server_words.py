"""What servers say, as tables: a reason and the words that give it, one pattern a line.

``FIRST`` is about the mail, its sender or the state of a mailbox; ``address_words`` and ``trouble_words`` follow.
Sources: RFC 3463, RFC 5321, and what servers say.
"""

from __future__ import annotations

import re
from typing import Final

from nurture.mail.patterns import lower_of

USER: Final = (
    r"(?:user|mailbox|account|recipient|addressee|address|mail ?drop|local[ -]?part|e-?mail(?: address| account)?)"
)

Words = tuple[tuple[str, re.Pattern[str]], ...]


def said(reason: str, table: str) -> tuple[str, re.Pattern[str]]:
    """A reason and the pattern of the words, in lower case, that give it; ``{USER}`` stands for ``USER``."""
    return reason, lower_of(table.replace("{USER}", USER))


FIRST: Final[Words] = (
    said(
        "loop",
        r"""
        too many hops
        hop count exceeded
        mail (?:forwarding )?loop
        loops? back to (?:my)?self
        mail for \S+ loops back
        routing loop
        too many received
        (?:message|mail) (?:is )?loop(?:ing|ed)
        """,
    ),
    said(
        "mailer_error",
        r"""
        could ?n.t create
        command output: (?:procmail|maildrop|deliver)
        mail system configuration error
        """,
    ),
    said(
        "no_answer",
        r"""
        not found,? try again
        dns lookup (?:failed|problem)? ?temporar
        """,
    ),
    said(
        "refused",
        r"""
        recipient'?s? preferences
        e-?mail preferences
        receiver filter
        blocked by (?:the )?(?:user|recipient)
        recipient (?:has )?(?:blocked|refused)
        受信拒否|受信を拒否
        not accepting (?:e?-?mail|messages?) from
        refus\w+ to receive (?:this |your )?(?:mail|message|e-?mail)
        (?:message|mail) rejected due to user rules
        only accepting mail from
        account is protected by
        user reject
        着信拒否|受信設定|指定受信
        rejected by (?:the )?recipients?\b(?! domain)
        """,
    ),
    said(
        "message_too_big",
        r"""
        (?:添付|ファイル|メッセージ|本文)(?!ボックス)[^。]{0,12}(?:容量|サイズ)[^。]{0,16}(?:超|大き|上限|オーバ)
        """,
    ),
    said(
        "mailbox_full",
        r"""
        (?:mail ?box|inbox|mail ?folder|account|quota|user|recipient)\S*[^.]{0,40} (?:is |was |
        are )?(?:almost |currently )?(?:full|over ?full)\b
        \bmailbox_?full
        over[ -]?(?:the )?(?:disk )?quota
        over its quota
        overquota
        (?:exceed\w*|above|out of|over|reached)[^.;]{0,60}\b(?:mail)?(?:box)?[ -]?(?:storage )?quota
        quota[^.;]{0,40}\b(?:exceed|violation|full|reached)
        \bexceed\w* (?:the |its |their |his )?(?:mailbox|storage|space|disk) (?:size|space|limit|allocat)
        mailbox (?:size|storage|space)?\s*(?:limit|is) exceeded
        mailbox (?:has )?exceed
        not enough (?:storage|disk|mailbox)?\s*space
        insufficient (?:disk|mailbox|storage|quota)? ?(?:space|storage)\b(?! on)
        no space left for this user
        out of (?:storage|disk|mailbox) space
        (?:mailbox|account|user|recipient)[^.]{0,30}(?:too full|out of space)
        quota ?(?:size )?exceeded
        storage (?:quota|limit|space)[^.]{0,30}(?:exceed|reached|full)
        容量(?:が|を|の|オーバ|不足|制限|超過|いっぱい)
        (?:メールボックス|受信箱|ﾒｰﾙﾎﾞｯｸｽ)[^。]{0,20}(?:一杯|いっぱい|満杯|フル|あふれ|超え|超過)
        空き容量
        bo[iî]te[^.]{0,30}plein
        quota d[eé]pass
        postfach[^.]{0,30}voll
        buz[oó]n[^.]{0,30}llen[oa]
        переполнен
        配额
        容量不足
        (?:mail ?box|disk|storage|account) space (?:is )?(?:not enough|low|exceed)
        exceed\w* (?:the )?(?:storage|local|message|mailbox) (?:allocation|limit)
        too much mail data
        space has been used up
        has too many messages on
        (?:does|do) not have enough (?:disk |storage |mailbox )?space
        保存(?:容量|領域|件数)[^。]{0,12}(?:超|一杯|いっぱい|上限|不足)
        (?:受信トレイ|受信ボックス|トレイ|ボックス|スプール|ディスク)[^。]{0,20}(?:一杯|いっぱい|満杯|超え|超過|上限)
        クォータ|ｸｫｰﾀ
        メール(?:数|件数)[^。]{0,12}(?:上限|超)
        """,
    ),
    said(
        "message_too_big",
        r"""
        (?:message|mail|attachment|e-?mail|size)[^.;]{0,40}\b(?:too (?:large|big)|
        exceed\w*[^.;]{0,40}(?:size|limit|maximum))
        (?:maximum|max|fixed|allowed) (?:message|mail|allowed)? ?(?:size|length)
        size limit
        message size exceed
        too (?:large|big) (?:message|mail|e-?mail)
        message header size
        larger than[^.]{0,40}(?:limit|bytes|allowed)
        サイズ(?:が|の|を)?[^。]{0,20}(?:大き|超|制限|上限)
        message length
        (?:容量|サイズ)(?:制限|上限)[^。]{0,10}(?:添付|メッセージ|送信)
        (?:message|mail|header|line)s? (?:is |are )?too long
        """,
    ),
    said(
        "sender_rejected",
        r"""
        sender (?:address )?(?:is )?(?:rejected|denied|refused|not (?:allowed|accepted|exist)|invalid|
        unknown|blocked|verify|verification)
        domain of sender
        sender'?s? domain
        unroutable sender
        sender was rejected
        server rejected mail from
        from(?: header)? (?:address )?(?:is )?(?:rejected|invalid|missing|not allowed)
        (?:unverified|unresolvable|invalid|unknown) (?:sender|return path|from address)
        bad sender
        purported responsible address
        denied by (?:the )?sender
        sender address[^.]{0,40}(?:does not exist|not exist)
        cannot (?:verify|resolve) (?:the )?sender
        could not (?:verify|resolve) (?:the )?sender
        mail ?from (?:command )?(?:is )?(?:rejected|not allowed)
        you (?:are|were) not (?:allowed|authori[sz]ed|permitted) to send
        not authori[sz]ed to send
        permission to (?:post|send)
        sending (?:to|messages?)[^.]{0,30}not (?:allowed|permitted)
        only accepts? (?:messages|mail) from
        provide a valid from
        identities failed
        (?:address|sender|domain) is not verified
        pas autoris
        no tienes (?:los )?permiso
        nemáte oprávnění
        送信(?:する)?権限
        投稿(?:する)?権限
        """,
    ),
    said(
        "authentication",
        r"""
        \bspf\b
        \bdkim\b
        \bdmarc\b
        \bdomainkeys\b
        unauthenticated (?:e-?mail|sender)
        sender ?id
        not (?:pass|meet)[^.]{0,60}authenticat
        authenticat\w+[^.]{0,60}(?:fail|did not pass|required by)
        does not meet the required authentication
        sender is unauthenticated
        """,
    ),
    said(
        "relay_denied",
        r"""
        relay(?:ing)?[^.;]{0,30}(?:denied|prohibited|not (?:permitted|allowed|authori)|reject|refused|
        forbidden)
        (?:not|unable to|cannot|can't|refus\w+ to|don'?t|does not) (?:allow(?:ed)? to )?relay
        not (?:a |an )?(?:open )?(?:relay|gateway)
        insecure mail relay
        we do not relay
        open relay
        no relaying
        rcpthosts
        not permitted to relay
        domain isn'?t in my list
        """,
    ),
    said(
        "virus",
        r"""
        \bvirus
        malware
        infected
        \btrojan
        \bworm\b
        ウイルス|ウィルス
        """,
    ),
    said(
        "reputation",
        r"""
        black ?list
        block ?list
        deny ?list
        \b(?:dns)?[rd]?bls?\b
        spamhaus
        spamcop
        barracuda(?:central|networks)?\.
        senderscore
        sorbs
        reputation
        \bproofpoint
        (?:your|sending|connecting|client|remote|this|the)\s(?:ip|host|server|network|mta|mail server|
        client|domain)\b(?! are included to help)[^.;]{0,60}(?:block|reject|denied|refus|banned|listed)
        (?:ip|host|client|connection)[^.;]{0,40}(?:blocked|banned)
        blocked (?:by|using|for|due|because|address|ip)\b
        (?:is|are|been|was|currently) blocked
        (?:reverse|ptr|rdns)\b[^.;]{0,40}(?:dns|record|lookup|not|fail|miss|required|resolv|map)
        (?:no|missing|invalid|without|lacks?|have|valid) (?:a |an )?(?:valid )?(?:ptr|reverse|rdns)
        cannot find your (?:reverse )?hostname
        fix reverse dns
        no reverse
        unresolvable (?:ip|host)
        (?:helo|ehlo)\b[^.;]{0,60}(?:reject|invalid|not|match|required|denied|fail|unkn|bad)
        (?:client|sender) host(?:name)? (?:rejected|not found)
        client host
        no access from mail server
        access from ip address
        dynamic (?:ip|host|dns)
        cannot resolve your
        generic (?:reverse|host)
        connection (?:has been )?rejected[^.]{0,20}(?:ip|policy|bad)
        refused to talk to me
        dnswl
        \bbanned\b
        messages from \S+ weren'?t sent
        unwanted (?:messages|mail)
        ブラックリスト|ブロックリスト
        メールはブロックされ
        not accepted from this (?:ip|host)
        my name was rejected
        """,
    ),
    said(
        "rate_limited",
        r"""
        rate[ -]?limit
        too many (?:connections|messages|recipients|mails?|e-?mails|concurrent|simultaneous|sessions|
        requests)
        throttl
        unusual rate
        (?:sending|connection|message) (?:rate|limit)
        receiving mail (?:at a rate|too quickly)
        daily (?:user )?(?:sending )?(?:quota|limit)
        (?:hourly|daily|sending) limit
        slow down
        (?:message|delivery|sending|max(?:imum)?)s? per (?:hour|day|minute)
        try again later[^.]{0,20}too many
        送信(?:数|通数)[^。]{0,10}(?:制限|上限)
        limits? exceeded
        exceed\w*[^.;]{0,40}(?:connections|messages|recipients|limit for)
        送信(?:制限|しすぎ)|短時間に(?:大量|多数)
        """,
    ),
    said(
        "spam",
        r"""
        \bspam
        junk mail
        \bbulk\b[^.]{0,20}(?:mail|e-?mail|message)
        unsolicited
        \buce\b
        \bube\b
        phish
        classified as
        looks like spam
        rejected by content
        迷惑メール
        inappropriate content
        suspicious
        abus(?:e|ive)[^@\w]
        スパム|迷惑ﾒｰﾙ
        """,
    ),
    said(
        "greylisted",
        r"""
        gr[ea]y[ -]?list
        try(?:ing)? again in \d
        temporarily deferred
        greeting delay
        """,
    ),
    said(
        "security",
        r"""
        starttls
        \btls\b
        certificate
        must (?:issue|authenticate)
        authentication required
        requires? authentication
        smtp auth
        bad (?:username|password|authentication)
        authentication (?:failure|turned)
        encrypt
        insecure
        not use[^.]{0,20}rsa
        """,
    ),
    said(
        "disabled_for_now",
        r"""
        temporar\w+ (?:locked|disabled|suspended|unavailable|inactive|rejected|not available|reject)
        (?:account|mailbox|user)[^.;]{0,30}\b(?:locked|suspended|frozen|blocked|on hold)\b
        \bsuspended\b
        \bfrozen\b
        compte[^.]{0,30}bloqu
        一時的に
        unavailable for now
        """,
    ),
)
