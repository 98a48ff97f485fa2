"""Tokens: shown once, kept as a digest, good for their scopes, for a time, until they are revoked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from nurture.api.rates import BURST, Rates
from nurture.core.change import Change
from nurture.core.messages import Entry
from nurture.core.people import Representative
from nurture.core.tokens import ApiToken, Scope
from nurture.errors import UserError
from nurture.flows import tokens
from tests.web.world import ADMIN, GONE, NOW, SATO

if TYPE_CHECKING:
    from tests.api.conftest import Site


async def test_the_secret_is_kept_nowhere(site: Site) -> None:
    """Neither the row nor the journal holds it."""
    secret = await site.token(SATO)
    rows = await site.world.store.find(ApiToken)
    entries = await site.world.store.find(Entry, {"kind": "token.created"})

    assert secret not in repr((rows, entries))
    assert secret.startswith("nurture_")
    assert entries[-1].data["name"] == "of-sato"


@pytest.mark.parametrize(
    "said",
    [None, "Bearer", "Bearer nurture_wrong", "Bearer x", "Basic bnVydHVyZQ==", "nurture_wrong", "Bearer \u00e9"],
)
async def test_without_a_token_nothing_is_shown(site: Site, said: str | None) -> None:
    """401 as a problem document, with the way to ask (RFC 6750)."""
    async with site.program(None) as client:
        answer = await client.get("/people", headers={"Authorization": said.encode()} if said else {})  # type: ignore[arg-type]

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_token_ends(site: Site) -> None:
    """When it has expired, when it is revoked, and when its representative is no longer with us."""
    doors = site.world.doors
    _, short = await tokens.create(doors, "short", tuple(Scope), by=ADMIN.id, expires_at=NOW + timedelta(hours=1))
    ended, of_sato = await site.token(None, name="ended"), await site.token(SATO)
    async with site.program(short) as a, site.program(ended) as b, site.program(of_sato) as c:
        before = [(await client.get("/me")).status_code for client in (a, b, c)]
        site.world.later(hours=2)
        await tokens.revoke(doors, "ended", by=ADMIN.id)
        sato = await doors.store.get(Representative, SATO.id)
        assert sato is not None
        await doors.store.commit(Change((replace(sato, active=False),)))
        after = [(await client.get("/me")).status_code for client in (a, b, c)]

    assert before == [200, 200, 200]
    assert after == [401, 401, 401]


async def test_a_scope_is_needed_and_enough(site: Site) -> None:
    """403 names the scope that is missing; to write does not include to read."""
    secret = await site.token(SATO, (Scope.PEOPLE_WRITE,))
    async with site.program(secret) as client:
        answer = await client.get("/people")

    assert answer.status_code == 403
    assert 'error="insufficient_scope", scope="people:read"' in answer.headers["www-authenticate"]
    assert answer.json()["type"] == "/api/v1/problems/insufficient-scope"


async def test_one_name_one_token(site: Site) -> None:
    """A name is free again once its token is revoked."""
    doors = site.world.doors
    await site.token(None)
    with pytest.raises(UserError, match="already"):
        await site.token(None)
    await tokens.revoke(doors, "crm", by=ADMIN.id)
    await site.token(None)
    with pytest.raises(UserError, match="Nobody"):
        await site.token(GONE)
    with pytest.raises(UserError, match="no token"):
        await tokens.revoke(doors, "other", by=ADMIN.id)


async def test_the_hour_of_the_last_use_is_known(site: Site) -> None:
    """Written once an hour, not with every request."""
    async with site.acting(SATO) as client:
        await client.get("/me")
        site.world.later(minutes=1)
        await client.get("/me")
    (row,) = await site.world.store.find(ApiToken)

    assert (row.used_at, row.version) == (NOW.replace(minute=0), 2)


async def test_a_token_may_not_ask_without_end(site: Site) -> None:
    """429 says when to come again; another token is not held up."""
    async with site.acting(SATO) as client, site.acting(None) as other:
        for _ in range(BURST):
            last = await client.get("/me")
        refused = await client.get("/me")
        free = await other.get("/me")
        site.world.later(seconds=int(refused.headers["retry-after"]))
        again = await client.get("/me")

    assert last.headers["ratelimit"] == '"token";r=0;t=1'
    assert (refused.status_code, free.status_code, again.status_code) == (429, 200, 200)
    assert refused.headers["content-type"] == "application/problem+json"


def test_a_bucket_fills_up_steadily() -> None:
    """After half the window half of it may be asked again, never more than the whole."""
    rates = Rates()
    for _ in range(BURST + 5):
        rates.take("a", NOW)
    allowed, left = rates.take("a", NOW + timedelta(seconds=30))

    assert (allowed, left.requests) == (True, BURST // 2 - 1)
    assert rates.take("a", NOW + timedelta(days=1))[1].requests == BURST - 1
    assert rates.take("a", NOW)[0]
