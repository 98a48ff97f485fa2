"""Everything in a working folder looked at, and how its parts refer to each other; nothing is changed.

Each kind of file is read by its own reader; what a scenario says about other files (a step names a template, it
lists a calendar) is looked at in ``references``, with the place in the file that says so.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from nurture.core import upkeep
from nurture.core.plan import zone_of
from nurture.core.problems import Severity
from nurture.credentials import resolve
from nurture.errors import UserError, UserErrors, Where
from nurture.files import config, yaml
from nurture.files.calendar import ICAL, Around, Found
from nurture.files.calendar import look as look_at
from nurture.files.content import read_content
from nurture.files.scenario import check_scenario
from nurture.files.shipped import EXAMPLE, shipped
from nurture.render import TemplateWriter
from nurture.reports.references import Others, references

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date

    from nurture.config import Secret, Settings
    from nurture.core.content import ContentItem
    from nurture.core.scenario import Scenario

PATTERNS: Final = ("*.yaml", "*.yml")


@dataclass(slots=True)
class Findings:
    """What was looked at, and what is wrong with it."""

    errors: list[UserError] = field(default_factory=list)
    warnings: list[UserError] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def take(self, error: UserError) -> None:
        """Note an error, or each of several."""
        self.errors += error.errors if isinstance(error, UserErrors) else (error,)

    def sort(self) -> None:
        """By file and line, each complaint once."""
        self.errors = _sorted(self.errors)
        self.warnings = _sorted(self.warnings)


def _sorted(errors: list[UserError]) -> list[UserError]:
    once = {(str(e.where), e.text, str(e.values)): e for e in errors}
    return sorted(
        once.values(),
        key=lambda e: (e.where.file or "", e.where.line or 0, e.where.column or 0) if e.where else ("", 0, 0),
    )


def look(path: Path, said: Callable[[Path], str], environ: Mapping[str, str], today: date) -> Findings:
    """Check a working folder.

    Args:
        path: its config.toml.
        said: how to name a path in messages.
        environ: where secrets are looked for.
        today: from which estimates and ends of calendars are near.
    """
    found = Findings()
    settings = _settings(path, said, found)
    _example(path, said, settings, found)
    _secrets(path, said, settings, environ, found)
    _data(settings, said, found)
    scenarios = _scenarios(settings.scenarios, said, found)
    calendars = _calendars(settings, said, found, today)
    items = _content(settings.templates, said, found)
    writer = _templates(settings, said, found)
    others = Others({s.id: s for _, s in scenarios}, frozenset(calendars), items, writer, today)
    for place, scenario in scenarios:
        document = yaml.read(place, file=said(place))
        for problem in references(scenario, document, others):
            (found.warnings if problem.severity is Severity.WARNING else found.errors).append(problem.error)
    found.sort()
    return found


def _settings(path: Path, said: Callable[[Path], str], found: Findings) -> Settings:
    """The settings; when they are wrong, the folders where they are by default are looked at all the same."""
    found.counts["config"] = 1
    try:
        return config.load(path, said(path))
    except UserError as error:
        found.take(error)
    fallback = config.load(shipped() / EXAMPLE)
    folder = path.resolve().parent
    return replace(
        fallback,
        folder=folder,
        mailboxes=(),
        scenarios=folder / "scenarios",
        templates=folder / "templates",
        calendars=folder / "calendars",
        data=folder / "data",
    )


def _example(path: Path, said: Callable[[Path], str], settings: Settings, found: Findings) -> None:
    """What stands at the foot of every mail must not be the example's any more."""
    ours, known = settings.company, config.load(shipped() / EXAMPLE)
    left = [
        f"company.{name}"
        for name in ("name", "address", "phone", "mail")
        if getattr(ours, name) == getattr(known.company, name)
    ]
    addresses = {box.address for box in known.mailboxes} | {rep.email for rep in known.representatives}
    left += [f"mailboxes.{box.id}.address" for box in settings.mailboxes if box.address in addresses]
    left += [f"representatives.{rep.id}.email" for rep in settings.representatives if rep.email in addresses]
    if left:
        found.warnings.append(
            UserError(
                "these still say what the example says: {keys}",
                where=Where(said(path)),
                hint="company, mailboxes and representatives are yours to fill in before the first mail",
                keys=", ".join(left),
            )
        )


def _secrets(
    path: Path, said: Callable[[Path], str], settings: Settings, environ: Mapping[str, str], found: Findings
) -> None:
    """Secrets are looked up as the daemon would; here, where it does not run, a missing one only warns."""
    for at, box in enumerate(settings.mailboxes):
        for key, secret in (("smtp", box.smtp.password), ("imap", box.imap.password if box.imap else None)):
            if secret is not None:
                _secret(Where(said(path), key=f"mailboxes[{at}].{key}.password"), secret, environ, found)


def _secret(where: Where, secret: Secret, environ: Mapping[str, str], found: Findings) -> None:
    try:
        resolve(secret, environ)
    except UserError as error:
        found.warnings.append(UserError(error.text, where=where, hint=error.hint, **error.values))


def _data(settings: Settings, said: Callable[[Path], str], found: Findings) -> None:
    """The folder of the database and the keys is its owner's alone."""
    folder = settings.data
    if folder is not None and folder.is_dir() and stat.S_IMODE(folder.stat().st_mode) & 0o077:
        found.warnings.append(
            UserError(
                "others can read this folder",
                where=Where(said(folder)),
                hint="chmod 700 {path}",
                path=said(folder),
            )
        )


def _files(
    folder: Path | None, said: Callable[[Path], str], found: Findings, patterns: Sequence[str] = PATTERNS
) -> list[Path]:
    if folder is None:
        return []
    if not folder.is_dir():
        found.errors.append(UserError("there is no such folder", where=Where(said(folder))))
        return []
    return sorted(path for pattern in patterns for path in folder.glob(pattern) if path.is_file())


def _scenarios(folder: Path | None, said: Callable[[Path], str], found: Findings) -> list[tuple[Path, Scenario]]:
    listed: list[tuple[Path, Scenario]] = []
    for path in _files(folder, said, found):
        try:
            scenario, problems = check_scenario(path, file=said(path))
        except UserError as error:
            found.take(error)
            continue
        for problem in problems:
            (found.warnings if problem.severity is Severity.WARNING else found.errors).append(problem.error)
        first = next((place for place, other in listed if other.id == scenario.id), None)
        if first is not None:
            where = yaml.read(path, file=said(path)).where(("id",))
            found.errors.append(
                UserError("the id {id} is used by {other} already", where=where, id=scenario.id, other=said(first))
            )
        listed.append((path, scenario))
    found.counts["scenarios"] = len(listed)
    return listed


def _calendars(settings: Settings, said: Callable[[Path], str], found: Findings, today: date) -> set[str]:
    """The ids of all calendars: the folder's and those that ship."""
    around = Around(zone_of(settings.timezone), settings.feeds)
    read: dict[Path, Found] = {}
    broken: list[Path] = []
    for path in _files(settings.calendars, said, found, (*PATTERNS, f"*{ICAL}")):
        try:
            read[path] = look_at(path, around, file=said(path))
        except UserError as error:
            found.take(error)
            broken.append(path)
    parts = {other for one in read.values() for other in one.others}
    ids = {path.stem: path for path in broken}  # they are there, if broken: one complaint is enough
    for path, one in read.items():
        if path in parts:
            continue
        calendar_id = one.calendar.id
        if calendar_id in ids and ids[calendar_id] not in broken:
            where = one.document.where(("id",)) if one.document else Where(said(path))
            other = said(ids[calendar_id])
            found.errors.append(
                UserError("the id {id} is used by {other} already", where=where, id=calendar_id, other=other)
            )
        ids.setdefault(calendar_id, path)
        found.warnings += one.problems
        found.warnings += _upkeep(one, Where(said(path)), settings, today)
    found.counts["calendars"] = len(ids)
    own = {path.stem for pattern in PATTERNS for path in (shipped() / "calendars").glob(pattern)}
    return {*ids, *own}


def _upkeep(one: Found, where: Where, settings: Settings, today: date) -> Iterator[UserError]:
    """What a calendar asks of those who keep it: estimates that are near, an end that is near, a silent server."""
    places = (
        {entry.get("id"): at for at, entry in enumerate(one.document.at(("entries",)) or [])}
        if one.document
        else {}
    )
    for near in upkeep.unconfirmed((one.calendar,), today):
        at = places.get(near.entry.id)
        yield UserError(
            "{entry} begins on {start}, and that is only an estimate",
            where=one.document.where(("entries", at, "start")) if one.document and at is not None else where,
            hint="once it is known: nurture calendar confirm {calendar}/{entry} --start … --end … --write",
            calendar=one.calendar.id,
            entry=near.entry.id,
            start=near.start.isoformat(),
        )
    for end in upkeep.ending((one.calendar,), today):
        yield UserError(
            "nothing with a date stands here after {last}",
            where=where,
            hint="add the dates to come; nurture calendar due lists all such calendars",
            last=end.last.isoformat(),
        )
    if one.subscription is not None:
        from nurture.feeds import read_state  # noqa: PLC0415 - few have one

        state = read_state(settings.feeds, one.subscription)
        if state is not None and state.error:
            place = one.document.where(("ical",)) if one.document else where
            yield UserError(state.error, where=place, hint=None, **state.values)


def _content(folder: Path | None, said: Callable[[Path], str], found: Findings) -> tuple[ContentItem, ...] | None:
    """The content that there is; None when that cannot be said."""
    if folder is None or not (folder / "content").is_dir():
        return ()
    try:
        items = read_content(folder / "content")
    except UserError as error:
        for single in error.errors if isinstance(error, UserErrors) else (error,):
            found.errors.append(_under(single, folder, said))
        return None
    found.counts["content"] = len(items)
    return tuple(items)


def _templates(settings: Settings, said: Callable[[Path], str], found: Findings) -> TemplateWriter:
    """The writer, its templates checked."""
    folder = settings.templates or shipped() / "templates"
    if not folder.is_dir():
        found.errors.append(UserError("there is no such folder", where=Where(said(folder))))
        folder = shipped() / "templates"
    writer = TemplateWriter(folder, settings.company)
    for template in writer.ids():
        found.errors += [_under(error, folder, said) for error in writer.check(template)]
    found.counts["templates"] = len(writer.ids())
    return writer


def _under(error: UserError, folder: Path, said: Callable[[Path], str]) -> UserError:
    """An error that names its file from the folder on (``content/x.yaml``), named like all others."""
    where = error.where
    if where is None or where.file is None:
        return error
    name = where.file.removeprefix(f"{folder.name}/")
    place = Where(said(folder / name), where.line, where.column, where.key)
    return UserError(error.text, where=place, hint=error.hint, **error.values)
