"""Daemons that start at one moment on one fresh PostgreSQL database: each of them runs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import pytest

from nurture import wiring
from nurture.clock import SeededChance, SystemClock
from nurture.core.change import Change, Setting
from nurture.core.messages import Entry
from nurture.core.people import Representative
from nurture.files import config
from nurture.flows import feeds
from nurture.flows.unsent import MARK

if TYPE_CHECKING:
    from pathlib import Path

    from nurture.ports import Doors
    from tests.servers.postgres import Postgres

ROUNDS: Final = 6
CONFIG: Final = """
[company]
name = "見本メディカル株式会社"
postal_code = "100-0000"
address = "東京都見本区1-2-3"
phone = "03-0000-0000"
mail = "contact@vendor.example"

[database]
url = "{url}"

[web]
port = 0

[[mailboxes]]
id = "sales"
address = "sales@vendor.example"
name = "見本メディカル株式会社"
smtp = {{host = "127.0.0.1", port = 9, security = "none"}}

[[representatives]]
id = "tanaka"
name = "田中 一郎"
email = "sales@vendor.example"
mailbox = "sales"
access = ["rep"]
"""


async def _live(folder: Path, number: int, all_up: asyncio.Barrier) -> Doors:
    """A daemon from its start to its end in order; it stays until each of them has begun."""
    stop = asyncio.Event()
    settings = config.load(folder / "config.toml")
    async with wiring.start(settings, stop=stop, clock=SystemClock(), chance=SeededChance(number)) as made:
        running = asyncio.create_task(made.daemon.run())
        try:
            await all_up.wait()
        finally:
            stop.set()
            await running
        return made.doors


@pytest.mark.timeout(120)
async def test_daemons_that_start_at_one_moment_all_run(tmp_path: Path, postgres: Postgres) -> None:
    """Who is the first to build the schema, to note the calendars, the people or a key is nobody's failure; and
    each thing is noted once.
    """
    folders = [tmp_path / name for name in ("first", "second", "third")]
    for number in range(ROUNDS):
        name = postgres.make()
        for folder in folders:
            (folder / "data").mkdir(parents=True, exist_ok=True)
            (folder / "scenarios").mkdir(exist_ok=True)
            (folder / "calendars").mkdir(exist_ok=True)
            (folder / "config.toml").write_text(CONFIG.format(url=postgres.url(name)), encoding="utf-8")
        up = asyncio.Barrier(len(folders))
        alive = await asyncio.gather(*(_live(f, 10 * number + k, up) for k, f in enumerate(folders)))

        assert 1 == len({doors.link_key for doors in alive})
        async with wiring.open_doors(config.load(folders[0] / "config.toml")) as doors:
            assert ["tanaka"] == [rep.id for rep in await doors.store.find(Representative)]
            noted = {row.id for row in await doors.store.find(Setting)}
            assert {"calendars", "link-key"} <= noted <= {"calendars", "link-key", MARK}
            assert [] == await _kinds(doors, "calendars.changed")
        postgres.drop(name)


@pytest.mark.timeout(60)
async def test_copies_of_different_days_are_no_tug_of_war(tmp_path: Path, database: str) -> None:
    """Daemons that hold different calendars have all planned anew when theirs change, and not by turns."""
    folders = [tmp_path / name for name in ("first", "second")]
    for folder in folders:
        for part in ("data", "scenarios", "calendars"):
            (folder / part).mkdir(parents=True)
        (folder / "config.toml").write_text(CONFIG.format(url=database), encoding="utf-8")
    first, second = (config.load(folder / "config.toml") for folder in folders)
    async with wiring.open_doors(first) as here, wiring.open_doors(second) as there:
        seen, other = feeds.Seen(), feeds.Seen()
        assert [False, False] == list(await asyncio.gather(feeds.notice(here, seen), feeds.notice(there, other)))
        text = "id: own\nname: {ja: 自社, en: Own}\nentries: []\n"
        (folders[0] / "calendars" / "own.yaml").write_text(text, encoding="utf-8")
        turns = [(await feeds.notice(here, seen), await feeds.notice(there, other)) for _ in range(3)]
        (folders[1] / "calendars" / "own.yaml").write_text(text, encoding="utf-8")
        late = (await feeds.notice(here, seen), await feeds.notice(there, other))

        assert [(True, False), (False, False), (False, False)] == turns
        assert (False, True) == late  # what it planned with its old copy is planned anew
        assert 1 == len(await _kinds(here, "calendars.changed"))


@pytest.mark.timeout(60)
async def test_what_was_noted_first_stands(database: str, tmp_path: Path) -> None:
    """Another one notes the same between our look and our writing: nothing is written twice."""
    folder = tmp_path / "only"
    for part in ("data", "scenarios", "calendars"):
        (folder / part).mkdir(parents=True)
    (folder / "config.toml").write_text(CONFIG.format(url=database), encoding="utf-8")
    async with wiring.open_doors(config.load(folder / "config.toml")) as doors:
        await doors.store.commit(Change((Setting(feeds.DIGEST, "of yesterday"),)))
        noticed = await asyncio.gather(*(feeds.notice(doors, feeds.Seen()) for _ in range(10)))

        assert 1 == sum(noticed)
        assert 1 == len(await _kinds(doors, "calendars.changed"))


async def _kinds(doors: Doors, kind: str) -> list[Entry]:
    return [entry for entry in await doors.store.find(Entry) if entry.kind == kind]
