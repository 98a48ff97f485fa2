"""Many rows as one text, in and out: for what goes through a database by the hundred.

A row that is fetched or written by itself costs a turn of the interpreter's lock, however little is in it; while
the daemon is sending, each such turn is waited for. So the hot statements hand over one JSON text with all rows of
a batch, and return one. SQLite and PostgreSQL name the functions differently; that is all that differs here.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, BigInteger, Date, Text, cast, column, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from nurture.store.columns import INSTANT, Instant

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import ColumnElement, Select

    from nurture.store.mapping import Shape

Decoders = tuple[tuple[int, "Callable[[Any], Any]"], ...]


class Packed(FunctionElement[str]):
    """Columns as a JSON array: ``packed(a, b)``."""

    type = Text()
    inherit_cache = True


class Listed(FunctionElement[str]):
    """All rows' values of one expression as a JSON array; an empty one where there is no row."""

    type = Text()
    inherit_cache = True


class Within(FunctionElement[str]):
    """A subquery whose JSON stands as JSON within other JSON."""

    type = Text()
    inherit_cache = True


class Unpacked(FunctionElement[str]):
    """A JSON array as a table with the one column ``value``."""

    name = "unpacked"
    inherit_cache = True


class Item(FunctionElement[str]):
    """What stands at a place of an unpacked row, as text."""

    type = Text()
    inherit_cache = True


class Moment(FunctionElement["datetime"]):
    """The same, an instant, written as SQLite keeps it."""

    type = INSTANT
    inherit_cache = True


@compiles(Packed)
def _packed(element: Packed, compiler: Any, **options: Any) -> str:
    return f"json_array({compiler.process(element.clauses, **options)})"


@compiles(Packed, "postgresql")
def _built(element: Packed, compiler: Any, **options: Any) -> str:
    return f"json_build_array({compiler.process(element.clauses, **options)})"


@compiles(Listed)
def _listed(element: Listed, compiler: Any, **options: Any) -> str:
    return f"json_group_array({compiler.process(element.clauses, **options)})"


@compiles(Listed, "postgresql")
def _gathered(element: Listed, compiler: Any, **options: Any) -> str:
    return f"coalesce(json_agg({compiler.process(element.clauses, **options)}), '[]')"


@compiles(Within)
def _within(element: Within, compiler: Any, **options: Any) -> str:
    return f"json({compiler.process(element.clauses, **options)})"


@compiles(Within, "postgresql")
def _as_it_is(element: Within, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options))


@compiles(Unpacked)
def _each(element: Unpacked, compiler: Any, **options: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


@compiles(Unpacked, "postgresql")
def _elements(element: Unpacked, compiler: Any, **options: Any) -> str:
    return f"json_array_elements(CAST({compiler.process(element.clauses, **options)} AS json))"


def _place(element: Any, compiler: Any, options: dict[str, Any]) -> list[str]:
    return [compiler.process(part, **options) for part in element.clauses]


@compiles(Item)
@compiles(Moment)
def _extracted(element: Any, compiler: Any, **options: Any) -> str:
    value, place = _place(element, compiler, options)
    return f"json_extract({value}, '$[{place}]')"


@compiles(Item, "postgresql")
def _text_of(element: Item, compiler: Any, **options: Any) -> str:
    value, place = _place(element, compiler, options)
    return f"({value} ->> {place})"


@compiles(Moment, "postgresql")
def _moment_of(element: Moment, compiler: Any, **options: Any) -> str:
    value, place = _place(element, compiler, options)
    return f"CAST(({value} ->> {place}) || '+00' AS timestamptz)"


def listed(query: Select[Any], *columns: ColumnElement[Any] | Packed) -> Within:
    """The rows of a query within a larger one: as a list of lists."""
    return Within(query.with_only_columns(Listed(Packed(*columns))).scalar_subquery())


def unpacked(rows: ColumnElement[Any]) -> Any:
    """A parameter that is a JSON array, as a table; its column is ``.c.value``."""
    # By the column's own name: PostgreSQL calls the column of such a table as the table is called.
    return Unpacked(rows).table_valued(column("value", JSON())).alias("value")


def item(rows: Any, place: int) -> ColumnElement[str]:
    """The text at a place of an unpacked row."""
    return Item(rows.c.value, literal_column(str(place)))


def number(rows: Any, place: int) -> ColumnElement[int]:
    """The number at a place of an unpacked row."""
    return cast(item(rows, place), BigInteger())


def moment(rows: Any, place: int) -> ColumnElement[datetime]:
    """The instant at a place of an unpacked row."""
    return Moment(rows.c.value, literal_column(str(place)))


def decoders(shape: Shape[Any]) -> Decoders:
    """Where the columns of a value stand as something else in JSON, and how they are read."""
    found = dict(shape.decoders(shape.names))
    for at, name in enumerate(shape.names):
        kind = shape.column(name).type
        if isinstance(kind, Instant):
            found[at] = instant
        elif isinstance(kind, Date):
            found[at] = date.fromisoformat
    return tuple(sorted(found.items()))


day = date.fromisoformat


def instant(text: str) -> datetime:
    """An instant as either database writes it: without an offset it is UTC."""
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at if at.tzinfo is UTC else at.astimezone(UTC)
