"""``nurture upgrade``: bring the database to this version's schema."""

from __future__ import annotations

import click

from nurture.cli.terminal import terminal
from nurture.errors import UserError
from nurture.i18n import mark


@click.command(help=mark("Bring the database to this version's schema. Stop the daemon and copy the file first."))
def upgrade() -> None:
    """Upgrade, alone on the file."""
    from nurture.store import database_path  # noqa: PLC0415
    from nurture.store import upgrade as bring  # noqa: PLC0415

    t = terminal()
    url = t.settings().database_url
    path = database_path(url)
    if path is not None and not path.exists():
        raise UserError("There is no database yet", hint="nurture run makes one")
    before, after = bring(url)
    if before == after:
        t.say(mark("The database has this version's schema already ({revision})."), revision=after)
    else:
        t.say(mark("The database was brought from schema {before} to {after}."), before=before, after=after)
