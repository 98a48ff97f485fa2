"""Which deal a meeting was about: product, phase and competitor, offered as they are known from the last one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nurture.cli.questions import choices, line, number
from nurture.core.deals import DealStatus
from nurture.explain.names import phases
from nurture.flows import minutes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nurture.cli.terminal import Terminal
    from nurture.core.deals import Deal


def deal(t: Terminal, deals: Sequence[Deal], rivals: Sequence[str]) -> dict[str, Any]:
    """What a meeting file would say about the deal; Enter alone takes what is known, or skips.

    Args:
        t: where to ask.
        deals: the organisation's, the last one first.
        rivals: known competitors.
    """
    running = [one for one in deals if one.status is DealStatus.OPEN]
    chosen = _chosen(t, running)
    last = chosen or (deals[0] if deals and not running else None)  # a lost deal still says who won
    answers: dict[str, Any] = {"deal": chosen.name} if chosen else {}
    before = last.product if last else ""
    if product := line(t.w("Which product?") if before else t.w("Which product? (Enter: none)"), before):
        answers["product"] = product
    answers["phase"] = _phase(t, chosen.phase if chosen else 1)
    competitor = _competitor(t, (last.competitor or "") if last else "", rivals)
    return answers if competitor is None else answers | {"competitor": competitor}


def _chosen(t: Terminal, running: Sequence[Deal]) -> Deal | None:
    """The deal that goes on, or None for a new one."""
    if not running:
        return None
    choices(t, [f"{one.name} ({phases(t.w)[one.phase - 1]})" for one in running])
    picked = number(t, t.w("Which deal is it? (number; Enter: 1; 0: a new one)"), 0, len(running), 1)
    return running[picked - 1] if picked else None


def _phase(t: Terminal, before: int) -> int:
    choices(t, phases(t.w))
    return number(
        t, t.w("How far is the deal? (number; Enter: {number})", number=before), 1, len(phases(t.w)), before
    )


def _competitor(t: Terminal, before: str, rivals: Sequence[str]) -> str | None:
    """A name; empty when there is none any more; None when nothing was said."""
    text = t.w("Which competitor? (Enter: none)")
    if rivals:
        choices(t, rivals)
        text = t.w("Which competitor? (number or name; Enter: none)")
    if before:
        text = t.w("Which competitor? (number or name; –: none any more)")
    said = line(text, before)
    if said.isdecimal() and 0 < int(said) <= len(rivals):
        return rivals[int(said) - 1]
    return minutes.rival(said, rivals)
