"""The OpenAPI document is true: whatever it allows is answered as it says, and nothing else is taken."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import CHECKS, load_all_checks

from nurture.api.openapi import document
from nurture.api.table import OPERATIONS
from nurture.core.tokens import Scope
from nurture.store import MemoryStore
from tests.api.conftest import serving, writing
from tests.web.world import ADMIN, furnish

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.api.conftest import Site

CONFIG = schemathesis.Config.from_dict(
    # RFC 6585 has a status of its own for a missing If-Match.
    {"checks": {"missing_required_header": {"expected-statuses": [400, 428]}}}
)
SCHEMA = schemathesis.openapi.from_dict(document(), config=CONFIG)
load_all_checks()
RULES: Any = [
    check
    for check in CHECKS.get_all()
    # A rule of the house may forbid what the document's types allow: no such scenario, nobody of that id …
    if check.__name__ not in {"positive_data_acceptance"}
]


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, str]]:
    """An address and an administrator's token; the server has a thread of its own, for schemathesis blocks."""
    ready: list[tuple[str, str]] = []
    started, over = threading.Event(), threading.Event()

    async def serve() -> None:
        """Until the tests are over."""
        store = MemoryStore()
        await furnish(store)
        async with serving(writing(store)) as site:
            ready.append((site.url, await site.token(ADMIN)))
            started.set()
            while not over.is_set():
                site.world.later(seconds=60)  # so that no rate is ever used up
                await asyncio.sleep(0.05)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert started.wait(20)
    yield ready[0]
    over.set()
    thread.join(20)


@SCHEMA.parametrize()
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_the_document_is_true(case: schemathesis.Case[Any], server: tuple[str, str]) -> None:
    """Generated requests, good and bad: no fault of ours, only answers that the document names, in its forms."""
    url, secret = server
    case.call_and_validate(
        base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {secret}"}, checks=RULES, timeout=20
    )


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)


def test_the_document_is_whole() -> None:
    """Every reference leads somewhere, every operation stands in it once and names its scope."""
    said = document()
    for reference in set(_references(said)):
        found: Any = said
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        assert found
    listed = [o["operationId"] for path in said["paths"].values() for o in path.values()]

    assert sorted(o.name for o in OPERATIONS) == sorted(listed)
    assert len(set(listed)) == len(listed)
    for o in OPERATIONS:
        shown = said["paths"][o.path][o.method.lower()]["description"]
        assert f"`{o.scope}`" in shown if o.scope else "Any token" in shown
    assert {o.scope for o in OPERATIONS if o.scope} == set(Scope)


async def test_anybody_may_read_it(site: Site) -> None:
    """It says nothing about anybody, so it needs no token."""
    async with site.program(None) as client:
        answer = await client.get("/openapi.json")

    assert json.loads(json.dumps(document())) == answer.json()
