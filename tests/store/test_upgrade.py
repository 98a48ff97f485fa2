"""A database of an earlier schema is brought forward with all that stands in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic import command

from nurture.core.change import Change
from nurture.core.messages import Message
from nurture.core.people import Person
from nurture.store import SqlStore, migrations, upgrade
from nurture.store.opening import database_at
from tests.store.world import enrollment, message, person, settle

if TYPE_CHECKING:
    from sqlalchemy import Connection


def _step_down(place: Path | str, revision: str) -> None:
    """As an earlier version of the program would have left it."""
    database = database_at(place, 2)
    with database.writing() as connection, connection.begin():
        made = migrations.config()
        made.attributes["connection"] = connection
        command.downgrade(made, revision)
    database.engine.dispose()


def _columns(connection: Connection) -> set[str]:
    return set(connection.exec_driver_sql("SELECT * FROM message").keys())


@pytest.mark.parametrize("revision", ["0002", "0003"])
async def test_texts_come_along(place: Path | str, revision: str) -> None:
    """Each message keeps its text and the empty one stays empty, down and up again."""
    store = await SqlStore.open(place)
    mails = (
        message("m0", "e0", "p0", body="佐藤先生\n\n先日はありがとうございました。"),
        message("m1", "e0", "p0", step_id="second"),
    )
    await settle(store, person("p0"), enrollment("e0", "p0"), *mails)
    before = await store.find(Message)
    await store.close()

    _step_down(place, revision)
    there = database_at(place, 2)
    with there.writing() as connection, connection.begin():
        old = _columns(connection)
    there.engine.dispose()
    told = upgrade(place if isinstance(place, str) else f"sqlite:///{place}")

    assert ("body" in old) == (revision < "0003")
    assert (revision, migrations.HEAD) == told
    store = await SqlStore.open(place)
    assert before == await store.find(Message)
    await store.close()


async def test_a_text_changes_and_goes(place: Path | str) -> None:
    """Another text takes the place of the first; none leaves no row; what is the same is not written."""
    store = await SqlStore.open(place)
    await settle(store, person("p0"), enrollment("e0", "p0"), message("m0", "e0", "p0", body="one"))

    async def keep(body: str) -> str:
        """What is read after it was written."""
        (mail,) = await store.find(Message)
        await store.commit(Change((replace(mail, body=body),)))
        (mail,) = await store.find(Message)
        return mail.body

    assert ["two", "two", "", "three"] == [await keep(body) for body in ("two", "two", "", "three")]
    assert "" == await keep("")
    assert 0 == await store._read(lambda c: c.exec_driver_sql("SELECT count(*) FROM message_body").scalar_one())
    await store.close()


async def test_who_is_known_is_found(place: Path | str) -> None:
    """People and hospitals of an earlier version are found by their words after the upgrade."""
    store = await SqlStore.open(place)
    await settle(store, person("p0", family_name="高橋", kana="たかはし"))
    await store.close()
    _step_down(place, "0009")
    upgrade(place if isinstance(place, str) else f"sqlite:///{place}")
    store = await SqlStore.open(place)
    found = await store.search(Person, "ﾀｶﾊｼ 青葉", limit=5)
    await store.close()

    assert ["p0"] == [p.id for p in found]
