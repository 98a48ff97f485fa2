"""Tokens for other programs: made, listed, revoked, recognised."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from nurture.core import tokens
from nurture.core.change import Change
from nurture.core.keys import KEPT
from nurture.core.messages import Entry
from nurture.core.people import AccessRole, Representative
from nurture.core.tokens import PREFIX, SHOWN, ApiToken
from nurture.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from nurture.core.ids import RepId
    from nurture.core.tokens import Scope
    from nurture.ports import Doors

_NAME: Final = re.compile(r"[0-9a-z][0-9a-z._-]{0,59}")


def digest(secret: str) -> str:
    """What the database knows of a token's secret: the sha256, which is enough for 256 bits of chance."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


async def create(
    doors: Doors,
    name: str,
    scopes: Sequence[Scope],
    *,
    by: RepId,
    rep_id: RepId | None = None,
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """A new token and its secret, which nobody can ask for again.

    Args:
        doors: the world.
        name: what it is for; one token of that name holds at a time.
        scopes: what it may be used for; at least one.
        by: who makes it.
        rep_id: on whose behalf it acts; None: the installation's.
        expires_at: until when; None: until it is revoked.

    Raises:
        UserError: the name is none or taken, nobody is known as ``rep_id``, ``expires_at`` is past, or it is not
            for ``by`` and they are no administrator.
    """
    now = doors.clock.now()
    if not _NAME.fullmatch(name):
        raise UserError("The name of a token has small letters, digits, dots and dashes: {name}", name=name)
    if not scopes:
        raise UserError("A token without a scope is good for nothing")
    if any(token.holds(now) for token in await doors.store.find(ApiToken, {"name": name})):
        raise UserError(
            "There is a token named {name} already", hint="revoke it first: nurture token revoke {name}", name=name
        )
    if rep_id is not None:
        rep = await doors.store.get(Representative, rep_id)
        if rep is None or not rep.active:
            raise UserError("Nobody is known as {by}", by=rep_id)
    await _refuse(doors, rep_id, by)
    if expires_at is not None and expires_at <= now:
        raise UserError("The token would have expired already")
    secret = PREFIX + doors.chance.secret()
    kept = tuple(sorted(set(scopes)))
    token = ApiToken(digest(secret), name, kept, now, by, rep_id, expires_at)
    said = {"name": name, "token": token.id[:SHOWN], "scopes": list(kept), "rep": rep_id or ""}
    await doors.store.commit(Change((token,), (Entry(at=now, kind="token.created", actor=by, data=said),)))
    return replace(token, version=1), secret


async def revoke(doors: Doors, name: str, *, by: RepId) -> tuple[ApiToken, ...]:
    """End the tokens of that name, or the one whose id begins so; those that end now.

    Raises:
        UserError: there is none that holds, or it is another's and ``by`` is no administrator.
        StaleVersion: it was used or revoked at this moment.
    """
    now = doors.clock.now()
    found = [
        token
        for token in await doors.store.find(ApiToken, {"revoked_at": None})
        if token.name == name or (len(name) >= SHOWN and token.id.startswith(name))
    ]
    if not found:
        raise UserError("There is no token {name} that holds", name=name)
    for token in found:
        await _refuse(doors, token.rep_id, by)
    ended = tuple(replace(token, revoked_at=now) for token in found)
    said = tuple(
        Entry(at=now, kind="token.revoked", actor=by, data={"name": t.name, "token": t.id[:SHOWN]}) for t in ended
    )
    await doors.store.commit(Change(ended, said))
    return ended


async def _refuse(doors: Doors, whose: RepId | None, by: RepId) -> None:
    """One's own tokens are one's own matter; all others are an administrator's.

    Raises:
        UserError: nobody is known as ``by``, or this person may not.
    """
    actor = await doors.store.get(Representative, by)
    if actor is None or not actor.active:
        raise UserError("Nobody is known as {by}", by=by)
    if whose != by and AccessRole.ADMINISTRATOR not in actor.access:
        raise UserError(
            "Tokens for others are an administrator's to make and to revoke", hint="your own: --rep {by}", by=by
        )


async def known(doors: Doors, secret: str) -> ApiToken | None:
    """The token of that secret, if it holds now."""
    if not secret.startswith(PREFIX):
        return None
    token = await doors.store.get(ApiToken, digest(secret))
    return token if token is not None and token.holds(doors.clock.now()) else None


async def note_use(doors: Doors, token: ApiToken) -> None:
    """Write down in which hour a token was last used.

    Raises:
        StaleVersion: somebody else did, or it was revoked.
    """
    after = tokens.used(token, doors.clock.now())
    if after is not None:
        await doors.store.commit(Change((after,)))


async def forget(doors: Doors) -> int:
    """Let go of idempotency keys that were kept long enough; how many."""
    return await doors.store.forget(doors.clock.now() - KEPT)
