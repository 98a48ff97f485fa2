"""Somebody leaves: whether a letter of thanks may still be expected to arrive, and who certainly follows (F27).

A mail that says "I move" was written by the person, at the address that it came from: that address works today.
What a machine says of somebody who is gone, and what a colleague says, proves no such thing; a mail that came back
proves the contrary. Where only the address is another nobody leaves, and nobody is thanked for the time together.

A successor is recorded without a person's hand only where nothing is left to guess: a name and an address at the
same hospital, in a mail of the predecessor's own. Any other is offered in the form on the person's page.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from nurture.core.reading import Intent, Kind
from nurture.core.suppressions import domains_over

if TYPE_CHECKING:
    from nurture.core.arrival import Arrival
    from nurture.core.cases import Case
    from nurture.core.people import Organisation
    from nurture.core.reading import Reading, Successor

ADDRESS: Final = re.compile(r"アドレス|address|e-?mail", re.IGNORECASE)
"""Only the address is another."""


def leaves(reading: Reading) -> bool:
    """Whether the mail says that its writer goes, and not only that the address is another."""
    return Intent.LEFT in reading.intents or any(
        found.intent is Intent.MOVED and not ADDRESS.search(found.words) for found in reading.found
    )


def is_told(a: Arrival, case: Case) -> bool:
    """Whether this mail tells that the person goes."""
    return case.thanks and leaves(a.reading)


def reaches(a: Arrival) -> bool:
    """Whether a letter to the person's address can be expected to arrive: the person wrote from there, by hand."""
    reading = a.reading
    return (
        reading.kind is Kind.REPLY and not reading.automatic and a.inbound.from_address == a.person.email.lower()
    )


def follows(a: Arrival, house: Organisation | None) -> Successor | None:
    """Who certainly follows; None: nobody is named, or a person must look."""
    who, reading = a.reading.successor, a.reading
    if (
        who is None
        or not who.name
        or not who.email
        or reading.sensitive
        or Intent.SUCCESSOR_NAMED not in reading.intents
        or not reaches(a)
        or who.email.lower() == a.person.email.lower()
    ):
        return None
    ours = {a.person.email.lower().rpartition("@")[2], *(house.domains if house else ())}
    return who if ours & set(domains_over(who.email.lower())) else None
