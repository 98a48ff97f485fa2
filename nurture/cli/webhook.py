"""``nurture webhook``: other programs that are told what happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from nurture.cli.terminal import by_option, json_option, terminal
from nurture.errors import UserError
from nurture.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nurture.cli.terminal import Terminal
    from nurture.config import Webhook
    from nurture.core.change import Told
    from nurture.ports import Doors, Heard


@click.group(
    help=mark(
        "The addresses under [[webhooks]] in config.toml, which are told what happens (Standard Webhooks). "
        "docs/api.md says what an event holds and how its signature is checked."
    )
)
def webhook() -> None:
    """List, try, resume."""


@webhook.command("list", help=mark("List the endpoints and how they stand."))
@json_option
def list_(as_json: bool) -> None:
    """The list."""
    t = terminal()
    endpoints = t.settings().webhooks

    async def _look(doors: Doors) -> Mapping[str, Told]:
        from nurture.core.change import Told  # noqa: PLC0415

        return {row.id: row for row in await doors.store.find(Told)}

    known = t.run(_look) if endpoints else {}
    if as_json:
        t.json([_data(one, known.get(one.id)) for one in endpoints])
        return
    if not endpoints:
        t.say(mark("There are no webhooks in config.toml."))
        return
    w = t.w
    t.table(
        ["id", w("address"), w("events"), w("state"), w("next try"), w("problem")],
        [
            (
                one.id,
                one.url,
                " ".join(one.events) or w("all"),
                w(_state(known.get(one.id))),
                t.instant(row.due_at) if (row := known.get(one.id)) else "–",
                row.error if row else "",
            )
            for one in endpoints
        ],
    )


@webhook.command(help=mark("Send a test event to an endpoint, now."))
@click.argument("endpoint_id", metavar="ID")
@by_option
def test(endpoint_id: str, by: str | None) -> None:
    """Try it."""
    t = terminal()
    reader, endpoint = t.reader(by), _endpoint(t, endpoint_id)

    async def _act(doors: Doors) -> Heard:
        from nurture import wiring  # noqa: PLC0415
        from nurture.flows import webhooks  # noqa: PLC0415

        await webhooks.refuse(doors, reader.id)
        return await webhooks.attempt(doors, wiring.open_herald(), endpoint)

    heard = t.run(_act)
    if not heard.taken:
        raise UserError("{id} did not take it: {error}", id=endpoint.id, error=heard.error)
    t.say(mark("{id} took the test event."), id=endpoint.id)


@webhook.command(
    help=mark("Tell an endpoint again that was disabled: from where it stood, so that nothing is lost.")
)
@click.argument("endpoint_id", metavar="ID")
@click.option("--skip", is_flag=True, help=mark("Leave out what happened meanwhile."))
@by_option
def resume(endpoint_id: str, skip: bool, by: str | None) -> None:
    """Go on."""
    t = terminal()
    reader, endpoint = t.reader(by), _endpoint(t, endpoint_id)

    async def _act(doors: Doors) -> Told:
        from nurture.flows import again, webhooks  # noqa: PLC0415

        return await again.decided(lambda: webhooks.resume(doors, endpoint, by=reader.id, skip=skip))

    t.run(_act)
    t.say(mark("{id} is told again what happens."), id=endpoint.id)


def _endpoint(t: Terminal, key: str) -> Webhook:
    known = {one.id: one for one in t.settings().webhooks}
    if key not in known:
        raise UserError(
            "there is no webhook {id}", hint="known are: {known}", id=key, known=", ".join(known) or "–"
        )
    return known[key]


def _state(row: Told | None) -> str:
    if row is None:
        return mark("not begun")
    if row.disabled_at is not None:
        return mark("disabled")
    return mark("failing") if row.failing_since else mark("fine")


def _data(one: Webhook, row: Told | None) -> dict[str, object]:
    return {
        "id": one.id,
        "url": one.url,
        "events": list(one.events),
        "state": _state(row),
        "seq": row.seq if row else None,
        "tries": row.tries if row else 0,
        "next_try_at": row.due_at if row else None,
        "failing_since": row.failing_since if row else None,
        "disabled_at": row.disabled_at if row else None,
        "error": row.error if row else "",
    }
