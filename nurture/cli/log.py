"""``nurture log``: the journal, as people read it or as data."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from nurture.cli.terminal import Terminal, terminal
from nurture.errors import UserError
from nurture.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nurture.core.messages import Entry
    from nurture.ports import Doors

_AGO = re.compile(r"(\d{1,5})\s*([mhdw])")
LATE = 200
"""How far back a follower looks: where several daemons write, a line can come after one with a higher number."""
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@click.command(help=mark("Read the journal: what happened, to whom, by whom, and why. The newest stands last."))
@click.option("--person", metavar="PERSON", help=mark("Only this person: address, name or id."))
@click.option("--message", "message", metavar="ID", help=mark("Only this mail."))
@click.option("--kind", metavar="KIND", help=mark("Only this kind: message, message.sent, inbound …"))
@click.option("--since", metavar="WHEN", help=mark("From then on: 2026-11-05, 2026-11-05T15:00, 90m, 6h, 3d, 2w."))
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help=mark("At most this many.")
)
@click.option("-f", "--follow", is_flag=True, help=mark("Wait for more, until Ctrl-C."))
@click.option("--json", "as_json", is_flag=True, help=mark("One JSON object per line."))
def log(
    person: str | None,
    message: str | None,
    kind: str | None,
    since: str | None,
    limit: int,
    follow: bool,
    as_json: bool,
) -> None:
    """Read, and go on reading."""
    t = terminal()
    try:
        t.run(lambda doors: _read(t, doors, person, message, kind, since, limit, follow=follow, as_json=as_json))
    except KeyboardInterrupt:
        if not follow:  # else it is how one stops listening
            raise


async def _read(
    t: Terminal,
    doors: Doors,
    person: str | None,
    message: str | None,
    kind: str | None,
    since: str | None,
    limit: int,
    *,
    follow: bool,
    as_json: bool,
) -> None:
    from nurture.cli import find  # noqa: PLC0415
    from nurture.core.messages import Entry  # noqa: PLC0415
    from nurture.ports import Span  # noqa: PLC0415

    where: dict[str, object] = {}
    if person:
        where["person_id"] = (await find.person(doors, person)).id
    if message:
        where["message_id"] = (await find.message(doors, message)).id
    if kind:
        where["kind"] = kind if "." in kind else Span(f"{kind}.", f"{kind}/")  # "/" follows "."
    if since:
        where["at"] = Span(moment(since, doors.clock.now(), t.zone()), None)
    changed = doors.store.changed()
    last = await _last(doors)
    seen = {entry.seq for entry in await doors.store.find(Entry, {**where, "seq": Span(last - LATE, None)})}
    found = await doors.store.find(Entry, where, order=("-seq",), limit=limit)
    await _print(t, doors, found[::-1], as_json=as_json)
    seen |= {entry.seq for entry in found}
    while follow:
        changed.clear()
        recent = await doors.store.find(
            Entry, {**where, "seq": Span(last - LATE, None)}, order=("seq",), limit=1000
        )
        fresh = [entry for entry in recent if entry.seq not in seen]
        await _print(t, doors, fresh, as_json=as_json)
        last = max([last, *(entry.seq for entry in fresh)])
        seen = {seq for seq in seen if seq >= last - LATE} | {entry.seq for entry in fresh}
        if not fresh:
            await doors.clock.sleep_until(doors.clock.now() + timedelta(seconds=2), changed)


async def _last(doors: Doors) -> int:
    from nurture.core.messages import Entry  # noqa: PLC0415

    found = await doors.store.find(Entry, order=("-seq",), limit=1)
    return found[0].seq if found else 0


def moment(said: str, now: datetime, zone: str) -> datetime:
    """A moment as people say it: a date, a time, or how long ago.

    Raises:
        UserError: it is none of these.
    """
    if ago := _AGO.fullmatch(said.strip()):
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        if len(said.strip()) == len("2026-11-05"):
            found = datetime.combine(date.fromisoformat(said.strip()), datetime.min.time())
        else:
            found = datetime.fromisoformat(said.strip())
    except ValueError:
        raise UserError(
            "{said} is not a moment", hint="write 2026-11-05, 2026-11-05T15:00, 90m, 6h, 3d or 2w", said=said
        ) from None
    return (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


async def _print(t: Terminal, doors: Doors, entries: Sequence[Entry], *, as_json: bool) -> None:
    from nurture import explain  # noqa: PLC0415
    from nurture.cli.find import all_entry_names  # noqa: PLC0415
    from nurture.cli.tables import one_line, pad, width  # noqa: PLC0415
    from nurture.core.people import Person  # noqa: PLC0415

    if as_json:
        for entry in entries:
            t.echo(json.dumps(_data(entry), ensure_ascii=False, default=str))
        return
    ids = {entry.person_id for entry in entries if entry.person_id}
    names = {p.id: p.name for p in await doors.store.find(Person, {"id": tuple(ids)})} if ids else {}
    entries_ = all_entry_names(doors, t.language)
    whens = [t.instant(entry.at) for entry in entries]
    cells = max(map(width, whens), default=0)
    for when, entry in zip(whens, entries, strict=True):
        who = names.get(entry.person_id, "") if entry.person_id else ""
        by = f" [{entry.actor}]" if entry.actor != "nurture" else ""
        told = explain.entry(t.w, entry, entries_)
        line = f"{who}{t.w(': ')}{told}" if who else told
        t.echo(f"{pad(when, cells)}  {one_line(line)}{by}")


def _data(entry: Entry) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "at": entry.at.isoformat(),
        "kind": entry.kind,
        "actor": entry.actor,
        "person": entry.person_id,
        "organisation": entry.organisation_id,
        "deal": entry.deal_id,
        "enrollment": entry.enrollment_id,
        "message": entry.message_id,
        "data": dict(entry.data),
    }
