"""Content items from YAML files: ``templates/content/*.yaml``, each with a list under ``items``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, field_validator

from nurture.core.content import ContentItem
from nurture.core.deals import PagePointer
from nurture.errors import UserError, UserErrors
from nurture.files import yaml
from nurture.i18n import mark

if TYPE_CHECKING:
    from pathlib import Path

    from nurture.errors import Where

MAX_FILES: Final = 200
SLUG: Final = r"[a-z0-9][a-z0-9_-]{0,79}"
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME: Final = re.compile(r"([01]?\d|2[0-3]):[0-5]\d-([01]?\d|2[0-3]):[0-5]\d")

Slug = Annotated[str, Field(pattern=f"^{SLUG}$")]
Line = Annotated[str, Field(min_length=1, max_length=300)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Pointer(_Model):
    """Where in the item's document a topic is answered."""

    topic: Slug = Field(description="the topic, as a slug")
    page: str = Field(min_length=1, max_length=40, description="the page")
    label: str = Field("", max_length=100, description="what stands there")

    @field_validator("page", mode="before")
    @classmethod
    def _page(cls, value: object) -> object:
        return str(value) if type(value) is int else value


class _Item(_Model):
    """One item as its file says."""

    id: Slug = Field(description="a name that stays")
    kind: Slug = Field(description="case_study, seminar, column, proposal …")
    title: Line = Field(description="the title, as it stands in a mail")
    summary: str = Field(
        min_length=1, max_length=2000, description="two to four sentences, fit to stand in a mail"
    )
    url: str = Field("", max_length=1000, description="where it can be read")
    points: list[Line] = Field(default=[], max_length=10, description="what the reader takes away")
    roles: list[Slug] = Field(default=[], max_length=50, description="for whom; empty: everybody")
    specialties: list[Slug] = Field(default=[], max_length=50, description="for which specialties; empty: all")
    topics: list[Slug] = Field(default=[], max_length=50, description="which concerns it answers")
    competitors: list[str] = Field(default=[], max_length=50, description="against which competitor it is offered")
    pointers: list[_Pointer] = Field(default=[], max_length=50, description="pages that answer a topic")
    owner: str = Field("", max_length=200, description="who keeps it right")
    expires: str | None = Field(None, description="the last day on which it may be sent, 2027-03-31")
    event_on: str | None = Field(None, description="a seminar's day, 2027-04-21")
    event_time: str = Field("", description="a seminar's time, 18:00-18:40")

    @field_validator("expires", "event_on")
    @classmethod
    def _is_date(cls, value: str | None) -> str | None:
        if value is not None:
            _day(value)
        return value

    @field_validator("event_time")
    @classmethod
    def _is_time(cls, value: str) -> str:
        if value and not _TIME.fullmatch(value):
            raise yaml.Wrong(
                UserError(mark("found {found}, expected a time span such as 18:00-18:40"), found=value[:60])
            )
        return value

    @field_validator("url")
    @classmethod
    def _is_url(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[!-~]+", value):
            raise yaml.Wrong(
                UserError(
                    mark("found {found}, expected an address that begins with https://"), found=yaml.shown(value)
                )
            )
        return value


class _File(_Model):
    """A file of items."""

    items: list[_Item] = Field(max_length=2000, description="a list of content items")


@dataclass(frozen=True, slots=True)
class _Placed:
    item: ContentItem
    document: yaml.Document
    index: int


def read_content(folder: Path) -> tuple[ContentItem, ...]:
    """All items of the folder's ``*.yaml`` files, by id. A folder that is not there has none.

    Raises:
        UserError, UserErrors: everything that is wrong in any of the files, with file, line and key.
    """
    errors: list[UserError] = []
    placed: dict[str, _Placed] = {}
    paths = sorted(path for path in folder.glob("*.y*ml") if path.suffix in {".yaml", ".yml"} and path.is_file())
    if len(paths) > MAX_FILES:
        raise UserError("there are more than {limit} files in {folder}", limit=MAX_FILES, folder=str(folder))
    for path in paths:
        try:
            document = yaml.read(path, file=f"{folder.name}/{path.name}")
            found = parse_content(document)
        except UserErrors as error:
            errors += error.errors
            continue
        except UserError as error:
            errors.append(error)
            continue
        for index, item in enumerate(found):
            first = placed.setdefault(item.id, _Placed(item, document, index))
            if first.item is not item:
                errors.append(
                    UserError(
                        "the id {id} is used twice",
                        where=document.where(("items", index, "id")),
                        hint="it stands in {place} already",
                        id=item.id,
                        place=str(first.document.where(("items", first.index, "id"))),
                    )
                )
    if errors:
        raise yaml.together(errors)
    return tuple(placed[name].item for name in sorted(placed))


def parse_content(document: yaml.Document) -> tuple[ContentItem, ...]:
    """The items of one file, in its order. An empty file has none.

    Raises:
        UserError, UserErrors: what is wrong in it.
    """
    if document.value is None:
        return ()
    items = yaml.validate(_File, document).items
    return tuple(_item(item, document.where(("items", index))) for index, item in enumerate(items))


def _item(item: _Item, where: Where) -> ContentItem:
    return ContentItem(
        id=item.id,
        kind=item.kind,
        title=_folded(item.title),
        summary=_folded(item.summary),
        url=item.url,
        points=tuple(_folded(point) for point in item.points),
        roles=tuple(item.roles),
        specialties=tuple(item.specialties),
        topics=tuple(item.topics),
        competitors=tuple(item.competitors),
        pointers=tuple(PagePointer(p.topic, p.page, p.label) for p in item.pointers),
        owner=item.owner,
        expires=_day(item.expires) if item.expires else None,
        event_on=_day(item.event_on) if item.event_on else None,
        event_time=item.event_time,
        file=where.file or "",
        line=where.line,
    )


def _day(text: str) -> date:
    """An ISO date.

    Raises:
        yaml.Wrong: it is none; validators let it through to become a UserError with its place.
    """
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise yaml.Wrong(UserError(mark("found {found}, expected a date such as 2027-04-21"), found=yaml.shown(text)))


def _folded(text: str) -> str:
    """One line. YAML makes a space of a line break; between two Japanese characters nobody meant one."""
    text = re.sub(r"\s+", " ", text.strip())
    text = re.sub(r"(?<=[、。」）]) ", "", text)
    return re.sub(r"(?<=[ぁ-ゖァ-ヺー一-鿿]) (?=[「（ぁ-ゖァ-ヺー一-鿿])", "", text)
