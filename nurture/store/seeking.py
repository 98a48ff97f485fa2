"""People and organisations by a part of what they are called (``core.seeking``).

Theory of operation
-------------------
What is searched stands in two narrow tables beside the rows, folded, written with them. A search reads such a
table from end to end: of 100,000 people that is ten megabytes and some twenty milliseconds, for one character as
for twenty. An index of three-character runs would not find 森 or 高橋, one of two-character runs would be many
times as large as what it indexes, and neither exists in both databases alike; "contains" does, and its answers are
the same in both. The organisation's words are kept once, not with each of its people: they are looked for first.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, bindparam, func, insert, or_, select, true, update

from nurture.core import seeking
from nurture.core.people import Organisation, Person
from nurture.errors import Impossible
from nurture.store.find import among
from nurture.store.mapping import shape
from nurture.store.schema import METADATA

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, Select

    from nurture.core.deals import Deal, Meeting

    Row = dict[str, Any]

_T: Final = METADATA.tables
_people, _houses = _T["person_words"].c, _T["organisation_words"].c


def _of_person(row: Mapping[str, Any]) -> Row:
    said = seeking.of_person(row["family_name"], row["given_name"], row["kana"], row["email"])
    beside = {name: row[name] for name in ("organisation_id", "rep_id")}
    return {"id": row["id"], "text": said, **beside}


def _of_organisation(row: Mapping[str, Any]) -> Row:
    return {"id": row["id"], "text": seeking.of_organisation(row["name"])}


WORDS: Final[Mapping[str, Callable[[Mapping[str, Any]], Row]]] = {
    "person": _of_person,
    "organisation": _of_organisation,
}
"""Table → the row of its words."""


def write(connection: Connection, kind: str, updates: Sequence[Row], inserts: Sequence[Row]) -> None:
    """Keep the words of rows that have just been written; those that are as they were are not written."""
    if (made := WORDS.get(kind)) is None:
        return
    table = _T[f"{kind}_words"]
    if inserts:
        connection.execute(insert(table), [made(row) for row in inserts])
    if updates:
        rows = [{f"_{name}": x for name, x in made(row).items()} for row in updates]
        named = {name: bindparam(f"_{name}", type_=table.c[name].type) for name in made(updates[0])}
        other = or_(*(table.c[name].is_distinct_from(x) for name, x in named.items() if name != "id"))
        connection.execute(update(table).where(table.c.id == named["id"], other).values(_but_id(named)), rows)


def _but_id(named: Mapping[str, Any]) -> Row:
    return {name: x for name, x in named.items() if name != "id"}


def statement(kind: type[Any], said: str, reps: Collection[str] | None, limit: int, skip: int) -> Select[Any]:
    """The rows that are meant, in order of what they are called.

    Raises:
        Impossible: another kind.
    """
    _check(kind)
    words, where = (_people, _person) if kind is Person else (_houses, _organisation)
    meant = select(words.id, words.text).where(where(seeking.parts(said), reps))
    found = meant.order_by(words.text, words.id).limit(limit).offset(skip).subquery("found")
    shaped = shape(kind)
    return shaped.selected.join(found, found.c.id == shaped.table.c.id).order_by(found.c.text, found.c.id)


def _person(parts: Sequence[str], reps: Collection[str] | None) -> ColumnElement[bool]:
    mine = true() if reps is None else among(_people.rep_id, reps)
    return and_(mine, *(or_(_has(_people.text, part), _works_at(part)) for part in parts))


def _works_at(part: str) -> ColumnElement[bool]:
    return _people.organisation_id.in_(select(_houses.id).where(_has(_houses.text, part)))


def _organisation(parts: Sequence[str], reps: Collection[str] | None) -> ColumnElement[bool]:
    tables = (_people, _T["deal"].c, _T["meeting"].c)
    mine = true() if reps is None else or_(*(_known(table, reps) for table in tables))
    return and_(mine, *(_has(_houses.text, part) for part in parts))


def _known(table: Any, reps: Collection[str]) -> ColumnElement[bool]:
    """Whether one of these has a person, deal or meeting there: all such places at once, read from end to end."""
    return _houses.id.in_(select(table.organisation_id).where(among(table.rep_id, reps)))


def _has(text: Any, part: str) -> ColumnElement[bool]:
    return text.contains(part, autoescape=True)  # type: ignore[no-any-return]


def twins_statement(reps: Collection[str] | None, limit: int) -> Select[Any]:
    """People who share their names with another at the same organisation.

    Of such names no more are looked for than people are asked for: each brings two at least, and both come in the
    same order.
    """
    p = _T["person"].c
    same = (p.organisation_id, p.family_name, p.given_name)
    known = and_(p.organisation_id.is_not(None), p.given_name != "")
    known = known if reps is None else and_(known, among(p.rep_id, reps))
    grouped = select(*same).where(known).group_by(*same).having(func.count() > 1)
    shared = grouped.order_by(*same).limit(limit).subquery("shared")
    alike = and_(*(column == shared.c[column.name] for column in same))
    found = shape(Person).selected.join(shared, alike)
    found = found if reps is None else found.where(among(p.rep_id, reps))
    return found.order_by(*same, p.id).limit(limit)


def twins(people: Iterable[Person], reps: Collection[str] | None) -> tuple[Person, ...]:
    """The same in memory."""
    named = [p for p in people if p.organisation_id and p.given_name and (reps is None or p.rep_id in reps)]
    count = Counter((p.organisation_id, p.family_name, p.given_name) for p in named)
    found = [p for p in named if count[(p.organisation_id, p.family_name, p.given_name)] > 1]
    return tuple(sorted(found, key=lambda p: (p.organisation_id or "", p.family_name, p.given_name, p.id)))


def sought(
    kind: type[Any],
    said: str,
    reps: Collection[str] | None,
    people: Iterable[Person],
    organisations: Iterable[Organisation],
    others: Iterable[Deal | Meeting],
) -> tuple[Person | Organisation, ...]:
    """The same in memory: all that are meant, in order; ``others`` is what makes an organisation known too.

    Raises:
        Impossible: another kind.
    """
    _check(kind)
    parts, people = seeking.parts(said), tuple(people)
    houses = {o.id: (seeking.organisation_words(o), o) for o in organisations}
    found: list[tuple[str, str, Person | Organisation]] = []
    if kind is Person:
        for p in people:
            own = seeking.person_words(p)
            house = houses[p.organisation_id][0] if p.organisation_id else ""
            if (reps is None or p.rep_id in reps) and all(part in own or part in house for part in parts):
                found.append((own, p.id, p))
    else:
        known = {x.organisation_id for x in (*people, *others) if reps is not None and x.rep_id in reps}
        for own, o in houses.values():
            if (reps is None or o.id in known) and all(part in own for part in parts):
                found.append((own, o.id, o))
    return tuple(value for *_, value in sorted(found, key=lambda each: each[:2]))


def _check(kind: type[Any]) -> None:
    if kind not in (Person, Organisation):
        raise Impossible("{kind} is not searched", kind=kind.__name__)
