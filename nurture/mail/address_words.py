"""What servers say of an address that is no good, one pattern a line (see ``server_words``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nurture.mail.server_words import said

if TYPE_CHECKING:
    from nurture.mail.server_words import Words

ADDRESS: Final[Words] = (
    said(
        "moved",
        r"""
        (?:recipient|user|mailbox|address|account|addressee)[^.;]{0,40}\b(?:has|have|was|
        is)?\s?(?:been )?(?:moved|changed|replaced)\b(?! to the junk)
        no longer (?:on|at|with|here|works|work|employed|in use|uses|used|valid|available|active|exists?|
        accepts)
        address change
        not our (?:user|customer)
        user not local[;,]? (?:please )?try
        no forwarding address
        has left (?:the|this|our)
        moved to (?:another|a new)
        (?:is|are) not (?:longer|any ?more)
        アドレス(?:が|は)(?:変更|変わ)
        退職|異動
        has been replaced by
        (?:recipient|user|employee|person|who) has (?:retired|resigned)|mailbox is no longer monitored
        (?:転居|移転)(?:し|いた)
        """,
    ),
    said(
        "disabled",
        r"""
        (?:user|mailbox|account|recipient|address)(?:\S* |[^.;]{0,40} )(?:is |has been |was |are |
        currently )*(?:disabled|inactive|not active|deactivated|closed|discontinued|expired|terminated|
        cancell?ed|deleted|removed)
        (?:disabled|inactive|closed|deactivated|discontinued|expired|deleted) (?:recipient|user|mailbox|
        account|address|e-?mail)
        account that you tried to reach is (?:disabled|inactive)
        mailbox disabled
        \buser disabled
        (?:accounts?|mailbox)(?:\(s\))? is (?:disabled|inactive)
        (?:アカウント|メールアドレス|メールボックス|ユーザ[ー]?)[^。]{0,20}(?:無効|停止|廃止|削除|解約|凍結)
        not activated
        deactivated mailbox
        """,
    ),
    said(
        "no_mail_host",
        r"""
        (?:host|domain|system|server|site)s?[^.;]{0,30}(?:does not|doesn'?t|do not|not|never) accept(?:s|
        ing)? (?:any )?(?:e?-?mail|network messages|incoming)
        null ?mx
        no smtp service
        no mx[^.;]{0,20}found
        couldn'?t find (?:a |any )?mail exchanger
        no (?:valid )?mail (?:hosts?|servers?|exchangers?)[^.;]{0,20}(?:found|for|exist|domain)
        does not (?:have|host) (?:any |an )?(?:mx|mail)
        nullmx
        domain has no mail
        mail is not accepted (?:here|for this (?:domain|host))
        (?:host|domain) never accepts mail
        """,
    ),
    said(
        "host_unknown",
        r"""
        (?:unknown|unresolvable|invalid|unrouteable|unroutable|non-?existent|no such|bad) (?:host|
        mail ?domain|domain|destination (?:host|domain|system)|recipient domain)
        (?:host|domain)(?: ?name)?s?(?: or domain)?(?: name)? (?:is |was )?(?:unknown|not found|invalid|
        not exist|non-?existent|could ?n.t be found|isn'?t (?:found|valid))
        (?:host|domain)[^.;,]{0,60}(?:does not|doesn'?t|did not|not) (?:exist|resolve|be found)
        (?:could ?n.t|cannot|can ?not|can't|unable to|failed to) (?:find|locate|resolve|look ?up|
        be found)[^.;]{0,40}(?:host|domain|dns|name|mx)
        nxdomain
        domain \S+ (?:could ?n.t|can ?not) be found
        host(?:name)? (?:\S+ )?(?:was )?(?:not found|unknown)
        host lookup (?:did not complete|failed)
        no such (?:host|domain)
        no (?:such )?(?:a|mx)(?: or (?:a|mx))? records?
        all relevant mx records point to non-?existent
        name (?:or service )?not known
        domain is not reachable
        bad destination system
        \bno data known
        unrout(?:e)?able (?:mail )?(?:domain|address)
        all host address lookups failed permanently
        domain must resolve
        bad destination host
        \S+\.\w+ does not exist\b
        ドメイン(?:名)?[^。]{0,20}(?:存在しま|見つか|みつか|不明|確認でき)
        ホスト(?:名)?[^。]{0,20}(?:存在しま|見つか|みつか|不明)
        宛先ドメイン
        domain (?:must|does) ?(?:not )?exist
        no matches to nameserver query
        mail domain mentioned[^.]{0,20}unknown
        ドメイン[^。]{0,30}(?:見つからな|見つかりま|存在しな|無効)
        (?:送信先|宛先|送り先|あて先|相手)(?:の)?(?:メール)?サーバー?[^。]{0,14}(?:見つか|存在し)
        """,
    ),
    said(
        "user_unknown",
        r"""
        (?:unknown|no such|invalid|non-?existent|unrecogni[sz]ed|not a valid|not valid|undefined|
        unauthori[sz]ed|bad|wrong|incorrect) (?:(?:local|virtual|destination|recipient|e-?mail|email|mail|
        smtp|remote|rcpt) ?)*(?:{USER}|rcpt|person|name|id|number)s?\b
        {USER}s?(?:\(s\))?[:, ]+(?:\S{1,120} )?(?:is |was |are |has |have )?(?:been )?(?:unknown|
        not (?:known|found|listed|exist\w*|valid|a valid|here|local|available here|recogni[sz]ed|
        registered)|invalid|non-?existent|could ?n.t be found|undeliverable|unrecogni[sz]ed|missing)
        (?:{USER}|person|id)[^.;]{0,80}(?:does not|doesn'?t|do not|don'?t|did not|didn'?t|does ?n.t|
        may not|might not|not) (?:exist|appear|have an? (?:\S+ )?account|match)
        doesn'?t have an? \S+ account
        not have an? (?:\S+ )?account
        no (?:such )?(?:account|mailbox|recipients?|user|person|alias|one|body)(?: by (?:that|this) name|
        [ ]here| found| at| with| in|[^.;]{0,20}exist| name| of)
        nobody (?:by|here)
        recipient (?:address )?(?:was |is )?(?:not (?:found|exist|known)|unknown)
        (?:address|e-?mail|recipient|mailbox|user)[^.]{0,60}(?:wasn'?t|was not|isn'?t|is not|not|
        couldn'?t be|could not be|cannot be) (?:found|known|recogni[sz]ed|valid|listed|located)
        address not found
        resolver\.adr\.(?:recip(?:ient)?)?(?:not ?found|invalid)
        recipnotfound
        not (?:listed|found) in (?:the )?(?:public )?(?:name|address|domino|directory|local recipient)
        unknown local[ -]?part
        unable to (?:find|locate) (?:the )?(?:recipient|user|mailbox|address)
        (?:cannot|can't|could not|couldn'?t) (?:find|locate) (?:the |a )?(?:recipient|user|mailbox|
        address|account)
        user(?:\S{0,120})? (?:unknown|not exist\w*)
        \bunknown:? (?:user|recipient|address)
        no mailbox here
        not our (?:member|subscriber)
        sorry,? no mailbox
        this user doesn
        not a (?:valid|known) (?:\S+ )?(?:user|mailbox|recipient|address|account|mail)
        is not a (?:registered|known|valid)
        e-?mail account that you tried to reach does not
        recipient[^.]{0,20} rejected: access denied
        mailbox unavailable(?! for)
        mailbox not found
        dest(?:inataire|ino|inatario)[^.]{0,30}(?:inconnu|invalide|desconocido|inesistente)
        adresse[^.]{0,40}(?:invalide|inconnue|introuvable)
        empf[aä]nger[^.]{0,30}(?:unbekannt|nicht)
        no existe
        n'existe pas
        не (?:существует|найден)
        用户不存在|收件人(?:不存在|地址)
        (?:宛先|受信者|メールアドレス|アドレス|ユーザ[ーー]?|あて先|宛て先|送信先|受取人)[^。\n]{0,40}(?:存在しま|存在しない|存在いた|見つか|みつか|見あた|見当た|不明|
        確認できま|間違|誤|登録され|有効では|正しく|無効|ありません|知られて)
        該当する(?:ユーザ|アドレス|メール)
        ディレクトリ[ーに]?(?:に|には)?[^。]{0,10}(?:見つか|登録)
        エラー[^。]{0,12}(?:宛先|不明なユーザ)
        (?:invalid|bad) (?:destination )?mailbox address
        undeliverable address
        address does not exist
        no such addressee
        invalid final delivery
        no valid recipients
        check if (?:the )?address is correct
        recipient not accepted
        rcpt <\S{3,200}> does not exist
        did not (?:exactly )?match an? \S+ (?:e-?mail )?address
        does not have a final (?:e-?mail )?delivery point
        no (?:mail ?box|existe dicha persona|existe ese usuario)(?: available)? for this user
        bad[-_ ]recipient
        archived recipient
        (?:in (?:my|our) )?badrcptto
        missing home directory
        there is no one at this address
        can.t accept user
        destination addresses were unknown
        recipient (?:is )?not (?:ok|local)\b
        (?:宛先|あて先|宛て先|送信先|受信者|アドレス)[^。\n]{0,40}(?:見つからな|存在しな|実在し|使われて(?:い|お)|ご?利用(?:され|にな)[^。]{0,6}(?:ま|いま|おりま)せん|不正|解約|廃止)
        (?:ユーザー?|利用者|会員)[^。\n]{0,20}(?:存在し|見つか|見あた|見当た|不明|登録され|おりません|いません)
        (?:が|は) ?[\w.-]{3,60} ?(?:で|に)見つかりませ
        アドレス不明|ユーザー?不明|ユーザー?が(?:い|おり)ません|宛先不明
        """,
    ),
)
