"""What a server's words about a recipient mean.

Theory of operation
===================
``judge`` looks at three witnesses in order: the words, the enhanced status (RFC 3463), the reply code.
Words tell most, because half the servers answer 550 5.1.1 to everything and the other half 5.7.1; the
table ``WORDS`` is read from top to bottom and the first line that matches wins, so what is said about the
sender, the size or the content stands above what is said about the address.

A verdict is permanent only if the address itself is no good, and never where a witness contradicts:

* a status of class 4 says that trying again may help, whatever the words are;
* "user unknown" after DATA is a filter's answer: the server had taken the recipient before;
* a bare "550 user unknown" without a 5.1.x beside it and without a sign that it was the answer to RCPT
  may be a filter's too: Japanese carriers and gateways refuse content that way. One more bounce settles it;
  a good address that was given up is lost.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple


class Fate(NamedTuple):
    """A reason (a slug of ``WORDS``) and whether the address is no good."""

    reason: str
    permanent: bool


PERMANENT: Final = frozenset({"user_unknown", "host_unknown", "no_mail_host", "moved", "disabled"})


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


USER: Final = (
    r"(?:user|mailbox|account|recipient|addressee|address|mail ?drop|local[ -]?part|e-?mail(?: address| account)?)"
)

WORDS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    (
        "loop",
        _any(
            r"too many hops",
            r"hop count exceeded",
            r"mail (?:forwarding )?loop",
            r"loops? back to (?:my)?self",
            r"mail for \S+ loops back",
            r"routing loop",
            r"too many received",
        ),
    ),
    (
        "system_error",
        _any(
            r"could ?n.t create",
            r"command output: (?:procmail|maildrop|deliver)",
            r"mail system configuration error",
        ),
    ),
    ("no_answer", _any(r"not found,? try again", r"dns lookup (?:failed|problem)? ?temporar")),
    (
        "refused",
        _any(
            r"recipient'?s? preferences",
            r"e-?mail preferences",
            r"receiver filter",
            r"blocked by (?:the )?(?:user|recipient)",
            r"recipient (?:has )?(?:blocked|refused)",
            r"受信拒否|受信を拒否",
        ),
    ),
    (
        "mailbox_full",
        _any(
            r"(?:mail ?box|inbox|mail ?folder|account|quota|user|recipient)\S*[^.]{0,40} (?:is |was |"
            r"are )?(?:almost |currently )?(?:full|over ?full)\b",
            r"\bmailbox_?full",
            r"over[ -]?(?:the )?(?:disk )?quota",
            r"over its quota",
            r"overquota",
            r"(?:exceed\w*|above|out of|over|reached)[^.;]{0,60}\b(?:mail)?(?:box)?[ -]?(?:storage )?quota",
            r"quota[^.;]{0,40}\b(?:exceed|violation|full|reached)",
            r"\bexceed\w* (?:the |its |their |his )?(?:mailbox|storage|space|disk) (?:size|space|limit|allocat)",
            r"mailbox (?:size|storage|space)?\s*(?:limit|is) exceeded",
            r"mailbox (?:has )?exceed",
            r"not enough (?:storage|disk|mailbox)?\s*space",
            r"insufficient (?:disk|mailbox|storage|quota)? ?(?:space|storage)\b(?! on)",
            r"no space left for this user",
            r"out of (?:storage|disk|mailbox) space",
            r"(?:mailbox|account|user|recipient)[^.]{0,30}(?:too full|out of space)",
            r"quota ?(?:size )?exceeded",
            r"storage (?:quota|limit|space)[^.]{0,30}(?:exceed|reached|full)",
            r"容量(?:が|を|の|オーバ|不足|制限|超過|いっぱい)",
            r"(?:メールボックス|受信箱|ﾒｰﾙﾎﾞｯｸｽ)[^。]{0,20}(?:一杯|いっぱい|満杯|フル|あふれ|超え|超過)",
            r"空き容量",
            r"bo[iî]te[^.]{0,30}plein",
            r"quota d[eé]pass",
            r"postfach[^.]{0,30}voll",
            r"buz[oó]n[^.]{0,30}llen[oa]",
            r"переполнен",
            r"配额",
            r"容量不足",
        ),
    ),
    (
        "message_too_big",
        _any(
            r"(?:message|mail|attachment|e-?mail|size)[^.;]{0,40}\b(?:too (?:large|big|long)|"
            r"exceed\w*[^.;]{0,40}(?:size|limit|maximum))",
            r"(?:maximum|max|fixed|allowed) (?:message|mail|allowed)? ?(?:size|length)",
            r"size limit",
            r"message size exceed",
            r"too (?:large|big) (?:message|mail|e-?mail)",
            r"message header size",
            r"larger than[^.]{0,40}(?:limit|bytes|allowed)",
            r"サイズ(?:が|の|を)?[^。]{0,20}(?:大き|超|制限|上限)",
            r"message length",
        ),
    ),
    (
        "sender_rejected",
        _any(
            r"sender (?:address )?(?:is )?(?:rejected|denied|refused|not (?:allowed|accepted|exist)|invalid|"
            r"unknown|blocked|verify|verification)",
            r"domain of sender",
            r"sender'?s? domain",
            r"unroutable sender",
            r"sender was rejected",
            r"server rejected mail from",
            r"from(?: header)? (?:address )?(?:is )?(?:rejected|invalid|missing|not allowed)",
            r"(?:unverified|unresolvable|invalid|unknown) (?:sender|return path|from address)",
            r"bad sender",
            r"purported responsible address",
            r"denied by (?:the )?sender",
            r"sender address[^.]{0,40}(?:does not exist|not exist)",
            r"cannot (?:verify|resolve) (?:the )?sender",
            r"could not (?:verify|resolve) (?:the )?sender",
            r"mail ?from (?:command )?(?:is )?(?:rejected|not allowed)",
            r"you (?:are|were) not (?:allowed|authori[sz]ed|permitted) to send",
            r"not authori[sz]ed to send",
            r"permission to (?:post|send)",
            r"sending (?:to|messages?)[^.]{0,30}not (?:allowed|permitted)",
            r"only accepts? (?:messages|mail) from",
            r"provide a valid from",
            r"identities failed",
            r"(?:address|sender|domain) is not verified",
            r"pas autoris",
            r"no tienes (?:los )?permiso",
            r"nemáte oprávnění",
            r"送信(?:する)?権限",
            r"投稿(?:する)?権限",
        ),
    ),
    (
        "authentication",
        _any(
            r"\bspf\b",
            r"\bdkim\b",
            r"\bdmarc\b",
            r"\bdomainkeys\b",
            r"unauthenticated (?:e-?mail|sender)",
            r"sender ?id",
            r"not (?:pass|meet)[^.]{0,60}authenticat",
            r"authenticat\w+[^.]{0,60}(?:fail|did not pass|required by)",
            r"does not meet the required authentication",
        ),
    ),
    (
        "relay_denied",
        _any(
            r"relay(?:ing)?[^.;]{0,30}(?:denied|prohibited|not (?:permitted|allowed|authori)|reject|refused|"
            r"forbidden)",
            r"(?:not|unable to|cannot|can't|refus\w+ to|don'?t|does not) (?:allow(?:ed)? to )?relay",
            r"not (?:a |an )?(?:open )?(?:relay|gateway)",
            r"insecure mail relay",
            r"we do not relay",
            r"open relay",
            r"no relaying",
            r"rcpthosts",
            r"not permitted to relay",
            r"domain isn'?t in my list",
        ),
    ),
    ("virus", _any(r"\bvirus", r"malware", r"infected", r"\btrojan", r"\bworm\b", r"ウイルス|ウィルス")),
    (
        "reputation",
        _any(
            r"black ?list",
            r"block ?list",
            r"deny ?list",
            r"\b(?:dns)?[rd]?bls?\b",
            r"spamhaus",
            r"spamcop",
            r"barracuda(?:central|networks)?\.",
            r"senderscore",
            r"sorbs",
            r"reputation",
            r"\bproofpoint",
            r"(?:your|sending|connecting|client|remote|this|the)\s(?:ip|host|server|network|mta|mail server|"
            r"client|domain)\b[^.;]{0,60}(?:block|reject|denied|refus|banned|listed)",
            r"(?:ip|host|client|connection)[^.;]{0,40}(?:blocked|banned)",
            r"blocked (?:by|using|for|due|because|address|ip)\b",
            r"(?:is|are|been|was|currently) blocked",
            r"(?:reverse|ptr|rdns)\b[^.;]{0,40}(?:dns|record|lookup|not|fail|miss|required|resolv|map)",
            r"(?:no|missing|invalid|without|lacks?|have|valid) (?:a |an )?(?:valid )?(?:ptr|reverse|rdns)",
            r"cannot find your (?:reverse )?hostname",
            r"fix reverse dns",
            r"no reverse",
            r"unresolvable (?:ip|host)",
            r"(?:helo|ehlo)\b[^.;]{0,60}(?:reject|invalid|not|match|required|denied|fail|unkn|bad)",
            r"(?:client|sender) host(?:name)? (?:rejected|not found)",
            r"client host",
            r"no access from mail server",
            r"access from ip address",
            r"dynamic (?:ip|host|dns)",
            r"cannot resolve your",
            r"generic (?:reverse|host)",
            r"connection (?:has been )?rejected[^.]{0,20}(?:ip|policy|bad)",
            r"refused to talk to me",
            r"dnswl",
            r"\bbanned\b",
            r"messages from \S+ weren'?t sent",
            r"unwanted (?:messages|mail)",
        ),
    ),
    (
        "rate_limited",
        _any(
            r"rate[ -]?limit",
            r"too many (?:connections|messages|recipients|mails?|e-?mails|concurrent|simultaneous|sessions|"
            r"requests)",
            r"throttl",
            r"unusual rate",
            r"(?:sending|connection|message) (?:rate|limit)",
            r"receiving mail (?:at a rate|too quickly)",
            r"daily (?:user )?(?:sending )?(?:quota|limit)",
            r"(?:hourly|daily|sending) limit",
            r"slow down",
            r"(?:message|delivery|sending|max(?:imum)?)s? per (?:hour|day|minute)",
            r"try again later[^.]{0,20}too many",
            r"送信(?:数|通数)[^。]{0,10}(?:制限|上限)",
            r"limits? exceeded",
            r"exceed\w*[^.;]{0,40}(?:connections|messages|recipients|limit for)",
        ),
    ),
    (
        "spam",
        _any(
            r"\bspam",
            r"junk mail",
            r"\bbulk\b[^.]{0,20}(?:mail|e-?mail|message)",
            r"unsolicited",
            r"\buce\b",
            r"\bube\b",
            r"phish",
            r"classified as",
            r"looks like spam",
            r"rejected by content",
            r"迷惑メール",
            r"inappropriate content",
            r"suspicious",
            r"abus(?:e|ive)[^@\w]",
        ),
    ),
    (
        "greylisted",
        _any(r"gr[ea]y[ -]?list", r"try(?:ing)? again in \d", r"temporarily deferred", r"greeting delay"),
    ),
    (
        "security",
        _any(
            r"starttls",
            r"\btls\b",
            r"certificate",
            r"must (?:issue|authenticate)",
            r"authentication required",
            r"requires? authentication",
            r"smtp auth",
            r"bad (?:username|password|authentication)",
            r"authentication (?:failure|turned)",
            r"encrypt",
            r"insecure",
            r"not use[^.]{0,20}rsa",
        ),
    ),
    (
        "disabled_for_now",
        _any(
            r"temporar\w+ (?:locked|disabled|suspended|unavailable|inactive|rejected|not available|reject)",
            r"(?:account|mailbox|user)[^.;]{0,30}\b(?:locked|suspended|frozen|blocked|on hold)\b",
            r"\bsuspended\b",
            r"\bfrozen\b",
            r"compte[^.]{0,30}bloqu",
            r"一時的に",
            r"unavailable for now",
        ),
    ),
    (
        "moved",
        _any(
            r"(?:recipient|user|mailbox|address|account|addressee)[^.;]{0,40}\b(?:has|have|was|"
            r"is)?\s?(?:been )?(?:moved|changed|replaced)\b(?! to the junk)",
            r"no longer (?:on|at|with|here|works|work|employed|in use|uses|used|valid|available|active|exists?|"
            r"accepts)",
            r"address change",
            r"not our (?:user|customer)",
            r"user not local[;,]? (?:please )?try",
            r"no forwarding address",
            r"has left (?:the|this|our)",
            r"moved to (?:another|a new)",
            r"(?:is|are) not (?:longer|any ?more)",
            r"アドレス(?:が|は)(?:変更|変わ)",
            r"退職|異動",
        ),
    ),
    (
        "disabled",
        _any(
            r"(?:user|mailbox|account|recipient|address)(?:\S* |[^.;]{0,40} )(?:is |has been |was |are |"
            r"currently )*(?:disabled|inactive|not active|deactivated|closed|discontinued|expired|terminated|"
            r"cancell?ed|deleted|removed)",
            r"(?:disabled|inactive|closed|deactivated|discontinued|expired|deleted) (?:recipient|user|mailbox|"
            r"account|address|e-?mail)",
            r"account that you tried to reach is (?:disabled|inactive)",
            r"mailbox disabled",
            r"\buser disabled",
            r"(?:accounts?|mailbox)(?:\(s\))? is (?:disabled|inactive)",
            r"(?:アカウント|メールアドレス|メールボックス|ユーザ[ー]?)[^。]{0,20}(?:無効|停止|廃止|削除|解約|"
            r"凍結)",
            r"not activated",
            r"deactivated mailbox",
        ),
    ),
    (
        "no_mail_host",
        _any(
            r"(?:host|domain|system|server|site)s?[^.;]{0,30}(?:does not|doesn'?t|do not|not|never) accept(?:s|"
            r"ing)? (?:any )?(?:e?-?mail|network messages|incoming)",
            r"null ?mx",
            r"no smtp service",
            r"no mx[^.;]{0,20}found",
            r"couldn'?t find (?:a |any )?mail exchanger",
            r"no (?:valid )?mail (?:hosts?|servers?|exchangers?)[^.;]{0,20}(?:found|for|exist|domain)",
            r"does not (?:have|host) (?:any |an )?(?:mx|mail)",
            r"nullmx",
            r"domain has no mail",
        ),
    ),
    (
        "host_unknown",
        _any(
            r"(?:unknown|unresolvable|invalid|unrouteable|unroutable|non-?existent|no such|bad) (?:host|"
            r"mail ?domain|domain|destination (?:host|domain|system)|recipient domain)",
            r"(?:host|domain)(?: ?name)?s?(?: or domain)?(?: name)? (?:is |was )?(?:unknown|not found|invalid|"
            r"not exist|non-?existent|could ?n.t be found|isn'?t (?:found|valid))",
            r"(?:host|domain)[^.;,]{0,60}(?:does not|doesn'?t|did not|not) (?:exist|resolve|be found)",
            r"(?:could ?n.t|cannot|can ?not|can't|unable to|failed to) (?:find|locate|resolve|look ?up|"
            r"be found)[^.;]{0,40}(?:host|domain|dns|name|mx)",
            r"nxdomain",
            r"domain \S+ (?:could ?n.t|can ?not) be found",
            r"host(?:name)? (?:\S+ )?(?:was )?(?:not found|unknown)",
            r"host lookup (?:did not complete|failed)",
            r"no such (?:host|domain)",
            r"no (?:such )?(?:a|mx)(?: or (?:a|mx))? records?",
            r"all relevant mx records point to non-?existent",
            r"name (?:or service )?not known",
            r"domain is not reachable",
            r"bad destination system",
            r"\bno data known",
            r"unrout(?:e)?able (?:mail )?(?:domain|address)",
            r"all host address lookups failed permanently",
            r"domain must resolve",
            r"bad destination host",
            r"\S+\.\w+ does not exist\b",
            r"ドメイン(?:名)?[^。]{0,20}(?:存在しま|見つか|みつか|不明|確認でき)",
            r"ホスト(?:名)?[^。]{0,20}(?:存在しま|見つか|みつか|不明)",
            r"宛先ドメイン",
        ),
    ),
    (
        "user_unknown",
        _any(
            rf"(?:unknown|no such|invalid|non-?existent|unrecogni[sz]ed|not a valid|not valid|undefined|"
            rf"unauthori[sz]ed|bad|wrong|incorrect) (?:(?:local|virtual|destination|recipient|e-?mail|email|"
            rf"mail|smtp|remote|rcpt) ?)*(?:{USER}|rcpt|person|name|id|number)s?\b",
            rf"{USER}s?(?:\(s\))?[:, ]+(?:\S{{1,120}} )?(?:is |was |are |has |have )?(?:been )?(?:unknown|"
            rf"not (?:known|found|listed|exist\w*|valid|a valid|here|local|available here|recogni[sz]ed|"
            rf"registered)|invalid|non-?existent|could ?n.t be found|undeliverable|unrecogni[sz]ed|missing)",
            rf"(?:{USER}|person|id)[^.;]{{0,80}}(?:does not|doesn'?t|do not|don'?t|did not|didn'?t|does ?n.t|"
            rf"may not|might not|not) (?:exist|appear|have an? (?:\S+ )?account|match)",
            r"doesn'?t have an? \S+ account",
            r"not have an? (?:\S+ )?account",
            r"no (?:such )?(?:account|mailbox|recipients?|user|person|alias|one|body)(?: by (?:that|this) name|"
            r" here| found| at| with| in|[^.;]{0,20}exist| name| of)",
            r"nobody (?:by|here)",
            r"recipient (?:address )?(?:was |is )?(?:not (?:found|exist|known)|unknown)",
            r"(?:address|e-?mail|recipient|mailbox|user)[^.]{0,60}(?:wasn'?t|was not|isn'?t|is not|not|"
            r"couldn'?t be|could not be|cannot be) (?:found|known|recogni[sz]ed|valid|listed|located)",
            r"address not found",
            r"resolver\.adr\.(?:recip(?:ient)?)?(?:not ?found|invalid)",
            r"recipnotfound",
            r"not (?:listed|found) in (?:the )?(?:public )?(?:name|address|domino|directory|local recipient)",
            r"unknown local[ -]?part",
            r"unable to (?:find|locate) (?:the )?(?:recipient|user|mailbox|address)",
            r"(?:cannot|can't|could not|couldn'?t) (?:find|locate) (?:the |a )?(?:recipient|user|mailbox|"
            r"address|account)",
            r"user(?:\S{0,120})? (?:unknown|not exist\w*)",
            r"\bunknown:? (?:user|recipient|address)",
            r"no mailbox here",
            r"not our (?:member|subscriber)",
            r"sorry,? no mailbox",
            r"this user doesn",
            r"not a (?:valid|known) (?:\S+ )?(?:user|mailbox|recipient|address|account|mail)",
            r"is not a (?:registered|known|valid)",
            r"e-?mail account that you tried to reach does not",
            r"recipient[^.]{0,20} rejected: access denied",
            r"mailbox unavailable(?! for)",
            r"mailbox not found",
            r"dest(?:inataire|ino|inatario)[^.]{0,30}(?:inconnu|invalide|desconocido|inesistente)",
            r"adresse[^.]{0,40}(?:invalide|inconnue|introuvable)",
            r"empf[aä]nger[^.]{0,30}(?:unbekannt|nicht)",
            r"no existe",
            r"n'existe pas",
            r"не (?:существует|найден)",
            r"用户不存在|收件人(?:不存在|地址)",
            r"(?:宛先|受信者|メールアドレス|アドレス|ユーザ[ーー]?|あて先|宛て先|送信先|"
            r"受取人)[^。\n]{0,40}(?:存在しま|存在しない|存在いた|見つか|みつか|見あた|見当た|不明|確認できま|"
            r"間違|誤|登録され|有効では|正しく|無効|ありません|知られて)",
            r"該当する(?:ユーザ|アドレス|メール)",
            r"ディレクトリ[ーに]?(?:に|には)?[^。]{0,10}(?:見つか|登録)",
            r"エラー[^。]{0,12}(?:宛先|不明なユーザ)",
            r"(?:invalid|bad) (?:destination )?mailbox address",
            r"undeliverable address",
            r"address does not exist",
            r"no such addressee",
            r"invalid final delivery",
            r"no valid recipients",
            r"check if (?:the )?address is correct",
            r"recipient not accepted",
        ),
    ),
    (
        "no_answer",
        _any(
            r"connection (?:was )?(?:refused|timed? ?out|reset|lost|dropped|closed|failed)",
            r"(?:lost|broken|no) connection",
            r"could ?n.t (?:establish|connect)|wasn'?t able to establish",
            r"no route to host",
            r"network (?:is )?(?:unreachable|error)",
            r"host (?:is )?(?:unreachable|down|not reachable)",
            r"timed? ?out",
            r"(?:dns|name service|name server|nameserver|lookup) (?:error|failure|problem|query failed|timeout)",
            r"cname lookup failed",
            r"lookup failed temporarily",
            r"unable to (?:connect|reach)",
            r"not respond",
            r"no (?:response|answer) from",
            r"could not (?:contact|connect|be reached)",
            r"temporary (?:lookup|dns|name)",
            r"servfail",
            r"bad (?:dns|connection)",
            r"error transferring",
            r"接続(?:でき|に失敗|エラー)",
            r"応答(?:が|し)",
        ),
    ),
    (
        "expired",
        _any(
            r"(?:retry|delivery|queue|message|retries|time|life ?time|attempts?)[^.;]{0,30}(?:time ?out|timeout|"
            r"expired|exceeded|exhausted)",
            r"too (?:old|long in queue)",
            r"been (?:in the queue|on the queue|queued|retrying|trying|undelivered)[^.]{0,40}(?:too long|days|"
            r"hours|since)",
            r"(?:could not|cannot|unable to|not) be delivered (?:for|within|in|after) (?:more than |"
            r"the last )?\d+ ?(?:days?|hours?|d|h)",
            r"giving up",
            r"message (?:has )?expired",
            r"will no longer be (?:retried|tried)",
            r"delivery expired",
            r"no longer (?:be )?(?:attempt|try|tried)",
            r"期限",
            r"(?:一定|規定)(?:の)?(?:時間|期間)",
            r"gave up",
            r"for (?:more than )?\d+ (?:days?|hours?)",
        ),
    ),
    (
        "system_error",
        _any(
            r"(?:local|system|server|internal|disk|i/o|configuration|software|mail system|resource|"
            r"resolver)\b[^.;]{0,25}(?:error|fault|problem|failure|misconfigur)",
            r"(?:disk|file ?system|device|system) (?:is )?full",
            r"no space left",
            r"insufficient (?:system )?(?:storage|resources)",
            r"out of memory",
            r"unable to (?:open|create|lock|write)|can't (?:create|open)",
            r"command (?:failed|died|time limit)",
            r"procmail|maildrop|vdelivermail|deliver:|maildir",
            r"service (?:not |un)available",
            r"try again later",
            r"temporary (?:failure|error|problem)",
            r"cannot chdir",
            r"permission denied|operation not permitted",
            r"interrupted|overload|too busy|busy",
            r"システム(?:エラー|障害)",
        ),
    ),
    (
        "content",
        _any(
            r"(?:message|content|mail|body|header|attachment|subject|date)[^.;]{0,40}(?:reject|refus|denied|"
            r"filter|block|invalid|malform|not (?:accept|allow|compl|permit)|prohibit|bad|missing|duplicate|"
            r"improper|violat)",
            r"rfc ?(?:5322|2822|822|2045|compl)",
            r"header error",
            r"\bmime\b",
            r"\bbare (?:lf|cr)",
            r"non-?ascii|8-?bit|charset",
            r"filter",
            r"content",
            r"attachment",
            r"compliant",
        ),
    ),
    (
        "policy",
        _any(
            r"polic(?:y|ies)",
            r"not (?:allowed|permitted|authori[sz]ed|accepted|welcome|wanted)",
            r"(?:access|permission|delivery|message|mail|transaction|connection|service) (?:is |was |"
            r"has been )?(?:denied|refused|rejected|forbidden|prohibited|not authori)",
            r"prohibit|forbidden|administratively|refused|denied|reject|preferences|restrict",
            r"拒否|許可され|制限",
        ),
    ),
)
"""Reason and the words that give it, the first match wins. Sources: RFC 3463, RFC 5321, and what servers say."""

STATUS: Final[tuple[tuple[str, str], ...]] = (
    ("1.1", "user_unknown"),
    ("1.2", "host_unknown"),
    ("1.3", "user_unknown"),
    ("1.4", "user_unknown"),
    ("1.6", "moved"),
    ("1.7", "sender_rejected"),
    ("1.8", "sender_rejected"),
    ("1.9", "content"),
    ("1.10", "no_mail_host"),
    ("1.0", "rejected"),
    ("2.1", "disabled"),
    ("2.2", "mailbox_full"),
    ("2.3", "message_too_big"),
    ("2.4", "system_error"),
    ("2", "rejected"),
    ("3.1", "system_error"),
    ("3.4", "message_too_big"),
    ("3", "system_error"),
    ("4.1", "no_answer"),
    ("4.2", "no_answer"),
    ("4.4", "host_unknown"),
    ("4.6", "loop"),
    ("4.7", "expired"),
    ("4", "no_answer"),
    ("5", "protocol"),
    ("6", "content"),
    ("7", "policy"),
)
"""RFC 3463: subject and detail → reason; the longer entry stands above the shorter one."""

AFTER_DATA: Final = _any(
    r"in reply to (?:end of )?data",
    r"after (?:end of )?data",
    r"end of data",
    r"\(data\)",
    r"in response to (?:the )?data",
    r"after (?:the )?message (?:text|body|content|was)",
    r"data command",
    r">>> data <<< 5(?!.*need rcpt)",
)
AT_RCPT: Final = _any(
    r"in reply to rcpt",
    r"after rcpt",
    r"rcpt to",
    r"rcpt command",
    r"rcpt_to",
    r"need rcpt",
    r"no valid recipients",
    r"\brcpt host",
    r"does not like recipient",
    r"rcpt (?:response|response was)",
)
AT_MAIL: Final = _any(
    r"in reply to mail from",
    r"after mail from",
    r"after helo|after ehlo|initial connection|in reply to (?:helo|ehlo)",
    r"\[mail_from\]",
    r">>> mail from[^<]*<[^>]*>[^<]*<<< 5",
)
VAGUE: Final = _any(
    r"user unknown", r"unknown user", r"no such user", r"user (?:does )?not exist", r"mailbox unavailable"
)
NAMED: Final = re.compile(r"55\d:? (?:5\.\d\.\d )?<[^<>\s]+@[^<>\s]+>: ")
"""``550 <a@b>: …`` is how servers answer to RCPT: they name whom they refuse."""
NAMELESS: Final = re.compile(r"\b550 : ?user unknown", re.IGNORECASE)
"""... and a server that names nobody refuses the content (KDDI)."""
REPLY: Final = re.compile(r"(?<![\d.])([245])\d\d(?=[ -](?![\d.]+ (?:bytes|kb|mb))|[:,]|$)")
ENHANCED: Final = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")


def judge(words: str, status: str | None = None, context: str = "") -> Fate:
    """Reason and permanence from what is said of one recipient.

    Args:
        words: the diagnostic text, or a server's reply.
        status: an enhanced status such as ``5.1.1`` given apart from the words.
        context: what else the report says of this recipient. It gives the reason only where the words give
            none, but always tells at which command the server refused.

    At most ``MAX_WORDS`` characters of each are looked at.
    """
    return _judged(words[:MAX_WORDS], status, context[:MAX_WORDS])


@lru_cache(maxsize=128)  # a report repeats its words for each recipient
def _judged(words: str, status: str | None, context: str) -> Fate:
    text, around = _flat(words), _flat(context)
    best = _weightiest([status] if status else [], [m[0] for m in ENHANCED.finditer(text)])
    reason = _by_words(text) or ""
    if not reason or reason in WEAK:
        precise = _by_status(best) if best else None
        if precise and precise not in WEAK:
            reason = precise
        elif _says_little(precise, best) and (said := _by_words(around)) and said not in WEAK:
            reason = said
        reason = reason or precise or _by_words(around) or "unknown"
    if reason == "disabled_for_now":
        return Fate("disabled", permanent=False)
    return Fate(reason, reason in PERMANENT and not _contradicted(reason, text, f"{text} {around}", best))


def _says_little(reason: str | None, status: str | None) -> bool:
    return status is None or status.endswith(".0.0") or reason in {None, "protocol", "rejected"}


MAX_WORDS: Final = 3000


def _flat(words: str) -> str:
    return re.sub(r"\s+", " ", words).strip()


def _by_words(text: str) -> str | None:
    return next((slug for slug, pattern in WORDS if pattern.search(text)), None) if text else None


WEAK: Final = frozenset({"policy", "content", "system_error", "expired", "rejected", "protocol"})
"""Reasons whose words are so general that a precise status knows better."""


def _weightiest(first: list[str], rest: list[str]) -> str | None:
    """The most precise status: one with a detail, over 5.0.0."""
    every = [*first, *rest]
    return next((s for s in every if not s.endswith((".0.0", ".0"))), every[0] if every else None)


def _by_status(status: str) -> str | None:
    detail = status.partition(".")[2]
    return next((reason for key, reason in STATUS if detail == key or detail.startswith(key + ".")), None)


def _contradicted(reason: str, text: str, around: str, status: str | None) -> bool:
    if status is not None and status.startswith("4."):
        return True
    if status is None and (reply := REPLY.search(text)) and reply[1] == "4":
        return True
    at_rcpt = AT_RCPT.search(around) is not None
    if (AT_MAIL.search(around) and not at_rcpt) or NAMELESS.search(text):
        return True
    if (
        reason != "user_unknown"
        or at_rcpt
        or NAMED.search(text)
        or (status is not None and status.startswith("5.1."))
    ):
        return False
    if status is not None and status.startswith(("5.2.", "5.7.")):
        return True
    return VAGUE.search(text) is not None and (AFTER_DATA.search(around) or REPLY.search(text)) is not None
