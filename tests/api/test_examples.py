"""The examples in docs/api.md are true: each request is sent as it stands there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nurture.core.published import EVENTS
from nurture.core.tokens import Scope
from tests.web.world import SATO

if TYPE_CHECKING:
    from tests.api.conftest import Site

TEXT = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```sh\n(curl .*?)^```", TEXT, re.DOTALL | re.MULTILINE)


def read(example: str, known: dict[str, str]) -> tuple[str, str, dict[str, str], str | None]:
    """Method, address, headers and content of a curl command."""
    for name, value in known.items():
        example = example.replace(f"${name}", value.replace('"', '\\"'))
    words = iter(shlex.split(example.replace("\\\n", " "))[1:])
    method, url, headers, content = "", "", {}, None
    for word in words:
        if word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        elif word == "-X":
            method = next(words)
        elif word == "-d":
            content = next(words)
        elif word != "-s":
            url = word
    return method or ("POST" if content else "GET"), url, headers, content


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: re.sub(r"\s.*", "", e.split("/api/v1")[1].strip('"')))
async def test_an_example_works(site: Site, example: str) -> None:
    """It is answered as the text says; a scenario that this world does not have is named, not something else."""
    known = {"NURTURE": site.url, "TOKEN": await site.token(SATO), "ETAG": ""}
    async with site.program(known["TOKEN"]) as client:
        known["ETAG"] = (await client.get("/messages/m-case")).headers["etag"]
        method, url, headers, content = read(example, known)
        answer = await client.request(method, url, headers=headers, content=content)

    if "after-loss" in example:
        assert (answer.status_code, "after-loss" in answer.text) == (422, True)
    else:
        assert answer.status_code in {200, 201}, answer.text


def test_every_scope_stands_in_the_document() -> None:
    """The table of docs/api.md has each scope once."""
    assert sorted(Scope) == sorted(re.findall(r"^\| `([a-z]+:[a-z]+)` \|", TEXT, re.MULTILINE))


def test_there_are_examples() -> None:
    """They are found at all."""
    assert len(EXAMPLES) >= 7


def test_every_event_stands_in_the_document() -> None:
    """The table of docs/api.md has each event with its facts, and no other."""
    table = TEXT.partition("| event |")[2].partition("\n\n")[0]
    rows = [row.split("|")[1:3] for row in table.splitlines()[2:] if row.startswith("|")]
    listed = {name: facts for names, facts in rows for name in re.findall(r"`([a-z_.]+)`", names)}

    assert {p.name for p in EVENTS.values()} == set(listed)
    for published in EVENTS.values():
        assert set(re.findall(r"`([a-z_]+)`", listed[published.name])) == set(published.facts)
