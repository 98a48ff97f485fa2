"""A change as the store in memory tries it: what tables would refuse, refused before any row is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from nurture.errors import Impossible, StaleVersion
from nurture.store.mapping import shape
from nurture.store.schema import REFERENCES, UNIQUE, Unique

if TYPE_CHECKING:
    from nurture.core.people import Person
    from nurture.store import writes
    from nurture.store.mapping import Shape

V = TypeVar("V")
Row = dict[str, Any]


class Draft:
    """What a change would write, checked as the tables would check it, before any row is written."""

    def __init__(self, kept: dict[str, dict[str, Any]], taken: dict[str, dict[tuple[Any, ...], str]]) -> None:
        self._kept = kept
        self._taken = taken  # the store's own: what was done to it stands in ``_undo``
        self._undo: list[tuple[dict[tuple[Any, ...], str], tuple[Any, ...], str | None]] = []
        self._raw: list[tuple[str, Row]] = []
        self.rows: dict[str, dict[str, Any]] = {}

    def put(self, puts: writes.Puts) -> None:
        """Versions first, then the rows one by one: as the statements run.

        Raises:
            StaleVersion: a version moved on, or a key is taken.
        """
        kind = puts.shape.kind
        kept = self._kept[kind]
        rules = [rule for rule in UNIQUE if rule.table == kind]
        for row in puts.updates:
            if row["id"] not in kept or kept[row["id"]].version != row["version"]:
                raise StaleVersion(kind, row["id"])
        for row in puts.inserts:
            if row["id"] in kept:
                raise StaleVersion(kind, row["id"])
        drafted = self.rows.setdefault(kind, {})
        for row in (*puts.updates, *puts.inserts):
            for rule in rules:
                self._take(rule, puts.shape, row)
            self._raw.append((kind, row))
            drafted[row["id"]] = value_of(puts.shape, row | {"version": row["version"] + 1})

    def check_references(self) -> None:
        """Every reference leads somewhere, as when a transaction ends.

        Raises:
            Impossible: one does not.
        """
        for kind, row in self._raw:
            for name, target in REFERENCES[kind]:
                key = row[name]
                if key is not None and key not in self._kept[target] and key not in self.rows.get(target, {}):
                    raise Impossible("{place} refers to nothing", place=f"{kind}.{name}")

    def drop(self, person: Person) -> None:
        """Somebody goes, after all else was put.

        Raises:
            StaleVersion: the version moved on.
            Impossible: something still points there.
        """
        kept = self._kept["person"].get(person.id)
        if kept is None or kept.version != person.version:
            raise StaleVersion("person", person.id)
        for kind, references in REFERENCES.items():
            names = [name for name, target in references if target == "person" and kind in self._kept]
            rows = {**self._kept.get(kind, {}), **self.rows.get(kind, {})}.values() if names else ()
            if any(getattr(row, name) == person.id for row in rows for name in names if row.id != person.id):
                raise Impossible("{place} refers to nothing", place=kind)
        for rule in (rule for rule in UNIQUE if rule.table == "person"):
            taken_, key = self._taken[rule.name], rule.key(shape(type(kept)).row(kept))
            if key is not None and taken_.get(key) == person.id:
                self._undo.append((taken_, key, taken_.pop(key)))

    def let_go(self) -> None:
        """Give back all keys as they were taken."""
        for taken, key, holder in reversed(self._undo):
            if holder is None:
                del taken[key]
            else:
                taken[key] = holder

    def _take(self, rule: Unique, shaped: Shape[Any], row: Row) -> None:
        taken = self._taken[rule.name]
        before = self._kept[shaped.kind].get(row["id"])
        old = None if before is None else rule.key(shaped.row(before))
        new = rule.key(row)
        if old == new:
            return
        if new is not None and new in taken:
            raise StaleVersion(shaped.kind, row["id"])
        if old is not None:
            self._undo.append((taken, old, taken.pop(old)))
        if new is not None:
            self._undo.append((taken, new, None))
            taken[new] = row["id"]


def value_of(shaped: Shape[V], row: Row) -> V:
    """The value of a row."""
    return shaped.value([row[name] for name in shaped.names])


def taken(rows: dict[str, dict[str, Any]]) -> dict[str, dict[tuple[Any, ...], str]]:
    """The unique keys that these values have, by rule."""
    found: dict[str, dict[tuple[Any, ...], str]] = {rule.name: {} for rule in UNIQUE}
    for rule in UNIQUE:
        for key, value in rows[rule.table].items():
            if (own := rule.key(shape(type(value)).row(value))) is not None:
                found[rule.name][own] = key
    return found
