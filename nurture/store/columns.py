"""Columns as the tables use them: text, instants, references.

Text compares and sorts by code point everywhere (SQLite does; PostgreSQL is told to), so that all stores
agree on order. Instants are UTC: SQLite keeps them as ``YYYY-MM-DD HH:MM:SS.ffffff``, which sorts by time;
PostgreSQL as ``timestamptz``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Date, DateTime, ForeignKey, Text
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

TEXT = Text().with_variant(Text(collation="C"), "postgresql")


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant, to the microsecond."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """As the driver takes it: SQLite knows no offsets, so it is handed UTC without one."""
        if value is None:
            return None
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """SQLite hands out text: it is read in one step."""
        return _aware if dialect.name == "sqlite" else super().result_processor(dialect, coltype)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Aware again, in UTC whatever the server's session says."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _aware(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value).replace(tzinfo=UTC)


INSTANT = Instant()


def ident() -> Any:
    """The row's id."""
    return Field(sa_type=_type(TEXT), primary_key=True)


def words() -> Any:
    """A string, or JSON where the value is nested."""
    return Field(sa_type=_type(TEXT))


def instant() -> Any:
    """A moment."""
    return Field(sa_type=_type(INSTANT))


def day() -> Any:
    """A local date."""
    return Field(sa_type=_type(Date()))


def number() -> Any:
    """A whole number of up to 64 bits."""
    return Field(sa_type=_type(BigInteger()))


def ref(table: str) -> Any:
    """The id of a row of ``table``.

    Checked when the transaction ends, so that a change may hold its rows in any order.
    """
    target = ForeignKey(f"{table}.id", deferrable=True, initially="DEFERRED")
    return Field(sa_type=_type(TEXT), sa_column_args=[target])


def owner(table: str) -> Any:
    """The id of a row of ``table``, whose long texts these are. Checked when the transaction ends."""
    target = ForeignKey(f"{table}.id", deferrable=True, initially="DEFERRED")
    return Field(sa_type=_type(TEXT), primary_key=True, sa_column_args=[target])


def _type(column_type: Any) -> Any:
    """SQLModel asks for a class and takes an instance as well."""
    return column_type
