"""What servers in trouble say, and what is said of anything: asked after all else (see ``server_words``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nurture.mail.server_words import said

if TYPE_CHECKING:
    from nurture.mail.server_words import Words

LAST: Final[Words] = (
    said(
        "no_answer",
        r"""
        connection (?:was )?(?:refused|timed? ?out|reset|lost|dropped|closed|failed)
        (?:lost|broken|no) connection
        could ?n.t (?:establish|connect)|wasn'?t able to establish
        no route to host
        network (?:is )?(?:unreachable|error)
        host (?:is )?(?:unreachable|down|not reachable)
        timed? ?out
        (?:dns|name service|name server|nameserver|lookup) (?:error|failure|problem|query failed|timeout)
        cname lookup failed
        lookup failed temporarily
        unable to (?:connect|reach)
        not respond
        no (?:response|answer) from
        could not (?:contact|connect|be reached)
        temporary (?:lookup|dns|name)
        servfail
        bad (?:dns|connection)
        error transferring
        接続(?:でき|に失敗|エラー)
        応答(?:が|し)
        could not find a gateway
        connection to mail exchanger failed
        """,
    ),
    said(
        "expired",
        r"""
        (?:retry|delivery|queue|message|retries|time|life ?time|attempts?)[^.;]{0,30}(?:time ?out|timeout|
        expired|exceeded|exhausted)
        too (?:old|long in queue)
        been (?:in the queue|on the queue|queued|retrying|trying|undelivered)[^.]{0,40}(?:too long|days|
        hours|since)
        (?:could not|cannot|unable to|not) be delivered (?:for|within|in|after) (?:more than |
        the last )?\d+ ?(?:days?|hours?|d|h)
        giving up
        message (?:has )?expired
        will no longer be (?:retried|tried)
        delivery expired
        no longer (?:be )?(?:attempt|try|tried)
        期限
        (?:一定|規定)(?:の)?(?:時間|期間)
        gave up
        for (?:more than )?\d+ (?:days?|hours?)
        """,
    ),
    said(
        "system_error",
        r"""
        (?:local|system|server|internal|disk|i/o|configuration|software|mail system|resource|
        resolver)\b[^.;]{0,25}(?:error|fault|problem|failure|misconfigur)
        (?:disk|file ?system|device|system) (?:is )?full
        no space left
        insufficient (?:system )?(?:storage|resources)
        out of memory
        unable to (?:open|create|lock|write)|can't (?:create|open)
        command (?:failed|died|time limit)
        procmail|maildrop|vdelivermail|deliver:|maildir
        service (?:not |un)available
        try again later
        temporary (?:failure|error|problem)
        cannot chdir
        permission denied|operation not permitted
        interrupted|overload|too busy|busy
        システム(?:エラー|障害)
        """,
    ),
    said(
        "content",
        r"""
        (?:message|content|mail|body|header|attachment|subject|date)[^.;]{0,40}(?:reject|refus|denied|
        filter|block|invalid|malform|not (?:accept|allow|compl|permit)|prohibit|bad|missing|duplicate|
        improper|violat)
        rfc ?(?:5322|2822|822|2045|compl)
        header error
        \bmime\b
        \bbare (?:lf|cr)
        non-?ascii|8-?bit|charset
        filter
        content
        attachment
        compliant
        """,
    ),
    said(
        "policy",
        r"""
        polic(?:y|ies)
        not (?:allowed|permitted|authori[sz]ed|accepted|welcome|wanted)
        (?:access|permission|delivery|message|mail|transaction|connection|service) (?:is |was |
        has been )?(?:denied|refused|rejected|forbidden|prohibited|not authori)
        prohibit|forbidden|administratively|refused|denied|reject|preferences|restrict
        拒否|許可され|制限
        """,
    ),
)
