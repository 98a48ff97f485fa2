"""The content library: what we have to say, whom it fits, how long it holds, and who has had it.

The files stay the source: the page shows where an item stands, and changes nothing. How often an item left is for
everybody to see; to whom, as far as one sees these people's mail.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.exceptions import HTTPException

from nurture import explain
from nurture.core import content as core
from nurture.core.content import ContentItem, Standing
from nurture.core.messages import Message
from nurture.core.people import Person
from nurture.core.states import UNSENT
from nurture.errors import NurtureError, UserErrors
from nurture.i18n import mark
from nurture.ports import Span
from nurture.render.fields import TOPICS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from starlette.responses import Response

    from nurture.i18n import Words
    from nurture.web.visit import Visit

KINDS: Final[Mapping[str, str]] = {
    "case_study": mark("case study"),
    "seminar": mark("seminar"),
    "column": mark("column"),
    "proposal": mark("proposal"),
    "paper": mark("paper"),
    "video": mark("video"),
    "checklist": mark("checklist"),
    "summary": mark("summary for circulation"),
    "decision": mark("paper for the internal decision"),
    "ethics": mark("paper for the ethics committee"),
    "infection": mark("infection control"),
    "integration": mark("link to existing systems"),
    "security": mark("security"),
    "outline": mark("outline of a proposal"),
    "pilot": mark("pilot offer"),
    "renewal": mark("renewal of a contract"),
    "strength": mark("own strength"),
    "incident": mark("incident report"),
    "incident_closing": mark("end of an incident"),
}
STANDINGS: Final[Mapping[str, str]] = {
    Standing.VALID: mark("may be sent"),
    Standing.EXPIRING: mark("expires soon"),
    Standing.EXPIRED: mark("expired"),
}
_EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATELY: Final = 20
"""So many of the last recipients are named."""


@dataclass(frozen=True, slots=True)
class Row:
    """One item of the list."""

    item: ContentItem
    kind: str
    topics: tuple[str, ...]
    standing: Standing
    until: date | None
    count: int
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What the list was asked for."""

    said: str
    kind: str
    role: str
    topic: str
    standing: str

    @classmethod
    def of(cls, visit: Visit) -> Asked:
        """As the address says it."""
        query = visit.request.query_params
        return cls(*(query.get(name, "")[:200] for name in ("q", "kind", "role", "topic", "standing")))

    @property
    def link(self) -> str:
        """The same question, for going back to its answer."""
        said = (self.said, self.kind, self.role, self.topic, self.standing)
        named = zip(("q", "kind", "role", "topic", "standing"), said, strict=True)
        return "?" + urlencode({name: value for name, value in named if value})

    def fits(self, row: Row) -> bool:
        """Whether an item is among what was asked for; one without roles or topics fits every one."""
        item = row.item
        return (
            self.kind in {"", item.kind}
            and (not self.role or not item.roles or self.role in item.roles)
            and (not self.topic or self.topic in item.topics)
            and self.standing in {"", row.standing}
        )


async def show(visit: Visit) -> Response:
    """GET /content: all items, or those that were asked for; what is about to expire first. One query."""
    asked, w = Asked.of(visit), visit.w
    items, problems = _items(visit)
    uses = await visit.doors.store.uses()
    rows = [_row(visit, item, uses) for item in items]
    said = {row.item: (row.kind, *row.topics, *(explain.role(w, role) for role in row.item.roles)) for row in rows}
    hit = set(core.found(items, asked.said, said.__getitem__))
    shown = sorted(
        (row for row in rows if row.item in hit and asked.fits(row)),
        key=lambda row: (row.standing is not Standing.EXPIRING, row.standing is Standing.EXPIRED, row.item.id),
    )
    return visit.page(
        "content.html",
        asked=asked,
        rows=shown,
        total=len(rows),
        problems=problems,
        kinds=sorted({(row.item.kind, row.kind) for row in rows}, key=lambda pair: pair[1]),
        roles=[(role, explain.role(w, role)) for role in _every(item.roles for item in items)],
        topics=[(topic, _topic(w, topic)) for topic in _every(item.topics for item in items)],
        standings=[(one, w(says), sum(row.standing == one for row in rows)) for one, says in STANDINGS.items()],
        standing_words={one: w(says) for one, says in STANDINGS.items()},
    )


async def one(visit: Visit) -> Response:
    """GET /content/{id}: an item as it stands in a mail, where it is kept, and who has had it. Four queries."""
    items, _ = _items(visit)
    item = next((each for each in items if each.id == visit.key()), None)
    if item is None:
        raise HTTPException(404)
    store, reader, w = visit.doors.store, visit.reader, visit.w
    row = _row(visit, item, await store.uses())
    about = {**reader.where, "content_id": item.id}
    left = await store.find(Message, about | {"sent_at": Span(_EVER)}, order=("-sent_at",), limit=LATELY)
    coming = await store.find(Message, about | {"state": tuple(UNSENT)}, order=("planned_at",), limit=LATELY)
    ids = {message.person_id for message in (*left, *coming)}
    people = {p.id: p for p in await store.find(Person, {"id": tuple(ids)})} if ids else {}
    return visit.page(
        "content_item.html",
        row=row,
        item=item,
        standing=w(STANDINGS[row.standing]),
        roles=[explain.role(w, role) for role in item.roles],
        pointers=[(_topic(w, p.topic), p.page, p.label) for p in item.pointers],
        left=[(m, people[m.person_id].name) for m in left if m.person_id in people],
        coming=[(m, people[m.person_id].name, explain.state(w, m.state)) for m in coming if m.person_id in people],
        asked_by=_asked_by(visit, item),
    )


def _items(visit: Visit) -> tuple[tuple[ContentItem, ...], list[str]]:
    """All items; where a file is broken none, and what is wrong."""
    try:
        return visit.doors.library.content(), []
    except NurtureError as error:
        several = error.errors if isinstance(error, UserErrors) else (error,)
        return (), [visit.w.error(each) for each in several]


def _row(visit: Visit, item: ContentItem, uses: Mapping[str, core.Use]) -> Row:
    w = visit.w
    today = visit.doors.clock.now().astimezone(ZoneInfo(visit.doors.settings.timezone)).date()
    use = uses.get(item.id)
    return Row(
        item,
        w(KINDS[item.kind]) if item.kind in KINDS else item.kind,
        tuple(_topic(w, topic) for topic in item.topics),
        core.standing(item, today),
        core.last_day(item),
        use.times if use else 0,
        use.last_at if use else None,
    )


def _asked_by(visit: Visit, item: ContentItem) -> list[tuple[str, str]]:
    """Which steps of which scenarios ask for content of this kind."""
    try:
        listed = visit.doors.library.scenarios()
    except NurtureError:
        return []
    w = visit.w
    return [
        (one_.name.get(w.language) or one_.id, explain.step(w, step.id))
        for one_ in listed
        for step in one_.steps
        if step.content is not None and step.content.kind == item.kind
    ]


def _every(lists: Iterable[tuple[str, ...]]) -> list[str]:
    return sorted({name for names in lists for name in names})


def _topic(w: Words, slug: str) -> str:
    return TOPICS.get(w.language, {}).get(slug, slug)
