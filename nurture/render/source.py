"""A template file: YAML front matter between two ``---`` lines, then the Jinja2 body.

The body keeps its line numbers (the front matter is replaced by empty lines), so every message can name the
line of the file.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, MappingEndEvent, MappingStartEvent, ScalarEvent, SequenceEndEvent
from ruamel.yaml.events import SequenceStartEvent as ListStartEvent

from nurture.core.content import Wanted
from nurture.errors import UserError, Where
from nurture.i18n import mark
from nurture.mail.header import CONTROL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MAX_CHARACTERS: Final = 20_000
KEYS: Final = ("id", "purpose", "language", "subject", "requires", "content", "roles", "notes")
MATCHES: Final = ("role", "specialty", "concern", "competitor")
LANGUAGES: Final = ("ja", "en")


@dataclass(frozen=True, slots=True)
class Source:
    """A template as its file says. ``body`` begins with as many empty lines as the front matter has."""

    id: str
    file: str  # as messages name it
    subject: str
    body: str
    language: str = "ja"
    purpose: Mapping[str, str] | str = ""
    requires: tuple[str, ...] = ()
    content: Wanted | None = None
    roles: str = ""
    subject_line: int = 1
    requires_line: int = 1
    body_line: int = 1


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is most like this one, if any is."""
    found = difflib.get_close_matches(word[:60], list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def parse(text: str, template_id: str, file: str, language: str = "ja") -> Source:
    """Read one template's text.

    Raises:
        UserError: too long, no front matter, or something in it is not as it should be; with its line.
    """
    if len(text) > MAX_CHARACTERS:
        raise UserError(
            "the template is longer than {limit} characters", where=Where(file=file), limit=MAX_CHARACTERS
        )
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    if lines[0].rstrip() != "---" or "---" not in [line.rstrip() for line in lines[1:]]:
        raise UserError(
            "the template has no front matter",
            where=Where(file=file, line=1),
            hint="begin the file with --- and end the part with id, purpose, subject and requires with ---",
        )
    end = [line.rstrip() for line in lines].index("---", 1)
    front = _Front("\n".join(["", *lines[1:end]]), file)
    if unknown := [key for key in front.values if key not in KEYS]:
        raise front.error(mark("unknown key {name}"), unknown[0], near=nearest(unknown[0], KEYS), name=unknown[0])
    if front.text("id", template_id) != template_id:
        raise front.error(mark("the id {id} is not the file's name"), "id", id=front.text("id", ""))
    if front.text("language", language) != language:
        raise front.error(
            mark("the language {language} is not that of the file's name"),
            "language",
            language=front.text("language", ""),
        )
    subject = front.text("subject", "")
    if not subject.strip():
        raise front.error(mark("the subject is missing"), "subject")
    if CONTROL.search(subject.strip()):
        raise front.error(mark("the subject is not one line, or has a control character"), "subject")
    return Source(
        id=template_id,
        file=file,
        subject=subject,
        body="\n" * (end + 1) + "\n".join(lines[end + 1 :]),
        language=language,
        purpose=front.texts("purpose"),
        requires=front.names("requires", front.values.get("requires", [])),
        content=front.content(),
        roles=str(front.values.get("roles", "")),
        subject_line=front.line("subject"),
        requires_line=front.line("requires"),
        body_line=end + 2,
    )


class _Front:
    """The front matter as plain values; top-level keys know their lines."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.lines: dict[str, int] = {}
        try:
            values = self._value(self._events(text), 0)
        except MarkedYAMLError as error:
            spot = error.problem_mark or error.context_mark
            where = Where(file=file, line=spot.line + 1 if spot else 1, column=spot.column + 1 if spot else 1)
            reason = error.problem or error.context or ""
            raise UserError("the front matter is not YAML: {reason}", where=where, reason=reason) from error
        except (YAMLError, ValueError, RecursionError) as error:
            reason = " ".join(str(error).split())[:200]
            raise UserError(
                "the front matter is not YAML: {reason}", where=Where(file=file, line=1), reason=reason
            ) from error
        if not isinstance(values, dict):
            raise UserError("the front matter has no keys", where=Where(file=file, line=1))
        self.values: dict[str, Any] = values

    def _events(self, text: str) -> Iterator[Any]:
        for event in YAML(typ="safe", pure=True).parse(text):
            if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
                where = Where(file=self.file, line=event.start_mark.line + 1)
                raise UserError("anchors and aliases are not allowed in a template", where=where)
            if isinstance(
                event, ScalarEvent | MappingStartEvent | MappingEndEvent | ListStartEvent | SequenceEndEvent
            ):
                yield event

    def _value(self, events: Iterator[Any], depth: int) -> Any:
        """The next value as text, list or dict; None at the end of a list or dict, or of the text."""
        event = next(events, None)
        if depth > 8:
            raise UserError("the front matter is nested too deeply", where=Where(file=self.file, line=1))
        if isinstance(event, ScalarEvent):
            if depth == 1:
                self.lines.setdefault(event.value, event.start_mark.line + 1)
            return event.value
        if isinstance(event, ListStartEvent):
            return list(iter(lambda: self._value(events, depth + 1), None))
        if isinstance(event, MappingStartEvent):
            pairs: dict[str, Any] = {}
            while (key := self._value(events, depth + 1)) is not None:
                if not isinstance(key, str):
                    raise UserError("a key must be text", where=Where(file=self.file, line=1))
                pairs[key] = self._value(events, depth + 2)
            return pairs
        return None

    def line(self, key: str) -> int:
        """The line of a top-level key; 1 if it is not there."""
        return self.lines.get(key, 1)

    def error(self, text: str, key: str, near: str | None = None, **values: object) -> UserError:
        """An error at a key."""
        where = Where(file=self.file, line=self.line(key), key=key)
        return UserError(text, where=where, hint="did you mean {near}?" if near else None, near=near, **values)

    def text(self, key: str, default: str) -> str:
        """A text, or the default."""
        value = self.values.get(key, default)
        if not isinstance(value, str):
            raise self.error(mark("expected a text"), key)
        return value

    def texts(self, key: str) -> Mapping[str, str] | str:
        """A text, or texts by language."""
        value = self.values.get(key, "")
        if isinstance(value, str) or (isinstance(value, dict) and all(isinstance(v, str) for v in value.values())):
            return value
        raise self.error(mark("expected a text, or a text for each language"), key)

    def names(self, key: str, value: Any) -> tuple[str, ...]:
        """A list of names."""
        if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
            raise self.error(mark("expected a list of names"), key)
        return tuple(value)

    def content(self) -> Wanted | None:
        """The kind of content that the template is made for, when its step names none."""
        value = self.values.get("content")
        if value is None:
            return None
        if not isinstance(value, dict) or not isinstance(value.get("kind"), str) or set(value) - {"kind", "match"}:
            raise self.error(mark("expected kind, and optionally match"), "content")
        match = self.names("content", value.get("match", []))
        if wrong := [name for name in match if name not in MATCHES]:
            raise self.error(
                mark("{name} cannot be matched"), "content", near=nearest(wrong[0], MATCHES), name=wrong[0]
            )
        return Wanted(value["kind"], match)
