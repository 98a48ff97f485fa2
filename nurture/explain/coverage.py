"""The groups of an organisation in words: who they are, what they ask for, who is an ally (practice C20, E)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nurture.core.coverage import OTHERS, Standing
from nurture.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nurture.i18n import Words

GROUPS: Final[Mapping[str, str]] = {
    "clinician": mark("Clinicians"),
    "nursing": mark("Nursing managers"),
    "executive": mark("Executives and administration"),
    "it": mark("IT and clinical engineers"),
    "procurement": mark("Procurement"),
    "floor": mark("Shift leaders and technologists"),
    OTHERS: mark("Role not noted"),
}

CARES: Final[Mapping[str, str]] = {
    "clinician": mark("evidence, papers, news from congresses, joint research"),
    "nursing": mark("workload, safety, training"),
    "executive": mark("return, total cost, subsidies, what the fee schedule pays"),
    "it": mark("security, integration, maintenance, guidelines"),
    "procurement": mark("grounds for the price, ways to pay, schedule"),
    "floor": mark("the daily flow, three-minute videos, a training plan"),
}
"""What each group wants to hear about."""

ALLIES: Final[Mapping[str, str]] = {
    "clinician": mark("the head of the department that will use it"),
    "nursing": mark("the nurse who is in charge of education"),
    "executive": mark("the claims office (医事課)"),
    "it": mark("a clinical engineer, who decides about safety"),
    "procurement": mark("whoever writes the request for the internal decision"),
    "floor": mark("a shift leader who will use it each day"),
}
"""Who is often an ally, and seldom in the room."""

STANDINGS: Final[Mapping[Standing, str]] = {
    Standing.SCEPTICAL: mark("sceptical"),
    Standing.SUPPORTIVE: mark("supportive"),
    Standing.SILENT: mark("silent"),
    Standing.MET: mark("met"),
    Standing.WRITTEN: mark("written to"),
    Standing.KNOWN: mark("known by name"),
}


def group(w: Words, key: str) -> str:
    """What a group is called."""
    return w(GROUPS[key]) if key in GROUPS else key


def cares(w: Words, key: str) -> str:
    """What a group wants to hear about; empty for those without a group."""
    return w(CARES[key]) if key in CARES else ""


def ally(w: Words, key: str) -> str:
    """Whom to look for where nobody is known."""
    return w(ALLIES[key]) if key in ALLIES else ""


def standing(w: Words, value: Standing) -> str:
    """How we stand with somebody."""
    return w(STANDINGS[value])
