"""``[limits]`` and ``[mailboxes.limits]`` of config.toml: how much may leave.

What is not said here is careful, not free: 0 takes a limit away, leaving it out does not. The numbers lie well
below what providers allow (Google Workspace 2,000 letters a day; Microsoft 365 30 a minute and 10,000 a day;
Japanese shared hosting a few hundred an hour), and above what people write who follow up by hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nurture.core.limits import Budget, Limits, MailboxLimits, Rate, Valve

if TYPE_CHECKING:
    from nurture.files.toml import Table

MOST: Final = 10_000_000
CAREFUL_MAILBOX: Final = MailboxLimits(Rate(20, 200, 1000), jitter_seconds=4, warmup_start=50, warmup_days=14)
CAREFUL: Final = Limits(
    overall=Rate(0, 1000, 5000),
    domain=Rate(10, 60, 300),
    refusals=Budget(10, 10, 24),
    valve=Valve(300, 30, 30),
)


def mailbox_limits(table: Table) -> MailboxLimits:
    """``[mailboxes.limits]`` of one mailbox."""
    usual = CAREFUL_MAILBOX
    found = MailboxLimits(
        rate=_rate(table, usual.rate),
        jitter_seconds=table.whole("jitter_seconds", usual.jitter_seconds, low=0, high=3600),
        warmup_start=table.whole("warmup_start", usual.warmup_start, low=1, high=MOST),
        warmup_days=table.whole("warmup_days", usual.warmup_days, low=0, high=365),
    )
    if table.has("warmup_days") and found.warmup_days and not found.rate.per_day:
        table.wrong(
            "warmup_days",
            "a warm-up needs a limit to grow to",
            hint="say how many letters a day there may be at its end: {example}",
            example="per_day = 1000",
        )
    table.done()
    return found


def limits(table: Table) -> Limits:
    """``[limits]``: what holds for all mailboxes together."""
    overall, domain = table.table("overall"), table.table("domain")
    refusals, valve = table.table("refusals"), table.table("valve")
    usual = CAREFUL
    found = Limits(
        overall=_rate(overall, usual.overall),
        domain=_rate(domain, usual.domain),
        refusals=Budget(
            count=refusals.whole("count", usual.refusals.count, low=0, high=MOST),
            percent=refusals.whole("percent", usual.refusals.percent, low=0, high=100),
            hours=refusals.whole("hours", usual.refusals.hours, low=1, high=24 * 30),
        ),
        valve=Valve(
            letters=valve.whole("letters", usual.valve.letters, low=0, high=MOST),
            percent=valve.whole("percent", usual.valve.percent, low=0, high=100),
            least=valve.whole("least", usual.valve.least, low=0, high=MOST),
        ),
    )
    for part in (overall, domain, refusals, valve, table):
        part.done()
    return found


def _rate(table: Table, usual: Rate) -> Rate:
    return Rate(
        per_minute=table.whole("per_minute", usual.per_minute, low=0, high=MOST),
        per_hour=table.whole("per_hour", usual.per_hour, low=0, high=MOST),
        per_day=table.whole("per_day", usual.per_day, low=0, high=MOST),
    )
