"""Values ↔ rows. The store knows how to put a value back, never what it means.

A ``Shape`` is compiled once per class from its fields; both stores use it, so what one accepts, mends or
refuses the other does too.
"""

from __future__ import annotations

from dataclasses import fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast

from sqlalchemy import func, literal_column, select

from nurture.core import audit, change, deals, keys, messages, people, snoozing, tokens
from nurture.errors import Impossible
from nurture.store import tables
from nurture.store.codecs import Codec, column, hints
from nurture.store.schema import METADATA

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement, Table

    from nurture.store.codecs import Convert

V = TypeVar("V")
_Encoder = tuple[str, "Convert", bool]  # column, codec, whether it may be NULL

KINDS: Final[Mapping[type, Any]] = {
    people.Organisation: tables.OrganisationRow,
    people.Person: tables.PersonRow,
    people.Representative: tables.RepresentativeRow,
    deals.Deal: tables.DealRow,
    deals.Meeting: tables.MeetingRow,
    deals.Promise: tables.PromiseRow,
    deals.Task: tables.TaskRow,
    messages.Enrollment: tables.EnrollmentRow,
    messages.Message: tables.MessageRow,
    messages.Inbound: tables.InboundRow,
    messages.Suppression: tables.SuppressionRow,
    messages.Entry: tables.JournalRow,
    change.ScenarioText: tables.ScenarioTextRow,
    change.MailboxState: tables.MailboxStateRow,
    change.LoginToken: tables.LoginTokenRow,
    change.Setting: tables.SettingRow,
    change.Dispatch: tables.DispatchRow,
    audit.Seal: tables.JournalSealRow,
    tokens.ApiToken: tables.ApiTokenRow,
    keys.Answered: tables.AnsweredRow,
    change.Told: tables.ToldRow,
    change.MeetingDraft: tables.MeetingDraftRow,
    snoozing.Snooze: tables.SnoozeRow,
}


ASIDE: Final[Mapping[str, Mapping[str, str]]] = {"message": {"body": "message_body"}}
"""Table → its fields that stand in a table of their own: a column of the same name, no row for an empty text."""


class Shape(Generic[V]):
    """One class and its table, with those beside it."""

    def __init__(self, cls: type[V], table: Table) -> None:
        self.cls = cls
        self.table = table
        self.kind = table.name
        self.names: tuple[str, ...] = tuple(f.name for f in fields(cast("Any", cls)))
        self.aside: dict[str, Table] = {
            field: METADATA.tables[name] for field, name in ASIDE.get(table.name, {}).items()
        }
        self.selected = select(*(self.column(name) for name in self.names))
        self.key = "id" if "id" in self.names else "seq"
        types = hints(cls)
        self._codecs: dict[str, Codec] = {name: column(types[name]) for name in self.names}
        self._encode: tuple[_Encoder, ...] = tuple(
            (name, self._codecs[name].encode, name not in self.aside and bool(table.c[name].nullable))
            for name in self.names
        )
        self._decode = self.decoders(self.names)
        self._fields = attrgetter(*self.names)

    def column(self, field: str) -> ColumnElement[Any]:
        """Where a field stands, in a question to the table."""
        if field not in self.aside:
            return self.table.c[field]
        aside = self.aside[field]
        text = select(aside.c[field]).where(aside.c.id == self.table.c.id).correlate(self.table)
        return func.coalesce(text.scalar_subquery(), literal_column("''"), type_=aside.c[field].type).label(field)

    def row(self, value: V) -> dict[str, Any]:
        """What the value's columns hold.

        Raises:
            Impossible: a field holds what its type does not allow.
        """
        row = {}
        for (name, encode, nullable), x in zip(self._encode, self._fields(value), strict=True):
            try:
                row[name] = None if x is None and nullable else encode(x)
            except Impossible as error:
                raise _named(error, f"{self.kind}.{name}") from None
        return row

    def value(self, row: Sequence[Any]) -> V:
        """The value whose columns these are, in the order of ``selected``."""
        parts = list(row)
        for at, decode in self._decode:
            if parts[at] is not None:
                try:
                    parts[at] = decode(parts[at])
                except Impossible as error:
                    raise _named(error, f"{self.kind}.{self.names[at]}") from None
        return self.cls(*parts)

    def decoders(self, names: Sequence[str]) -> tuple[tuple[int, Convert], ...]:
        """Where columns in this order need decoding, and how."""
        return tuple((at, d) for at, name in enumerate(names) if (d := self._codecs[name].decode))

    def encoder(self, field: str) -> Convert:
        """How one field's value is written, None apart."""
        return self._codecs[field].encode

    def asked(self, field: str) -> Codec:
        """The codec of a field that a condition or an order names.

        Raises:
            Impossible: there is no such field, or it is nested and cannot be asked for.
        """
        codec = self._codecs.get(field)
        if codec is None or codec.nested:
            raise Impossible("{kind} cannot be found by {field}", kind=self.kind, field=field)
        return codec


def _named(error: Impossible, place: str) -> Impossible:
    """The same with the column's name; never with what it holds."""
    return Impossible("{place}: {problem}", place=place, problem=str(error))


def shape(cls: type[V]) -> Shape[V]:
    """How values of this class are kept.

    Raises:
        Impossible: it is none of ``core.change.Entity`` or ``Entry``.
    """
    if cls not in _SHAPES:
        if cls not in KINDS:
            raise Impossible("{kind} is not kept in the store", kind=cls.__name__)
        _SHAPES[cls] = Shape(cls, METADATA.tables[KINDS[cls].__tablename__])
    return _SHAPES[cls]


_SHAPES: Final[dict[type, Shape[Any]]] = {}
