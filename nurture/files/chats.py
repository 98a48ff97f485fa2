"""The part of config.toml that says which chats hear of what waits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from nurture.config import Chat, Secret
from nurture.core.chat import NOTICES, SERVICES
from nurture.files.secrets import secret

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from nurture.files.toml import Table

_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
NOWHERE: Final = Secret(env="")


def chats(tables: Iterable[Table], folder: Path, reps: Collection[str]) -> tuple[Chat, ...]:
    """All chats; what is wrong with them is noted in the tables.

    Args:
        tables: ``[[chats]]``.
        folder: what paths start from.
        reps: the ids of our people.
    """
    found: list[Chat] = []
    for table in tables:
        made = _chat(table, folder, reps)
        if made.id in {one.id for one in found}:
            table.wrong("id", "{found} is there twice", found=made.id)
        found.append(made)
    return tuple(found)


def _chat(table: Table, folder: Path, reps: Collection[str]) -> Chat:
    made = Chat(
        id=table.text("id"),
        service=table.choice("service", tuple(SERVICES), ""),
        url=secret(table, "url", folder) or NOWHERE,
        reps=table.texts("reps"),
        notices=table.texts("notices") or NOTICES,
        private=table.boolean("private", default=False),
    )
    if made.id and not _SLUG.fullmatch(made.id):
        table.wrong("id", "found {found}, expected a short name of small letters, digits, - and _", found=made.id)
    if "url" not in table.data:
        table.wrong(
            "url",
            "the address of a chat is a secret: whoever knows it writes there",
            hint="add, for example: {example}",
            example='url = {env = "NURTURE_CHAT_URL"}',
        )
    for name in made.notices:
        if name not in NOTICES:
            table.wrong(
                "notices", "found {found}, expected one of {expected}", found=name, expected=", ".join(NOTICES)
            )
    for name in made.reps:
        if name not in reps:
            table.wrong("reps", "found {found}, expected one of {expected}", found=name, expected=", ".join(reps))
    table.done()
    return made
