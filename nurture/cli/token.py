"""``nurture token``: access for other programs, made, listed, revoked."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from nurture.cli.terminal import by_option, json_option, terminal
from nurture.core.tokens import SHOWN, Scope
from nurture.errors import UserError
from nurture.i18n import mark

if TYPE_CHECKING:
    from nurture.core.tokens import ApiToken
    from nurture.ports import Doors

SCOPES = tuple(scope.value for scope in Scope)


@click.group(
    help=mark(
        "Tokens with which other programs (CRM, SFA) use the API. A token acts as one representative and sees "
        "what they see, or as the installation. docs/api.md says what each scope allows."
    )
)
def token() -> None:
    """Create, list, revoke."""


@token.command(help=mark("Make a token and print it: once, for it is kept nowhere."))
@click.option("--name", required=True, help=mark("What it is for: small letters, digits, dots and dashes."))
@click.option(
    "--scope",
    "scopes",
    type=click.Choice(SCOPES),
    multiple=True,
    required=True,
    help=mark("What it may be used for; can be given several times."),
)
@click.option(
    "--rep", "rep_id", metavar="REP", help=mark("On whose behalf it acts; left out: the installation's.")
)
@click.option("--expires", metavar="DATE", help=mark("The last day on which it holds, such as 2027-03-31."))
@by_option
@json_option
def create(
    name: str, scopes: tuple[str, ...], rep_id: str | None, expires: str | None, by: str | None, as_json: bool
) -> None:
    """Make one."""
    t = terminal()
    reader = t.reader(by)
    until = _until(expires, t.settings().timezone) if expires else None

    async def _act(doors: Doors) -> tuple[ApiToken, str]:
        from nurture.core.ids import RepId  # noqa: PLC0415
        from nurture.flows import tokens  # noqa: PLC0415

        return await tokens.create(
            doors,
            name,
            [Scope(scope) for scope in scopes],
            by=reader.id,
            rep_id=RepId(rep_id) if rep_id else None,
            expires_at=until,
        )

    made, secret = t.run(_act)
    if as_json:
        t.json(_data(made) | {"token": secret})
        return
    t.echo(secret)
    t.say(mark("This is shown once. Keep it as you keep a password; a lost one is revoked and made anew."))


@token.command("list", help=mark("List tokens, without their secrets."))
@click.option("--all", "everything", is_flag=True, help=mark("Also those that are revoked or have expired."))
@json_option
def list_(everything: bool, as_json: bool) -> None:
    """The list."""
    t = terminal()

    async def _look(doors: Doors) -> list[ApiToken]:
        from nurture.core.tokens import ApiToken  # noqa: PLC0415

        now = doors.clock.now()
        rows = await doors.store.find(ApiToken, order=("name", "created_at"))
        return [row for row in rows if everything or row.holds(now)]

    rows = t.run(_look)
    if as_json:
        t.json([_data(row) for row in rows])
        return
    if not rows:
        t.say(mark("There are no tokens."))
        return
    w = t.w
    t.table(
        [w("name"), "id", w("for"), w("scopes"), w("until"), w("last used"), w("revoked")],
        [
            (
                row.name,
                row.id[:SHOWN],
                row.rep_id or w("the installation"),
                " ".join(row.scopes),
                t.instant(row.expires_at),
                t.instant(row.used_at),
                t.instant(row.revoked_at),
            )
            for row in rows
        ],
    )


@token.command(help=mark("End a token, by its name or the beginning of its id: at once, for ever."))
@click.argument("name")
@by_option
def revoke(name: str, by: str | None) -> None:
    """End it."""
    t = terminal()
    reader = t.reader(by)

    async def _act(doors: Doors) -> tuple[ApiToken, ...]:
        from nurture.flows import again, tokens  # noqa: PLC0415

        return await again.decided(lambda: tokens.revoke(doors, name, by=reader.id))

    for ended in t.run(_act):
        t.say(mark("Token {name} ({id}) holds no more."), name=ended.name, id=ended.id[:SHOWN])


def _until(said: str, zone: str) -> datetime:
    """The end of that day in the installation's zone."""
    try:
        day = date.fromisoformat(said)
    except ValueError:
        raise UserError("found {found}, expected a date such as 2026-11-05", found=said) from None
    return datetime.combine(day, time(23, 59, 59), ZoneInfo(zone)).astimezone(UTC)


def _data(row: ApiToken) -> dict[str, object]:
    return {
        "id": row.id[:SHOWN],
        "name": row.name,
        "scopes": list(row.scopes),
        "rep": row.rep_id,
        "created_at": row.created_at,
        "created_by": row.created_by,
        "expires_at": row.expires_at,
        "revoked_at": row.revoked_at,
        "used_at": row.used_at,
    }
