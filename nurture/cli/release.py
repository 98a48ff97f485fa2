"""``nurture queue release``: what the safety valve holds, before a person who releases it or keeps it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from nurture.cli.terminal import Terminal, by_option, json_option, terminal
from nurture.errors import UserError
from nurture.i18n import mark

if TYPE_CHECKING:
    from nurture.flows.steering import Backlog
    from nurture.ports import Doors


@click.command(
    help=mark(
        "Show what the safety valve holds back, then let it leave within the limits; with --keep all of it comes "
        "back to the desk, each mail to be approved anew."
    )
)
@click.option("--keep", is_flag=True, help=mark("Do not let it leave: back to the desk."))
@click.option("--yes", "seen", metavar="MARK", help=mark("Do not ask; MARK says what you have looked at."))
@by_option
@json_option
def release(keep: bool, seen: str | None, by: str | None, as_json: bool) -> None:
    """Show, ask, decide."""
    t = terminal()
    backlog = t.run(_look)
    if as_json and seen is None:
        t.json(_data(backlog))
        return
    if backlog is None:
        t.say(mark("The safety valve holds nothing back."))
        return
    rep = t.reader(by)
    if seen is None:
        _show(t, backlog)
        t.echo()
        ask = mark("Bring all of it back to the desk?") if keep else mark("Let all of it leave?")
        click.confirm(t.w(ask), abort=True)
    elif seen != backlog.held.mark:
        raise UserError("meanwhile it holds back something else: look again", hint="nurture queue release")

    async def _act(doors: Doors) -> int:
        from nurture.flows import steering  # noqa: PLC0415

        if keep:
            return await steering.keep(doors, by=rep.id, seen=backlog.held.mark)
        await steering.release(doors, by=rep.id, seen=backlog.held.mark)
        return backlog.count

    count = t.run(_act)
    if keep:
        t.say(mark("{count} mails are back at the desk."), count=count)
    else:
        t.say(mark("{count} mails leave now, within the limits."), count=count)


async def _look(doors: Doors) -> Backlog | None:
    from nurture.flows import steering  # noqa: PLC0415

    return await steering.backlog(doors)


def _data(backlog: Backlog | None) -> dict[str, Any]:
    if backlog is None:
        return {"count": 0, "mark": None}
    return {
        "count": backlog.count,
        "mark": backlog.held.mark,
        "since": backlog.held.at.isoformat(),
        "scenarios": dict(backlog.scenarios),
        "mailboxes": dict(backlog.mailboxes),
    }


def _show(t: Terminal, backlog: Backlog) -> None:
    w = t.w
    t.facts(
        (
            (w("mails"), str(backlog.count)),
            (w("since"), t.instant(backlog.held.at)),
            (w("scenarios"), w(", ").join(f"{key} ({n})" for key, n in backlog.scenarios.items())),
            (w("mailboxes"), w(", ").join(f"{key} ({n})" for key, n in backlog.mailboxes.items())),
            (w("mark"), backlog.held.mark),
        )
    )
    t.echo()
    t.table(
        (w("leaves"), w("to"), w("subject")),
        [(t.instant(m.planned_at), m.to_address, m.subject) for m in backlog.first],
    )
