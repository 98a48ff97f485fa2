"""Who is never written to again: what a mail says about that, as rows of the suppression list."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from nurture.core import often, suppressions
from nurture.core.arrival import entry
from nurture.core.cases import BOUNCE
from nurture.core.change import Change
from nurture.core.messages import Suppression, SuppressionScope
from nurture.core.reading import Intent, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from nurture.core.arrival import Arrival
    from nurture.core.cases import Case

TOPICS: Final = {
    "seminar": re.compile(r"セミナー|ウェビナー|勉強会|webinar|seminar", re.IGNORECASE),
    "case_study": re.compile(r"事例|case stud", re.IGNORECASE),
    "column": re.compile(r"コラム|読み物|column", re.IGNORECASE),
}
"""What people call the kinds of content that we send."""
ONLY: Final = re.compile(r"だけ(?!は)|のみ(?!は)|\bonly\b", re.IGNORECASE)
"""The rest is refused then, not this."""


def suppression(
    value: str,
    reason: str,
    source: str,
    now: datetime,
    evidence: str,
    scope: SuppressionScope = SuppressionScope.ADDRESS,
) -> Suppression:
    """Silence for one address, or for one topic of it. The id is derived: a second opt-out is the same row."""
    value = value.lower()
    return Suppression(
        id=suppressions.key(scope, value),
        scope=scope,
        value=value,
        reason=reason,
        source=source,
        at=now,
        evidence=evidence[:500],
    )


def silence(a: Arrival, known: Sequence[Suppression], case: Case) -> Change:
    """Silence for the person's address, the one that was written to, and the one that asks for it."""
    if case is BOUNCE:
        return _suppress(a, known, "bounce", "bounce", a.bounced_at)
    addresses = [a.person.email, a.answered.to_address if a.answered else ""]
    if a.reading.kind is not Kind.COMPLAINT:  # which a provider sends
        addresses.append(a.inbound.from_address)
    source = "mailto" if a.reading.kind is Kind.UNSUBSCRIBE else "reply"
    change = Change()
    for address in dict.fromkeys(address.lower() for address in addresses if address):
        change += _suppress(a, known, case.reason, source, address)
    return change


def without_topic(a: Arrival, known: Sequence[Suppression]) -> Change:
    """A partial refusal counts as far as it goes (特定電子メール法), where its topic is one of ours."""
    words = next((f.words for f in a.reading.found if f.intent is Intent.UNSUBSCRIBE_TOPIC), "")
    kinds = [kind for kind, said in TOPICS.items() if said.search(words)]
    if len(kinds) != 1 or ONLY.search(words):
        return Change()
    return _suppress(a, known, "unsubscribe", "reply", f"{a.person.email}#{kinds[0]}", SuppressionScope.TOPIC)


def slower(a: Arrival, known: Sequence[Suppression], usual: int) -> Change:
    """No more often than they say, else than is usual; what was slower before stays so."""
    days = often.wish(a.reading.text) or usual
    address = a.person.email.lower()
    if (before := often.pace(row for row in known if row.value.startswith(f"{address}#"))) and before >= days:
        return Change()
    change = _suppress(a, known, "less_often", "reply", often.value(address, days), SuppressionScope.TOPIC)
    return Change(change.puts, (entry(a, "person.paced", days=days),))


def _suppress(
    a: Arrival,
    known: Sequence[Suppression],
    reason: str,
    source: str,
    value: str,
    scope: SuppressionScope = SuppressionScope.ADDRESS,
) -> Change:
    evidence = f"{a.inbound.key} {a.reading.text[:300]}"
    fresh = suppression(value, reason, source, a.now, evidence, scope)
    before = next((s for s in known if s.id == fresh.id), None)
    if before is not None and before.lifted_at is None:
        return Change()
    row = replace(fresh, version=before.version) if before else fresh
    if scope is SuppressionScope.TOPIC:
        about = {"scope": scope.value, "value": row.value}
        return Change((row,), (entry(a, "suppression.added", **about, reason=reason, source=source),))
    return Change((row,), (entry(a, "person.suppressed", reason=reason, source=source),))
