"""``nurture pause``, ``resume``, ``stop``, ``reopen`` and ``back``: verbs, and one way to name the enrollment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from nurture.cli.terminal import by_option, terminal
from nurture.core.messages import EnrollmentState
from nurture.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from nurture.core.messages import Enrollment
    from nurture.core.people import Person
    from nurture.ports import Doors

WHICH = mark("PERSON is an address, a name, or the id of one enrollment.")


@click.command(help=mark("Pause an enrollment: nothing is sent until it is resumed."), epilog=WHICH)
@click.argument("person")
@click.option("--reason", default="person", help=mark("Why; it stands in the journal."))
@by_option
def pause(person: str, reason: str, by: str | None) -> None:
    """Pause."""
    from nurture.flows import enroll as flow  # noqa: PLC0415

    rep = terminal().reader(by).id
    _act(person, (EnrollmentState.ACTIVE,), lambda d, e: flow.pause(d, e.id, by=rep, reason=reason))
    terminal().say(mark("Paused. Nothing is sent until: nurture resume {person}"), person=person)


@click.command(
    help=mark("Resume a paused enrollment; what is left is planned from today with its spacing."), epilog=WHICH
)
@click.argument("person")
@by_option
def resume(person: str, by: str | None) -> None:
    """Resume."""
    from nurture.flows import enroll as flow  # noqa: PLC0415

    rep = terminal().reader(by).id
    _act(person, (EnrollmentState.PAUSED,), lambda d, e: flow.resume(d, e.id, by=rep))
    terminal().say(mark("Resumed. See the new dates: nurture why {person}"), person=person)


@click.command(help=mark("Stop an enrollment for good: what has not left is cancelled."), epilog=WHICH)
@click.argument("person")
@click.option("--reason", default="person", help=mark("Why; it stands in the journal."))
@click.option("--yes", is_flag=True, help=mark("Do not ask."))
@by_option
def stop(person: str, reason: str, yes: bool, by: str | None) -> None:
    """Stop."""
    from nurture.flows import enroll as flow  # noqa: PLC0415

    t = terminal()
    rep = t.reader(by).id
    if not yes:
        click.confirm(t.w("Stop for good, and cancel what has not left?"), abort=True)
    states = (EnrollmentState.ACTIVE, EnrollmentState.PAUSED)
    _act(person, states, lambda d, e: flow.stop(d, e.id, by=rep, reason=reason))
    t.say(mark("Stopped."))


@click.command(
    help=mark(
        "Take back that an enrollment ended, because a mail was misread or a person erred. It is paused then; "
        "nurture resume goes on with it."
    ),
    epilog=WHICH,
)
@click.argument("person")
@by_option
def reopen(person: str, by: str | None) -> None:
    """Reopen."""
    from nurture.flows import enroll as flow  # noqa: PLC0415

    t = terminal()
    rep = t.reader(by).id
    states = (EnrollmentState.STOPPED, EnrollmentState.COMPLETED)
    _act(person, states, lambda d, e: flow.reopen(d, e.id, by=rep))
    t.say(mark("Open again, and paused. Nothing is sent until: nurture resume {person}"), person=person)


@click.command(help=mark("Somebody is back, or was never away: mail need not wait for the return that was read."))
@click.argument("person")
@by_option
def back(person: str, by: str | None) -> None:
    """Back."""
    t = terminal()
    rep = t.reader(by).id

    async def _work(doors: Doors) -> Person:
        from nurture.cli import find  # noqa: PLC0415
        from nurture.flows import people as flow  # noqa: PLC0415

        return await flow.back(doors, (await find.person(doors, person)).id, by=rep)

    t.say(mark("Mail to {name} is planned from today again."), name=t.run(_work).name)


def _act(
    said: str,
    states: tuple[EnrollmentState, ...],
    verb: Callable[[Doors, Enrollment], Awaitable[None]],
) -> None:
    async def _work(doors: Doors) -> None:
        from nurture.cli import find  # noqa: PLC0415

        await verb(doors, await find.enrollment(doors, said, states))

    terminal().run(_work)
