"""``Store.find``: conditions over the fields of a value, as SQL.

A list of texts is handed over as *one* JSON parameter, so a statement is the same text for one id and for
ten thousand: prepared once, and below every limit on parameters.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Text, and_, bindparam, false, literal_column, or_, select, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from nurture.ports import Span
from nurture.store.schema import OPTIONAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import ColumnElement, SQLColumnExpression

    from nurture.store.mapping import Shape

EMPTY: Final[ColumnElement[str]] = literal_column("''")


class JsonTexts(FunctionElement[str]):
    """The texts of a JSON array as a table with the one column ``value``."""

    name = "json_texts"
    inherit_cache = True


@compiles(JsonTexts)
def _sqlite(element: JsonTexts, compiler: Any, **options: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


@compiles(JsonTexts, "postgresql")
def _postgresql(element: JsonTexts, compiler: Any, **options: Any) -> str:
    return f"json_array_elements_text(CAST({compiler.process(element.clauses, **options)} AS json))"


def texts(values: Iterable[str], name: str = "texts") -> Any:
    """These texts as a table; its column is ``.c.value``."""
    array = json.dumps(sorted(set(values)), ensure_ascii=False)
    return JsonTexts(bindparam(None, array, Text())).table_valued("value").alias(name)


def among(column: SQLColumnExpression[str | None], values: Iterable[str]) -> ColumnElement[bool]:
    """Whether a column of texts holds one of these."""
    return column.in_(select(texts(values).c.value))


def condition(shape: Shape[Any], where: Mapping[str, object] | None) -> ColumnElement[bool]:
    """What a row must fulfil.

    Raises:
        Impossible: a field that does not exist or cannot be asked for, or a value of another type.
    """
    return and_(true(), *(_one(shape, name, wanted) for name, wanted in (where or {}).items()))


def order_by(shape: Shape[Any], order: Sequence[str]) -> list[ColumnElement[Any]]:
    """The order of the answer: NULL before everything else, and after it where descending; ties by id."""
    columns: list[ColumnElement[Any]] = []
    for name in (*order, shape.key):
        field = name.removeprefix("-")
        shape.asked(field)
        column = shape.table.c[field]
        directed = column.desc() if name.startswith("-") else column.asc()
        if column.nullable:
            directed = directed.nulls_last() if name.startswith("-") else directed.nulls_first()
        columns.append(directed)
    return columns


def is_any_of(wanted: object) -> bool:
    """Whether a condition is a collection of values."""
    return isinstance(wanted, Collection) and not isinstance(wanted, str | bytes)


def _one(shape: Shape[Any], name: str, wanted: Any) -> ColumnElement[bool]:
    encode = shape.asked(name).encode
    column = shape.table.c[name]
    if wanted is None:
        return column.is_(None)
    if isinstance(wanted, Span):
        parts = [column.is_not(None)]
        parts += [column >= encode(wanted.low)] if wanted.low is not None else []
        parts += [column < encode(wanted.high)] if wanted.high is not None else []
        return and_(*parts)
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
