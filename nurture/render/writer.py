"""``TemplateWriter``: from a brief to a finished text."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import budoux
from jinja2 import Template, TemplateError, UndefinedError

from nurture.core.draft import Draft, Filled
from nurture.errors import UserError, Where
from nurture.i18n import mark
from nurture.mail.text import FOOTER_RULE, clean, one_line, tidy, with_footer, wrap
from nurture.render import fields, letter
from nurture.render.check import check, unknown_field
from nurture.render.facts import EmptyField, Facts, Hole, facts
from nurture.render.sandbox import Engine, TooMuch, Unprintable, render
from nurture.render.source import LANGUAGES, MAX_CHARACTERS, Source, nearest, parse

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nurture.config import Company
    from nurture.core.content import Wanted
    from nurture.core.draft import Brief

NAME: Final = re.compile(r"([a-z0-9][a-z0-9_-]{0,60})(?:\.(ja|en))?\.j2")
MAX_SUBJECT: Final = 150
SHOWN: Final = 300
"""Characters of a field that are shown of it."""
LISTED: Final = 20


@dataclass(frozen=True, slots=True)
class _Ready:
    """A template as it stands: what its file says, what is wrong with it, and its compiled parts."""

    source: Source
    problems: tuple[UserError, ...]
    fields: tuple[str, ...]
    subject: Template | None
    body: Template | None


class TemplateWriter:
    """The templates of a folder, checked and compiled once.

    ``<id>.j2`` is the Japanese text, ``<id>.en.j2`` the English one; a reader whose language has none gets
    the other. Files are read again after ``reload``.

    Args:
        folder: the working folder's templates.
        company: the sender by law, shown in each mail.
        fallback: where templates that ``folder`` does not have are found (those that ship).
    """

    def __init__(self, folder: Path, company: Company, fallback: Path | None = None) -> None:
        self._folders = [f.resolve() for f in (folder, fallback) if f is not None]
        self._company = company
        self._engine = Engine()
        self._phrases = budoux.load_default_japanese_parser().parse
        self._files: dict[tuple[str, str], Path] | None = None
        self._ready: dict[tuple[str, str], _Ready | UserError] = {}

    def reload(self) -> None:
        """Forget what was read: files that changed count from now on."""
        self._files = None
        self._ready.clear()

    def ids(self) -> tuple[str, ...]:
        """The templates there are."""
        return tuple(sorted({template_id for template_id, _ in self._found()}))

    def fields(self, template_id: str) -> tuple[str, ...]:
        """The paths of the vocabulary that a template reads, sorted; those of list items left out.

        Raises:
            UserError: there is no such template, or its file cannot be read.
        """
        return tuple(sorted({path for ready in self._variants(template_id) for path in ready.fields}))

    def requires(self, template_id: str) -> tuple[str, ...]:
        """What the template needs to be filled.

        Raises:
            UserError: there is no such template, or its file cannot be read.
        """
        return tuple(
            dict.fromkeys(name for ready in self._variants(template_id) for name in ready.source.requires)
        )

    def content(self, template_id: str) -> Wanted | None:
        """The content that the template is made for: what a step that names none should ask for.

        Raises:
            UserError: there is no such template, or its file cannot be read.
        """
        return next((r.source.content for r in self._variants(template_id) if r.source.content), None)

    def check(self, template_id: str, requires: tuple[str, ...] = ()) -> tuple[UserError, ...]:
        """Everything that is wrong with a template, as a step with these ``requires`` would use it."""
        problems: list[UserError] = []
        try:
            for ready in self._variants(template_id):
                found = check(ready.source, self._engine, requires).problems if requires else ready.problems
                problems += found
        except UserError as error:
            problems.append(error)
        return tuple(problems)

    def write(self, brief: Brief) -> Draft:
        """Render one mail: addressee block, body, signature, legal footer; lines within 76 columns.

        Raises:
            UserError: the template is not there or has problems, a required field is empty, or the text
                would have a hole or no end; names the template's file, the line where known, and the field.
        """
        ready = self._ready_for(brief.template, brief.person.language)
        if problem := next(iter(self._problems(ready, brief.requires)), None):
            raise problem
        brief = replace(brief, person=replace(brief.person, language=ready.source.language))
        known = facts(brief, self._company)
        self._filled(ready.source, known, brief.requires)
        subject = self._subject(ready, known, brief)
        body = tidy(clean(self._run(ready.body, ready.source, known)))
        if not body.strip():
            raise UserError("the template wrote nothing", where=Where(file=ready.source.file))
        if FOOTER_RULE in body.split("\n"):
            raise UserError("a template cannot write the footer's line", where=Where(file=ready.source.file))
        parts = (letter.addressee(brief), body, letter.signature(brief.rep, self._company, brief.person.language))
        text = tidy(wrap("\n\n".join(parts), self._phrases))
        footer = wrap(letter.footer(brief, self._company), self._phrases)
        return Draft(subject, with_footer(text, footer))

    def filled(self, brief: Brief) -> tuple[Filled, ...]:
        """The fields that the template reads, and what they are for this mail; those it cannot do without first.

        Raises:
            UserError: there is no such template, or its file cannot be read.
        """
        ready = self._ready_for(brief.template, brief.person.language)
        known = facts(replace(brief, person=replace(brief.person, language=ready.source.language)), self._company)
        needed = [fields.wanted_path(name) for name in (*ready.source.requires, *brief.requires)]
        found = (
            Filled(path, _said(known, path), path in needed) for path in dict.fromkeys((*needed, *ready.fields))
        )
        return tuple(sorted(found, key=lambda one: (not one.required, one.path)))

    # --- reading ------------------------------------------------------------------------------------

    def _found(self) -> dict[tuple[str, str], Path]:
        """The files by id and language; the first folder wins. A link that leads out of it is not there."""
        if self._files is None:
            files: dict[tuple[str, str], Path] = {}
            for folder in self._folders:
                for path in sorted(folder.glob("*.j2")) if folder.is_dir() else ():
                    name = NAME.fullmatch(path.name)
                    if name and path.resolve().is_relative_to(folder) and path.is_file():
                        files.setdefault((name[1], name[2] or "ja"), path)
            self._files = files
        return self._files

    def _variants(self, template_id: str) -> list[_Ready]:
        languages = [language for language in LANGUAGES if (template_id, language) in self._found()]
        if not languages:
            raise self._none(template_id)
        return [self._load(template_id, language) for language in languages]

    def _ready_for(self, template_id: str, language: str) -> _Ready:
        for wanted in dict.fromkeys((language, *LANGUAGES)):
            if (template_id, wanted) in self._found():
                return self._load(template_id, wanted)
        raise self._none(template_id)

    def _none(self, template_id: str) -> UserError:
        near = nearest(template_id, self.ids())
        return UserError(
            "there is no template {template}",
            where=Where(file=f"templates/{template_id[:60]}.j2"),
            hint="did you mean {near}?" if near else "templates here: {known}",
            template=template_id[:60],
            near=near,
            known=", ".join(self.ids()),
        )

    def _load(self, template_id: str, language: str) -> _Ready:
        key = (template_id, language)
        if key not in self._ready:
            try:
                self._ready[key] = self._read(template_id, language)
            except UserError as error:
                self._ready[key] = error
        ready = self._ready[key]
        if isinstance(ready, UserError):
            raise ready
        return ready

    def _read(self, template_id: str, language: str) -> _Ready:
        path = self._found()[template_id, language]
        file = f"{path.parent.name}/{path.name}"
        try:
            with path.open("rb") as stream:
                text = stream.read(4 * MAX_CHARACTERS + 1).decode("utf-8")
        except OSError as error:
            reason = error.strerror or str(error)
            raise UserError("{path} cannot be read: {reason}", path=file, reason=reason) from error
        except UnicodeDecodeError as error:
            raise UserError(
                "the file is not UTF-8", where=Where(file=file), hint="save it again with the encoding UTF-8"
            ) from error
        source = parse(text, template_id, file, language)
        seen = check(source, self._engine)
        subject, body = self._compile(seen.subject, file), self._compile(seen.body, file)
        problems = seen.problems
        if not problems and (subject is None or body is None):
            problems = (
                UserError("the template is nested too deeply, or holds too large a number", where=Where(file)),
            )
        return _Ready(source, problems, seen.fields, subject, body)

    def _compile(self, tree: Any, file: str) -> Template | None:
        try:
            return self._engine.prepare(tree, file) if tree is not None else None
        except (TemplateError, SyntaxError, RecursionError, MemoryError, ValueError, OverflowError):
            return None

    # --- rendering ----------------------------------------------------------------------------------

    def _problems(self, ready: _Ready, requires: tuple[str, ...]) -> tuple[UserError, ...]:
        """The template's problems; what the step requires may settle some, and may be unknown itself."""
        if not ready.problems and all(fields.find(fields.wanted_path(name)) for name in requires):
            return ()
        return check(ready.source, self._engine, requires).problems or ()

    def _filled(self, source: Source, known: Mapping[str, Any], requires: tuple[str, ...]) -> None:
        for name in dict.fromkeys((*source.requires, *requires)):
            value: Any = known
            for part in fields.wanted_path(name).split("."):
                value = value.get(part) if isinstance(value, Facts) else None
            if value is None or isinstance(value, Hole) or (isinstance(value, Facts) and not value):
                line = source.requires_line if name in source.requires else None
                raise UserError(
                    "the mail needs {field}, and it is empty",
                    where=Where(file=source.file, line=line, key="requires"),
                    hint="fill it in (the meeting's record, the person, the content), or take it out of requires",
                    field=name,
                )

    def _subject(self, ready: _Ready, known: Mapping[str, Any], brief: Brief) -> str:
        if brief.thread_subject:
            first = one_line(brief.thread_subject)
            return first if first[:3].lower() == "re:" else f"Re: {first}"
        subject = one_line(self._run(ready.subject, ready.source, known))
        if not 0 < len(subject) <= MAX_SUBJECT:
            where = Where(file=ready.source.file, line=ready.source.subject_line, key="subject")
            raise UserError("the subject has {count} characters", where=where, count=len(subject))
        return subject

    def _run(self, template: Template | None, source: Source, known: Mapping[str, Any]) -> str:
        """Render, and turn whatever goes wrong into one error with its line."""
        where = Where(file=source.file)
        if template is None:
            raise UserError("the template cannot be compiled", where=where)
        try:
            return render(template, known)
        except EmptyField as error:
            text, values = mark("{field} is empty in this mail"), {"field": str(error.message)}
            where = _line(error, source.file)
            raise UserError(text, where=where, hint="ask for it with {{% if {field} %}}", **values) from error
        except (TooMuch, Unprintable) as error:
            raise UserError(str(error), where=_line(error, source.file)) from error
        except UndefinedError as error:
            raise unknown_field(str(error.message), (), _line(error, source.file)) from error
        except (
            TemplateError,
            ArithmeticError,
            LookupError,
            TypeError,
            ValueError,
            RecursionError,
            MemoryError,
        ) as error:
            raise UserError(
                "the template failed: {reason}", where=_line(error, source.file), reason=str(error)[:200]
            ) from error


def _line(error: BaseException, file: str) -> Where:
    """The innermost line of the template in a traceback (Jinja2 rewrites it to the template's own lines)."""
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return Where(file=file, line=line)


def _said(known: Mapping[str, Any], path: str) -> str:
    """What stands at a path, in one line; empty where nothing does."""
    value: Any = known
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Facts) else None
    return _plainly(value)[:SHOWN]


def _plainly(value: Any) -> str:
    if isinstance(value, bool):
        return "✓" if value else ""
    if value is None or isinstance(value, Hole) or (isinstance(value, Facts) and not value):
        return ""
    if isinstance(value, list | tuple):
        return " / ".join(part for one in value[:LISTED] if (part := _plainly(one)))
    if isinstance(value, Facts):  # a record: its fields stand by themselves
        return next((part for one in value.values() if (part := _plainly(one))), "") + " …"
    return one_line(str(value))


__all__ = ["TemplateWriter"]
