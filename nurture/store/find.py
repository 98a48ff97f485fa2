"""``Store.find``: conditions over the fields of a value, as SQL.

A list of texts is handed over as *one* parameter (JSON; an array on PostgreSQL), so a statement is the same
text for one id and for ten thousand: prepared once, and below every limit on parameters.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Final, Self

from sqlalchemy import Boolean, Text, and_, bindparam, false, func, literal_column, or_, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

from nurture.ports import Holding, Span
from nurture.store.codecs import fold
from nurture.store.schema import OPTIONAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import ColumnElement, SQLColumnExpression
    from sqlalchemy.engine import Dialect
    from sqlalchemy.types import TypeEngine

    from nurture.store.mapping import Shape

EMPTY: Final[ColumnElement[str]] = literal_column("''")


class Texts(TypeDecorator[Collection[str]]):
    """A list of texts as one parameter: an array, or JSON where there are none."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The database's own type."""
        return dialect.type_descriptor(ARRAY(Text()) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Collection[str] | None, dialect: Dialect) -> Any:
        """As the driver takes it."""
        wanted = sorted(set(value or ()))
        return wanted if dialect.name == "postgresql" else json.dumps(wanted, ensure_ascii=False)


class Unfolded(FunctionElement[str]):
    """A list of texts as a table with the one column ``value``."""

    name = "unfolded"
    inherit_cache = True


class Among(FunctionElement[bool]):
    """Whether a column of texts holds one of a list."""

    name = "among"
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: object = None) -> Self:  # noqa: ARG002
        """As it stands: SQLite would be given ``… = 1``, for which it uses no index."""
        return self


@compiles(Unfolded)
def _unfolded(element: Unfolded, compiler: Any, **options: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


@compiles(Unfolded, "postgresql")
def _unnested(element: Unfolded, compiler: Any, **options: Any) -> str:
    return f"unnest({compiler.process(element.clauses, **options)})"


@compiles(Among)
def _in(element: Among, compiler: Any, **options: Any) -> str:
    column, wanted = (compiler.process(part, **options) for part in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({wanted}))"  # noqa: S608 (names of columns and of parameters)


@compiles(Among, "postgresql")
def _any(element: Among, compiler: Any, **options: Any) -> str:
    column, wanted = (compiler.process(part, **options) for part in element.clauses)
    return f"{column} = ANY({wanted})"


def texts(values: Collection[str]) -> Any:
    """These texts as a table; its column is ``.c.value``. One of them in a statement."""
    # By the column's own name: PostgreSQL calls the column of such a table as the table is called.
    return Unfolded(bindparam(None, values, Texts())).table_valued("value").alias("value")


def among(column: SQLColumnExpression[str | None], values: Iterable[str]) -> ColumnElement[bool]:
    """Whether a column of texts holds one of these."""
    return Among(column, bindparam(None, list(values), Texts()))


def condition(shape: Shape[Any], where: Mapping[str, object] | None) -> ColumnElement[bool]:
    """What a row must fulfil.

    Raises:
        Impossible: a field that does not exist or cannot be asked for, or a value of another type.
    """
    return and_(true(), *(_one(shape, name, wanted) for name, wanted in (where or {}).items()))


def order_by(
    shape: Shape[Any], order: Sequence[str], where: Mapping[str, object] | None
) -> list[ColumnElement[Any]]:
    """The order of the answer: NULL before everything else, and after it where descending; ties by id.

    Where a condition leaves no NULL nothing is said of it, so that PostgreSQL can read an index in its order.
    """
    columns: list[ColumnElement[Any]] = []
    for name in (*order, shape.key):
        field = name.removeprefix("-")
        shape.asked(field)
        column: Any = shape.column(field)
        directed = column.desc() if name.startswith("-") else column.asc()
        if getattr(column, "nullable", False) and not isinstance((where or {}).get(field), Span):
            directed = directed.nulls_last() if name.startswith("-") else directed.nulls_first()
        columns.append(directed)
    return columns


def is_any_of(wanted: object) -> bool:
    """Whether a condition is a collection of values."""
    return isinstance(wanted, Collection) and not isinstance(wanted, str | bytes)


def _one(shape: Shape[Any], name: str, wanted: Any) -> ColumnElement[bool]:
    encode = shape.asked(name).encode
    column: Any = shape.column(name)
    if wanted is None:
        return column.is_(None)  # type: ignore[no-any-return]
    if isinstance(wanted, Span):
        parts = [column.is_not(None)]
        parts += [column >= encode(wanted.low)] if wanted.low is not None else []
        parts += [column < encode(wanted.high)] if wanted.high is not None else []
        return and_(*parts)
    if isinstance(wanted, Holding):
        return func.lower(column).contains(fold(encode(wanted.text)), autoescape=True)
    if is_any_of(wanted):
        values = [encode(value) for value in wanted if value is not None]
        found = _any_of(shape, column, values) if values else false()
        return or_(found, column.is_(None)) if None in wanted else found
    value = encode(wanted)
    return and_(column == value, *_not_empty(shape, column, [value]))


def _any_of(shape: Shape[Any], column: Any, values: list[Any]) -> ColumnElement[bool]:
    if isinstance(column.type, Text):
        return and_(among(column, values), *_not_empty(shape, column, values))
    return column.in_(values)  # type: ignore[no-any-return]


def _not_empty(shape: Shape[Any], column: Any, values: list[Any]) -> list[ColumnElement[bool]]:
    """Says what the values show anyway, so that an index which passes over empty texts can be used."""
    return [column != EMPTY] if (shape.kind, column.name) in OPTIONAL and "" not in values else []
