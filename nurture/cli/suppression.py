"""``nurture suppression``: who is never written to, and the documented consent that alone changes it."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nurture.cli.terminal import Terminal, by_option, json_option, shown_path, terminal
from nurture.errors import UserError, Where
from nurture.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nurture.core.messages import Suppression, SuppressionScope
    from nurture.flows.suppressions import Silenced
    from nurture.ports import Doors

SCOPES = ("address", "domain", "organisation", "topic")
WHOM = mark(
    "WHO is an address, a domain (with all domains below it), or the name or id of an organisation. With --topic "
    "only mail about that topic, or content of that kind, is kept from the address."
)
NAMES = {
    "address": mark("address"),
    "domain": mark("domain"),
    "organisation": mark("organisation"),
    "topic": mark("topic"),
}
PACE = mark("less often")


@click.group(
    help=mark(
        "The suppression list: who is in it is never written to, by no scenario, no import, no person. "
        "Opt-outs by link, mail and reply, and addresses that bounce, come in by themselves."
    )
)
def suppression() -> None:
    """List, add, lift, import, export."""


@suppression.command("list", help=mark("List who is never written to, the latest first."), epilog=WHOM)
@click.argument("who", required=False)
@click.option("--scope", type=click.Choice(SCOPES), help=mark("Only these."))
@click.option("--all", "everything", is_flag=True, help=mark("Also those that a consent has lifted."))
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=200, show_default=True, help=mark("At most this many.")
)
@json_option
def list_(who: str | None, scope: str | None, everything: bool, limit: int, as_json: bool) -> None:
    """The list."""
    from nurture import explain  # noqa: PLC0415
    from nurture.core.messages import SuppressionScope  # noqa: PLC0415

    t = terminal()

    async def _look(doors: Doors) -> tuple[tuple[Suppression, ...], Mapping[str, str]]:
        from nurture.core.messages import Suppression  # noqa: PLC0415

        where: dict[str, object] = {} if everything else {"lifted_at": None}
        if scope:
            where["scope"] = SuppressionScope(scope)
        if who:
            where["value"] = (await _named(doors, who, "", scope))[1]
        found = await doors.store.find(Suppression, where, order=("-at",), limit=limit)
        return found, await _names(doors, found)

    rows, names = t.run(_look)
    if as_json:
        t.json([_data(row, names) for row in rows])
        return
    if not rows:
        t.say(mark("Nobody is suppressed."))
        return
    w = t.w
    headers = [w("who"), w("kind"), w("since"), w("why"), w("evidence")]
    if everything:
        headers.append(w("lifted"))
    t.table(
        headers,
        [
            (
                names.get(row.value, row.value),
                w(_kind(row)),
                t.instant(row.at),
                explain.stop_reason(w, row.reason),
                row.evidence,
                *([row.lifted_evidence or "–"] if everything else []),
            )
            for row in rows
        ],
    )


@suppression.command(help=mark("Put somebody on the list: for ever, at once."), epilog=WHOM)
@click.argument("who")
@click.option("--topic", default="", metavar="TOPIC", help=mark("Only mail about this, for an address."))
@click.option("--scope", type=click.Choice(SCOPES), help=mark("What WHO is, where that is not plain."))
@click.option(
    "--reason",
    type=click.Choice(("unsubscribe", "complaint", "bounce", "person")),
    default="unsubscribe",
    show_default=True,
    help=mark("Why."),
)
@click.option("--evidence", default="", help=mark("What was said, when and how."))
@click.option("--dry-run", is_flag=True, help=mark("Only say what would be done."))
@by_option
@json_option
def add(
    who: str,
    topic: str,
    scope: str | None,
    reason: str,
    evidence: str,
    dry_run: bool,
    by: str | None,
    as_json: bool,
) -> None:
    """Add."""
    t = terminal()
    reader = t.reader(by)

    async def _act(doors: Doors) -> tuple[Silenced, Mapping[str, str]]:
        from nurture.core.suppressions import Refusal  # noqa: PLC0415
        from nurture.flows import suppressions  # noqa: PLC0415

        kind, value = await _named(doors, who, topic, scope)
        refusal = Refusal(kind, value, reason, evidence)
        done = await suppressions.add(doors, [refusal], by=reader.id, source="cli", dry_run=dry_run)
        return done, await _names(doors, done.added)

    done, names = t.run(_act)
    if as_json:
        t.json(_report(t, done, names, dry_run=dry_run))
        return
    if not done.added:
        t.say(mark("{who} is suppressed already."), who=who)
        return
    (row,) = done.added
    t.say(
        mark("Would be suppressed: {who}.") if dry_run else mark("No more mail to {who}."),
        who=names.get(row.value, row.value),
    )
    _tell(t, done, dry_run=dry_run)


def _tell(t: Terminal, done: Silenced, *, dry_run: bool) -> None:
    """What it means for what was running."""
    if done.stopped:
        t.say(
            mark("{stopped} enrollments would be stopped, {cancelled} mails that have not left cancelled.")
            if dry_run
            else mark("{stopped} enrollments stopped, {cancelled} mails that had not left cancelled."),
            stopped=done.stopped,
            cancelled=done.cancelled,
        )


@suppression.command(
    help=mark(
        "Take somebody off the list, because of a consent that was given since: who gave it, on which day, in "
        "which words, and what proves it. All of it is kept. What was stopped stays stopped."
    ),
    epilog=WHOM,
)
@click.argument("who")
@click.option("--topic", default="", metavar="TOPIC", help=mark("Only mail about this, for an address."))
@click.option("--scope", type=click.Choice(SCOPES), help=mark("What WHO is, where that is not plain."))
@click.option("--consent-by", prompt=mark("Who gave the consent"), help=mark("Who gave the consent."))
@click.option("--on", prompt=mark("On which day"), metavar="DATE", help=mark("When: 2027-05-13."))
@click.option("--wording", prompt=mark("In which words"), help=mark("In which words."))
@click.option("--evidence", prompt=mark("What proves it"), help=mark("What proves it, and where that is kept."))
@by_option
def lift(
    who: str, topic: str, scope: str | None, consent_by: str, on: str, wording: str, evidence: str, by: str | None
) -> None:
    """Lift."""
    from nurture.core.suppressions import Consent  # noqa: PLC0415
    from nurture.files.sheet import day  # noqa: PLC0415

    t = terminal()
    reader = t.reader(by)
    when = day(on)
    if when is None:
        raise UserError("found {found}, expected a date such as 2026-11-05", found=on)
    consent = Consent(consent_by.strip(), when, wording.strip(), evidence.strip())

    async def _act(doors: Doors) -> tuple[Suppression, Mapping[str, str]]:
        from nurture.flows import suppressions  # noqa: PLC0415

        kind, value = await _named(doors, who, topic, scope)
        row = await suppressions.lift(doors, kind, value, consent, by=reader.id)
        return row, await _names(doors, (row,))

    row, names = t.run(_act)
    t.say(mark("Mail to {who} is allowed again."), who=names.get(row.value, row.value))
    t.say(mark("Nothing starts by itself: what was stopped stays stopped; nurture enroll begins anew."))


@suppression.command(
    "import",
    help=mark(
        "Import a list (CSV). Rows with problems are listed and left out; the others count. What is on the list "
        "already changes nothing."
    ),
    epilog=mark(
        "Columns: value (address, domain) or organisation; scope, topic, reason, on, evidence. Japanese headers "
        "such as メールアドレス, ドメイン, 病院名, 理由, 停止日, 備考 are understood, and so are UTF-8, Shift_JIS "
        "and UTF-16, and a bare list of addresses."
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help=mark("Only say what would be done."))
@by_option
@json_option
def import_(file: Path, dry_run: bool, by: str | None, as_json: bool) -> None:
    """Parse, bring in, report; exit code 1 when rows were left out."""
    from nurture.files import suppressions as files  # noqa: PLC0415

    t = terminal()
    reader = t.reader(by)
    name = shown_path(file)
    found = files.read(file, name)

    async def _act(doors: Doors) -> tuple[Silenced, Mapping[str, str]]:
        from nurture.flows import suppressions  # noqa: PLC0415

        done = await suppressions.add_rows(doors, found.rows, by=reader.id, dry_run=dry_run)
        return done, await _names(doors, done.added)

    done, names = t.run(_act)
    placed = [
        UserError(e.text, where=replace(e.where or Where(), file=name), hint=e.hint, **e.values)
        for e in done.errors
    ]
    done.errors = sorted([*found.errors, *placed], key=lambda e: (e.where.line if e.where else None) or 0)
    if as_json:
        t.json({**_report(t, done, names, dry_run=dry_run), "lifted": found.lifted})
    else:
        for error in done.errors:
            t.error(error)
        t.say(
            mark("Would be done: {added} new, {known} as before, {refused} left out.")
            if dry_run
            else mark("Done: {added} new, {known} as before, {refused} left out."),
            added=len(done.added),
            known=len(done.known),
            refused=len(done.errors),
        )
        if found.lifted:
            t.say(mark("{count} rows say that a consent has lifted them: passed over."), count=found.lifted)
        _tell(t, done, dry_run=dry_run)
    sys.exit(1 if done.errors else 0)


@suppression.command(help=mark("Export the list as CSV, for a spreadsheet or another sender."))
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True), default="-")
@click.option("--all", "everything", is_flag=True, help=mark("Also those that a consent has lifted."))
@click.option(
    "--encoding",
    type=click.Choice(("utf-8-sig", "utf-8", "cp932")),
    default="utf-8-sig",
    show_default=True,
    help=mark("utf-8-sig is what Excel opens; cp932 (Shift_JIS) is for older programs."),
)
def export(file: Path, everything: bool, encoding: str) -> None:
    """Write the list."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415

    from nurture.files import suppressions as files  # noqa: PLC0415

    t = terminal()

    async def _look(doors: Doors) -> tuple[tuple[Suppression, ...], Mapping[str, str]]:
        from nurture.core.messages import Suppression  # noqa: PLC0415

        where = {} if everything else {"lifted_at": None}
        found = await doors.store.find(Suppression, where, order=("at",))
        return found, await _names(doors, found)

    rows, names = t.run(_look)
    data = files.write(rows, names, ZoneInfo(t.settings().timezone), encoding)
    if str(file) == "-":
        click.echo(data, nl=False)
        return
    file.write_bytes(data)
    t.say(mark("{count} rows written to {file}."), count=len(rows), file=shown_path(file))


def _kind(row: Suppression) -> str:
    """What a row covers, as a text of ours."""
    from nurture.core import often  # noqa: PLC0415

    return PACE if often.days_of(row) is not None else NAMES[row.scope.value]


async def _named(doors: Doors, who: str, topic: str, scope: str | None) -> tuple[SuppressionScope, str]:
    """What is meant, in the form that is kept.

    Raises:
        UserError: it is no address, no domain, and no organisation's name.
    """
    from nurture.core.messages import SuppressionScope  # noqa: PLC0415
    from nurture.flows import suppressions  # noqa: PLC0415

    kind = SuppressionScope(scope) if scope else suppressions.scope_of(who, topic)
    plain_domain = who.isascii() and "." in who and " " not in who
    if kind is SuppressionScope.ORGANISATION or (
        scope is None and kind is SuppressionScope.DOMAIN and not plain_domain
    ):
        return SuppressionScope.ORGANISATION, (await suppressions.organisation(doors, who)).id
    return kind, suppressions.value_of(kind, who, topic)


async def _names(doors: Doors, rows: Any) -> Mapping[str, str]:
    """Names of the organisations among these, by id."""
    from nurture.core.messages import SuppressionScope  # noqa: PLC0415
    from nurture.core.people import Organisation  # noqa: PLC0415

    ids = {row.value for row in rows if row.scope is SuppressionScope.ORGANISATION}
    found = await doors.store.find(Organisation, {"id": tuple(ids)}) if ids else ()
    return {one.id: one.name for one in found}


def _data(row: Suppression, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "scope": row.scope.value,
        "value": row.value,
        "organisation": names.get(row.value),
        "reason": row.reason,
        "source": row.source,
        "at": row.at.isoformat(),
        "evidence": row.evidence,
        "lifted_at": row.lifted_at.isoformat() if row.lifted_at else None,
        "consent": row.lifted_evidence or None,
    }


def _report(t: Terminal, done: Silenced, names: Mapping[str, str], *, dry_run: bool) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        "added": [_data(row, names) for row in done.added],
        "known": list(done.known),
        "stopped": done.stopped,
        "cancelled": done.cancelled,
        "errors": [t.data(error) for error in done.errors],
    }
