"""A contact list (CSV) to rows, as spreadsheets and card scanners write them.

Theory of operation
-------------------
Nobody chooses the shape of such a file: Excel writes cp932, or UTF-8 with a mark, or UTF-16 with tabs; headers
are Japanese; half of the cells say "-". So the encoding is found (a byte order mark, else UTF-8 where the bytes
allow no other reading, else cp932), the separator is the one that makes most headers known, and spellings of
columns and values are looked up in ``spellings``. What cannot be understood is never guessed: the row is
refused with its line, its column, what was found and what was expected, and the others go on.

A cell that a spreadsheet would run as a formula refuses its row: such text has no place in a name, and the
list will be exported again some day.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from nurture.core.people import ORGANISATION_KINDS, Basis, LegalBasis, Profession
from nurture.core.people import ROLES as KNOWN_ROLES
from nurture.errors import NurtureError, UserError, Where
from nurture.files import sheet, spellings
from nurture.files.yaml import nearest, shown
from nurture.i18n import LANGUAGES
from nurture.mail.address import check_address

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

LONGEST: Final = 2_000  # characters of a cell
ENOUGH: Final = 500  # errors

_ADDRESSES: Final = tuple(said for said, column in spellings.COLUMNS.items() if column == "email")
_SLUG = re.compile(r"[a-z][a-z0-9_]{0,39}")
_HONORIFIC = re.compile(r"\s*(?:先生|様|さま|殿|さん)$")


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One row as values. None: the file says nothing about it, what is known stays as it is."""

    line: int
    email: str
    family_name: str | None = None
    given_name: str | None = None
    kana: str | None = None
    organisation: str | None = None
    organisation_kind: str | None = None
    region: str | None = None
    department: str | None = None
    title: str | None = None
    role: str | None = None
    specialty: str | None = None
    profession: Profession | None = None
    timezone: str | None = None
    language: str | None = None
    rep: str | None = None
    topics: tuple[str, ...] | None = None
    legal_basis: LegalBasis | None = None


@dataclass(frozen=True, slots=True)
class ContactList:
    """A file that was read to its end: the good rows, and what is wrong with the others."""

    rows: tuple[PersonRow, ...]
    errors: tuple[UserError, ...] = ()
    warnings: tuple[UserError, ...] = ()
    encoding: str = "utf-8"
    separator: str = ","
    columns: Mapping[str, str] = field(default_factory=dict)  # our name to the header in the file


def read(path: Path, name: str | None = None) -> ContactList:
    """Read a contact list.

    Args:
        path: the file.
        name: what to call it in messages; else its path.

    Raises:
        UserError: the file as a whole cannot be read: not there, too long, no text, no column for addresses.
    """
    said = name or str(path)
    return parse(sheet.raw(path, said), said)


def parse(raw: bytes, name: str) -> ContactList:
    """As ``read``, from the bytes of the file."""
    opened = sheet.open_sheet(raw, name, spellings.COLUMNS)
    notes = _Sheet(name, opened.line, opened.header)
    rows = tuple(_rows(notes, opened.records))
    if not rows and not notes.errors:
        notes.warnings.append(UserError("there is no row under the headers", where=Where(name, opened.line)))
    return ContactList(
        rows,
        tuple(notes.errors),
        tuple(notes.warnings),
        opened.encoding,
        opened.separator,
        {column: opened.header[at] for column, at in notes.columns.items()},
    )


def _rows(notes: _Sheet, records: Iterator[tuple[int, list[str]]]) -> Iterator[PersonRow]:
    """The good rows; a file that is wrong throughout is not read to its end."""
    for line, cells in records:
        if len(notes.errors) >= ENOUGH:
            notes.errors.append(
                UserError("there is more wrong; reading stopped here", where=Where(notes.name, line))
            )
            return
        if row := notes.row(line, cells):
            yield row


class _Sheet:
    """Header and notes of one file; ``row`` turns cells into values."""

    def __init__(self, name: str, line: int, header: list[str]) -> None:
        self.name = name
        self.header = [cell.strip() for cell in header]
        self.columns = sheet.columns_of(header, spellings.COLUMNS)
        self.errors: list[UserError] = []
        self.warnings: list[UserError] = []
        self.seen: dict[str, int] = {}
        self.warned: set[tuple[str, str]] = set()
        if "email" not in self.columns:
            guess = next((c for c in self.header if nearest(spellings.folded(c), _ADDRESSES)), None)
            raise UserError(
                "there is no column for mail addresses among {columns}",
                where=Where(name, line),
                hint="did you mean {guess}? name it email (or メールアドレス)"
                if guess
                else "name a column email (or メールアドレス)",
                columns=[cell for cell in self.header if cell][:30],
                guess=guess,
            )
        for at, cell in enumerate(self.header):
            known = spellings.COLUMNS.get(spellings.folded(cell))
            where = Where(name, line, at + 1, cell)
            if cell and not known:
                self._unknown(cell, where)
            elif known and self.columns[known] != at:
                self.warnings.append(UserError("this column is there twice; the first one counts", where=where))

    def _unknown(self, cell: str, where: Where) -> None:
        guess = nearest(cell, [name for name in spellings.COLUMNS.values() if name not in self.columns]) or (
            spelled if (spelled := nearest(spellings.folded(cell), spellings.COLUMNS)) else None
        )
        self.warnings.append(
            UserError(
                "this column is not known and is left out",
                where=where,
                hint="did you mean {guess}?" if guess else None,
                guess=spellings.COLUMNS.get(spellings.folded(guess), guess) if guess else None,
            )
        )

    def row(self, line: int, cells: list[str]) -> PersonRow | None:
        """The values of a row; None when it is refused, and then why is among the errors."""
        before = len(self.errors)
        if len(cells) > len(self.header) and any(cell.strip() for cell in cells[len(self.header) :]):
            self.errors.append(
                UserError(
                    "this row has {found} cells, the header has {expected}",
                    where=Where(self.name, line),
                    hint="is a separator inside a text that is not in quotes?",
                    found=len(cells),
                    expected=len(self.header),
                )
            )
            return None
        cell = _Cells(self, line, cells)
        family, given = cell.names()
        role = cell.slug("role", spellings.ROLES, KNOWN_ROLES)
        title = cell.text("title")
        row = PersonRow(
            line=line,
            email=cell.email(),
            family_name=family,
            given_name=given,
            kana=cell.text("kana"),
            organisation=cell.text("organisation"),
            organisation_kind=cell.slug("organisation_kind", spellings.KINDS, ORGANISATION_KINDS),
            region=cell.slug("region", spellings.REGIONS),
            department=cell.text("department"),
            title=title,
            role=role,
            specialty=cell.slug("specialty", spellings.SPECIALTIES),
            profession=cell.profession(),
            timezone=cell.timezone(),
            language=cell.language(),
            rep=cell.text("rep"),
            topics=cell.topics(),
            legal_basis=cell.basis(),
        )
        if row.email and (first := self.seen.setdefault(row.email.lower(), line)) != line:
            cell.wrong("email", "{found} is in line {first} already", found=row.email, first=first)
        return row if len(self.errors) == before else None


class _Cells:
    """One row, asked cell by cell; what is wrong is noted with the sheet."""

    def __init__(self, sheet: _Sheet, line: int, cells: list[str]) -> None:
        self.sheet = sheet
        self.line = line
        self.cells = cells

    def where(self, column: str) -> Where:
        """The place of a cell, with the header as the file spells it."""
        at = self.sheet.columns[column]
        return Where(self.sheet.name, self.line, at + 1, self.sheet.header[at])

    def wrong(self, column: str, text: str, /, *, hint: str | None = None, **values: object) -> None:
        """Note what is wrong with a cell."""
        self.sheet.errors.append(UserError(text, where=self.where(column), hint=hint, **values))

    def text(self, column: str, *, longest: int = 200) -> str | None:
        """The text of a cell, its blanks made one; None for nothing."""
        at = self.sheet.columns.get(column)
        raw = self.cells[at] if at is not None and at < len(self.cells) else ""
        try:
            return sheet.cell(raw, longest)
        except UserError as error:
            self.wrong(column, error.text, hint=error.hint, **error.values)
            return None

    def email(self) -> str:
        """The address, checked; empty when it is no good."""
        before = len(self.sheet.errors)
        said = self.text("email", longest=320)
        if said is None:
            if len(self.sheet.errors) == before:
                self.wrong("email", "there is no mail address in this row")
            return ""
        plain = unicodedata.normalize("NFKC", said).removeprefix("mailto:").strip()
        bracketed = re.fullmatch(r"[^<>]*<([^<>]+)>", plain)
        try:
            return check_address(bracketed[1] if bracketed else plain)
        except NurtureError as error:
            hint = error.hint if isinstance(error, UserError) else None
            self.sheet.errors.append(UserError(error.text, where=self.where("email"), hint=hint, **error.values))
            return ""

    def names(self) -> tuple[str | None, str | None]:
        """Family and given name, from their own columns or divided at the blank."""
        family, given = self.text("family_name"), self.text("given_name")
        whole = self.text("name")
        if family or whole is None:
            return family, given
        whole = _HONORIFIC.sub("", whole) or whole
        family, _, rest = whole.partition(" ")
        if not rest and re.search(r"[\u3040-\u9fff]{3}", whole):
            self.sheet.warnings.append(
                UserError(
                    "{found} is not divided into family name and given name",
                    where=self.where("name"),
                    hint="put a blank between them: greetings use the family name",
                    found=whole,
                )
            )
        return family, rest or given

    def slug(self, column: str, known: Mapping[str, str], shipped: tuple[str, ...] = ()) -> str | None:
        """One of the words that scenarios and calendars use; an unknown slug is allowed and warned about."""
        said = self.text(column)
        if said is None:
            return None
        found = known.get(spellings.folded(said)) or known.get(spellings.folded(said + "県"))
        if found:
            return found
        names = sorted(set(known.values()) | set(shipped))
        guess = nearest(said, names) or known.get(nearest(spellings.folded(said), known) or "")
        if not _SLUG.fullmatch(said):
            self.wrong(
                column,
                "found {found}, expected one of {expected}",
                hint="did you mean {guess}?" if guess else None,
                expected=", ".join(names),
                found=shown(said),
                guess=guess,
            )
            return None
        if (column, said) not in self.sheet.warned:
            self.sheet.warned.add((column, said))
            self.sheet.warnings.append(
                UserError(
                    "{found} is not a word that the shipped calendars and templates know",
                    where=self.where(column),
                    hint="did you mean {guess}?" if guess else None,
                    found=said,
                    guess=guess,
                )
            )
        return said

    def profession(self) -> Profession | None:
        """What the column says."""
        said = self.text("profession")
        if said is None:
            return None
        found = spellings.PROFESSIONS.get(spellings.folded(said))
        if found is None:
            self.wrong(
                "profession",
                "found {found}, expected one of {expected}",
                expected=", ".join([str(known) for known in Profession]),
                found=shown(said),
            )
            return None
        return Profession(found)

    def timezone(self) -> str | None:
        """An IANA name that exists."""
        said = self.text("timezone")
        if said is None:
            return None
        try:
            return ZoneInfo(said).key
        except (KeyError, ValueError, OSError):
            self.wrong("timezone", "found {found}, expected a time zone such as Asia/Tokyo", found=shown(said))
            return None

    def language(self) -> str | None:
        """Ja or en, also written out."""
        said = self.text("language")
        if said is None:
            return None
        code = {"日本語": "ja", "japanese": "ja", "英語": "en", "english": "en"}.get(
            said.casefold(), said.casefold()
        )
        if code not in LANGUAGES:
            self.wrong(
                "language",
                "found {found}, expected one of {expected}",
                expected=", ".join(list(LANGUAGES)),
                found=shown(said),
            )
            return None
        return code

    def topics(self) -> tuple[str, ...] | None:
        """Topic slugs, the main one first."""
        said = self.text("topics", longest=LONGEST)
        return tuple(dict.fromkeys(re.split(r"\s*[;、|,/]\s*|\s+", said))) if said else None

    def basis(self) -> LegalBasis | None:
        """Why we may write. Anything but none needs its date and its evidence (特定電子メール法)."""
        columns = self.sheet.columns
        at = columns.get("basis")
        raw = self.cells[at].strip() if at is not None and at < len(self.cells) else ""
        if spellings.BASES.get(spellings.folded(raw)) == Basis.NONE:
            return LegalBasis()
        said = self.text("basis")
        if said is None:
            return None
        found = spellings.BASES.get(spellings.folded(said))
        if found is None:
            guess = nearest(said, [str(basis) for basis in Basis])
            self.wrong(
                "basis",
                "found {found}, expected one of {expected}",
                hint="did you mean {guess}?" if guess else None,
                expected=", ".join([str(basis) for basis in Basis]),
                found=shown(said),
                guess=guess,
            )
            return None
        on, evidence = self.day("basis_on"), self.text("basis_evidence", longest=LONGEST)
        if "basis_on" not in columns or (on is None and self.text("basis_on") is None):
            self.wrong(
                "basis",
                "the basis {basis} needs its date",
                hint="fill in basis_on: when the consent or the card was given",
                basis=found,
            )
        if not evidence:
            self.wrong(
                "basis",
                "the basis {basis} needs its evidence",
                hint="fill in basis_evidence: what proves it, such as where the card was handed over",
                basis=found,
            )
        return LegalBasis(Basis(found), on, evidence or "")

    def day(self, column: str) -> date | None:
        """A date as people and spreadsheets write it."""
        said = self.text(column)
        if said is None:
            return None
        if (found := sheet.day(said)) is not None:
            return found
        self.wrong(column, "found {found}, expected a date such as 2026-11-05", found=shown(said))
        return None
