"""Why a mail has its date, in words (``core.plan``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nurture.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nurture.core.messages import Move
    from nurture.i18n import Words

RULES: Final[Mapping[str, str]] = {
    "blackout": mark("{entry}: nothing is sent ({span})"),
    "holiday": mark("holiday: {entry} ({span})"),
    "no_appointment": mark("no appointments during {entry} ({span})"),
    "no_window": mark("no send window that day ({span})"),
    "windows_over": mark("the day's send windows were over ({span})"),
    "past": mark("its day had passed ({span})"),
    "less_often": mark("wants mail less often ({span})"),
    "min_gap": mark("too soon after this person's last mail ({span})"),
    "per_organisation": mark("enough mail to this organisation ({span})"),
    "reduce": mark("fewer mails during {entry} ({span})"),
    "order": mark("not before the step ahead of it ({span})"),
    "same_date": mark("another mail reaches this person that day ({span})"),
    "expiry": mark("later than its last permitted date"),
    "when": mark("its condition does not hold"),
    "no_date": mark("no free date within a year"),
    "away": mark("away until then ({span})"),
    "quiet": mark("quiet period of the organisation ({span})"),
    "chosen": mark("a person chose this date ({span})"),
    "advance": mark("moved forward ({span})"),
}


def _span(w: Words, move_: Move) -> str:
    if move_.from_ is None:
        return ""
    if move_.to is None or move_.to == move_.from_:
        return w.day(move_.from_)
    return f"{w.day(move_.from_)} → {w.day(move_.to)}"


def move(w: Words, move_: Move, names: Mapping[str, str] | None = None) -> str:
    """One reason for a date; ``names`` maps entries ("jp-medical/jrc-2027") to their names."""
    text = RULES.get(move_.rule, move_.rule)
    entry_ = (names or {}).get(move_.entry or "", move_.entry or "")
    return w(text, entry=entry_, span=_span(w, move_)).replace("()", "").replace("（）", "").strip()


def moves(w: Words, found: Sequence[Move], names: Mapping[str, str] | None = None) -> str:
    """All reasons for a date, in order."""
    return w("; ").join(move(w, m, names) for m in found)
