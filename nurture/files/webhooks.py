"""The part of config.toml that says which other programs are told what happens."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from nurture.config import Secret, Webhook
from nurture.core.published import NAMES
from nurture.files.secrets import LOOPBACK, secret
from nurture.files.yaml import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from nurture.files.toml import Table

_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
NOWHERE: Final = Secret(env="")


def webhooks(tables: Iterable[Table], folder: Path) -> tuple[Webhook, ...]:
    """All endpoints; what is wrong with them is noted in the tables."""
    found: list[Webhook] = []
    for table in tables:
        made = _webhook(table, folder)
        if made.id in {one.id for one in found}:
            table.wrong("id", "{found} is there twice", found=made.id)
        found.append(made)
    return tuple(found)


def _webhook(table: Table, folder: Path) -> Webhook:
    made = Webhook(
        id=table.text("id"),
        url=table.text("url"),
        secret=secret(table, "secret", folder) or NOWHERE,
        old_secret=secret(table, "old_secret", folder),
        events=table.texts("events"),
        private=table.boolean("private", default=False),
    )
    if made.id and not _SLUG.fullmatch(made.id):
        table.wrong("id", "found {found}, expected a short name of small letters, digits, - and _", found=made.id)
    if made.url and not _may_be(made.url):
        table.wrong("url", "found {found}, expected an address that begins with https://", found=made.url)
    if "secret" not in table.data:
        table.wrong(
            "secret",
            "a webhook is signed with a secret",
            hint="add, for example: {example}",
            example='secret = {env = "NURTURE_WEBHOOK_SECRET"}',
        )
    for name in made.events:
        if name not in NAMES:
            guess = nearest(name, NAMES)
            table.wrong(
                "events",
                "found {found}, expected one of {expected}",
                hint="did you mean {guess}?" if guess else None,
                found=name,
                expected=", ".join(NAMES),
                guess=guess,
            )
    table.done()
    return made


def _may_be(url: str) -> bool:
    """Whether something may be sent there: encrypted, or on this machine, and no password in it."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises for one that is none
    except ValueError:
        return False
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    return safe and bool(parts.hostname) and "@" not in parts.netloc
