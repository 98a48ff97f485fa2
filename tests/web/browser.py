"""Pages as a person uses them: forms are found and sent with what they carry."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import httpx

from nurture.web import login

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from nurture.core.people import Representative
    from tests.web.world import World

BASE = "http://desk.example"


@dataclass
class Form:
    """A form: where it goes, and its fields as they stand."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class Forms(HTMLParser):
    """All forms of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._area: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a form, or note a field."""
        a = {k: v or "" for k, v in attrs}
        if tag == "form":
            self.found.append(Form(a.get("action", ""), a.get("method", "get")))
        elif self.found and tag == "input" and "name" in a:
            self.found[-1].fields[a["name"]] = a.get("value", "")
        elif self.found and tag == "textarea":
            self._area = a["name"]
            self.found[-1].fields[self._area] = ""

    def handle_endtag(self, tag: str) -> None:
        """End a text area."""
        if tag == "textarea":
            self._area = None

    def handle_data(self, data: str) -> None:
        """The text of a text area; the first line end after the tag does not count (HTML)."""
        if self._area is not None:
            fields = self.found[-1].fields
            fields[self._area] += data if fields[self._area] else data.removeprefix("\n")


def form(html: str, action: str) -> Form:
    """The form that goes to ``action`` (its end)."""
    return next(f for f in Forms(html).found if f.action.endswith(action))


def browser(app: Starlette, base: str = BASE) -> httpx.AsyncClient:
    """A browser without a screen; it does not follow redirects by itself."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=base)


async def sign_in(client: httpx.AsyncClient, world: World, who: Representative) -> None:
    """Sign in with a fresh link."""
    link = await login.issue(world.doors, who)
    answer = await client.post(link)
    assert answer.status_code == 303, answer.text


async def send(client: httpx.AsyncClient, html: str, action: str, **fields: str) -> httpx.Response:
    """Fill in a form and send it."""
    found = form(html, action)
    return await client.post(found.action, data=found.fields | fields)
