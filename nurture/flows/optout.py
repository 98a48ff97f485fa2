"""Opt-out by the recipient: at once, for ever, without a login (RFC 8058; the anti-spam act).

The token of a link is known by its row, or else by its seal (``mail.links``): the links of mails whose rows were
lost, as when a backup was restored, go on doing what they say.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from nurture.core import silencing, suppressions, turns
from nurture.core.change import Change, Setting
from nurture.core.messages import Enrollment, EnrollmentState, Entry, Message, Suppression, SuppressionScope
from nurture.core.people import Person
from nurture.core.suppressions import Refusal
from nurture.errors import UserError
from nurture.flows import again
from nurture.mail import links
from nurture.mail.address import check_address

if TYPE_CHECKING:
    from nurture.ports import Chance, Doors, Store

KEY: Final = "link-key"


async def key(store: Store, chance: Chance) -> bytes:
    """What seals the links of mails: made once, kept in the database and so in each backup, and never changed, for
    the links of old mails must work. All daemons of a database have the same.

    Raises:
        TemporaryFailure, PermanentFailure: the store.
    """
    return await again.decided(lambda: _key(store, chance))


async def _key(store: Store, chance: Chance) -> bytes:
    if (kept := await store.get(Setting, KEY)) is None:
        kept = Setting(KEY, chance.secret() + chance.secret())
        await store.commit(Change((kept,)))
    return kept.value.encode()


async def unsubscribe(doors: Doors, token: str, *, source: str, evidence: str) -> bool:
    """Suppress the address to which the mail with this token went, and stop the person's enrollments.

    Args:
        doors: the world.
        token: ``Message.unsubscribe_token``.
        source: one_click | web | mailto.
        evidence: what was asked, when and from where, kept with the suppression.

    Returns:
        Whether the address is silent now; False for a token that is none of ours. A second call changes nothing.

    Raises:
        TemporaryFailure: the rows were never quiet; nothing has changed.
    """
    return await again.decided(lambda: _unsubscribe(doors, token, source, evidence))


async def _unsubscribe(doors: Doors, token: str, source: str, evidence: str) -> bool:
    person, address = await _meant(doors, token)
    if not address:
        return False
    if person is not None:
        await silence(doors, person, address, source=source, evidence=evidence)
    elif change := await stranger(doors, address, evidence, source):
        await doors.store.commit(change)
    return True


async def _meant(doors: Doors, token: str) -> tuple[Person | None, str]:
    """Whom a token silences, and under which address; an empty one for a token that is none of ours."""
    messages = await doors.store.find(Message, {"unsubscribe_token": token}, limit=1) if token else ()
    person = await doors.store.get(Person, messages[0].person_id) if messages else None
    if person is not None:
        return person, messages[0].to_address or person.email
    address = links.opened(doors.link_key, token) or (messages[0].to_address if messages else "")
    spelt = tuple({address, address.lower()})
    people = await doors.store.find(Person, {"email": spelt}, limit=1) if address else ()
    return people[0] if people else None, address


async def silence(doors: Doors, person: Person, address: str, *, source: str, evidence: str) -> None:
    """Suppress one address, and the one that the person has now, and stop this person's enrollments.

    Raises:
        StaleVersion: somebody wrote first; nothing has changed.
    """
    now = doors.clock.now()
    change = Change()
    for value in sorted({address.lower(), person.email.lower()}):
        fresh = silencing.suppression(value, "unsubscribe", source, now, evidence)
        known = await doors.store.get(Suppression, fresh.id)
        if known is not None and known.lifted_at is None:
            continue
        row = fresh if known is None else replace(fresh, version=known.version)
        said = Entry(
            at=now,
            kind="person.suppressed",
            actor=address,
            data={"reason": "unsubscribe", "source": source},
            person_id=person.id,
            organisation_id=person.organisation_id,
        )
        change += Change((row,), (said,))
    running = await doors.store.find(
        Enrollment, {"person_id": person.id, "state": (EnrollmentState.ACTIVE, EnrollmentState.PAUSED)}
    )
    for dossier in await doors.store.dossiers(tuple(e.id for e in running), now):
        change += turns.stop(dossier, "unsubscribe", now, address)
    if change:
        await doors.store.commit(change)


async def stranger(doors: Doors, address: str, evidence: str, source: str = "mailto") -> Change:
    """What keeps an address silent whose owner nobody knows: for whoever brings it in some day."""
    try:
        wanted = Refusal(SuppressionScope.ADDRESS, check_address(address).lower(), "unsubscribe", evidence)
    except UserError:
        return Change()
    now, zone = doors.clock.now(), ZoneInfo(doors.settings.timezone)
    known = await doors.store.get(Suppression, suppressions.key(wanted.scope, wanted.value))
    row = suppressions.refuse(wanted, known, source, now, zone)
    return Change((row,), (suppressions.refused(row, now, wanted.value, None),)) if row else Change()
