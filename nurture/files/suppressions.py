"""A list of refusals (CSV), in and out.

Lists come from everywhere: an export of ours, a mailing service's, or a column of addresses without any header.
Each row is an address, a domain, an organisation, or an address with a topic. What cannot be understood is never
guessed: the row is refused with its line, and the others count.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final

from nurture.core.messages import SuppressionScope as Scope
from nurture.core.suppressions import Listed
from nurture.errors import UserError, Where
from nurture.files import sheet, spellings
from nurture.files.yaml import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import date
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from nurture.core.messages import Suppression

ENCODINGS: Final = ("utf-8-sig", "utf-8", "cp932")
DOMAIN: Final = re.compile(r"[^\W_](?:[\w-]*[^\W_])?(?:\.[^\W_](?:[\w-]*[^\W_])?)+")
REASONS: Final = ("unsubscribe", "less_often", "complaint", "bounce", "moved", "person", "import")
LONGEST: Final = 2_000  # characters of evidence

COLUMNS: Final[Mapping[str, str]] = {
    spellings.folded(spelling): name
    for name, said in {
        "value": "value email mail e-mail emailaddress address domain メール メールアドレス Eメール 電子メール "
        "アドレス ドメイン 対象 配信停止先 停止先",
        "organisation": "organization hospital company 病院名 病院 施設名 医療機関名 組織 組織名 会社名 団体名",
        "scope": "kind type 種別 区分 範囲",
        "topic": "topics テーマ トピック 話題 関心",
        "reason": "理由 事由 停止理由",
        "on": "at date since optoutdate unsubscribedat 日付 停止日 受付日 配信停止日 申出日",
        "evidence": "note comment memo 根拠 経緯 備考 証跡 証拠 内容",
        "lifted_at": "lifted 解除日",
    }.items()
    for spelling in (name, *said.split())
}
SCOPES: Final[Mapping[str, Scope]] = {
    spellings.folded(spelling): scope
    for scope, said in {
        Scope.ADDRESS: "address email mail アドレス メールアドレス 個人",
        Scope.DOMAIN: "domain ドメイン",
        Scope.ORGANISATION: "organisation organization 組織 病院 施設 法人 会社",
        Scope.TOPIC: "topic テーマ トピック 話題",
    }.items()
    for spelling in said.split()
}
SPELLED_REASONS: Final[Mapping[str, str]] = {
    spellings.folded(spelling): reason
    for reason, said in {
        "unsubscribe": "unsubscribe unsubscribed optout opt-out 配信停止 停止希望 不要",
        "complaint": "complaint spam 苦情 迷惑メール報告",
        "bounce": "bounce bounced hardbounce 不達 エラー",
        "moved": "moved left 異動 退職",
        "person": "person manual 担当者判断 手動",
        "import": "import imported 取込 取り込み",
    }.items()
    for spelling in said.split()
}


@dataclass(frozen=True, slots=True)
class RefusalList:
    """A file that was read to its end: the good rows, and what is wrong with the others."""

    rows: tuple[Listed, ...]
    errors: tuple[UserError, ...]
    encoding: str
    lifted: int = 0  # rows of an export that say that a consent has lifted them: they are left out


def read(path: Path, name: str) -> RefusalList:
    """Read a list.

    Args:
        path: the file.
        name: what to call it in messages.

    Raises:
        UserError: the file as a whole cannot be read, or has no column that says who is to be silent.
    """
    return parse(sheet.raw(path, name), name)


def parse(data: bytes, name: str) -> RefusalList:
    """As ``read``, from the bytes of the file."""
    opened = sheet.open_sheet(data, name, COLUMNS)
    columns = sheet.columns_of(opened.header, COLUMNS)
    records: Iterable[tuple[int, list[str]]] = opened.records
    if not columns and (at := _bare(opened.header)) is not None:
        columns = {"value": at}
        records = chain([(opened.line, opened.header)], records)
    if not {"value", "organisation"} & set(columns):
        raise UserError(
            "there is no column that says who is to be silent among {columns}",
            where=Where(name, opened.line),
            hint="name a column value, email, domain or organisation (メールアドレス, ドメイン, 病院名)",
            columns=[said for said in opened.header if said][:30],
        )
    errors: list[UserError] = []
    lifted: list[int] = []
    rows = tuple(_rows(name, columns, records, errors.append, lifted.append))
    return RefusalList(rows, tuple(errors), opened.encoding, len(lifted))


def _bare(first: list[str]) -> int | None:
    """Which column of a list without a header says who is to be silent: an address, or a domain alone."""
    at = next((at for at, said in enumerate(first) if "@" in said), None)
    if at is None and len(first) == 1 and DOMAIN.fullmatch(first[0].strip()):
        return 0
    return at


def _rows(
    name: str,
    columns: Mapping[str, int],
    records: Iterable[tuple[int, list[str]]],
    wrong: Callable[[UserError], object],
    lifted: Callable[[int], object],
) -> Iterator[Listed]:
    for line, cells in records:
        try:
            row = _row(name, line, _Cells(name, line, columns, cells))
        except UserError as error:
            wrong(error)
            continue
        if row is None:
            lifted(line)
        else:
            yield row


@dataclass(frozen=True, slots=True)
class _Cells:
    """One row, asked by the names of its columns."""

    name: str
    line: int
    columns: Mapping[str, int]
    cells: list[str]

    def where(self, column: str) -> Where:
        """The place of a cell."""
        return Where(self.name, self.line, self.columns[column] + 1, column)

    def text(self, column: str, longest: int = 320) -> str:
        """What stands there; nothing for an empty cell, or none."""
        at = self.columns.get(column)
        said = self.cells[at] if at is not None and at < len(self.cells) else ""
        if column == "value":
            said = said.strip().removeprefix("@").removeprefix("＠")  # a domain, not a formula
        try:
            return sheet.cell(said, longest, quoted=column == "evidence") or ""
        except UserError as error:
            raise UserError(error.text, where=self.where(column), hint=error.hint, **error.values) from None


def _row(name: str, line: int, cells: _Cells) -> Listed | None:
    """A row as words; None where it says itself that it is over."""
    if cells.text("lifted_at"):
        return None
    value, organisation, topic = cells.text("value"), cells.text("organisation"), cells.text("topic")
    scope = SCOPES.get(spellings.folded(kind)) if (kind := cells.text("scope")) else None
    if kind and scope is None:
        raise UserError(
            "found {found}, expected one of {expected}",
            where=cells.where("scope"),
            found=shown(kind),
            expected=", ".join(scope.value for scope in Scope),
        )
    if not value and organisation and scope in {None, Scope.ORGANISATION}:
        value, scope = organisation, Scope.ORGANISATION
    if not value:
        raise UserError("this row says nobody who is to be silent", where=Where(name, line))
    return Listed(
        line=line,
        said=value,
        scope=scope,
        topic=topic,
        reason=_reason(cells),
        on=_day(cells),
        evidence=cells.text("evidence", LONGEST),
    )


def _reason(cells: _Cells) -> str:
    """One of our words for it; what is not known is the list's own affair."""
    return SPELLED_REASONS.get(spellings.folded(cells.text("reason")), "import")


def _day(cells: _Cells) -> date | None:
    said = cells.text("on")
    found = sheet.day(said.partition("T")[0]) if said else None
    if said and found is None:
        raise UserError(
            "found {found}, expected a date such as 2026-11-05", where=cells.where("on"), found=shown(said)
        )
    return found


HEADER: Final = ("scope", "value", "organisation", "reason", "source", "at", "evidence", "lifted_at", "consent")


def write(
    rows: Iterable[Suppression], names: Mapping[str, str], zone: ZoneInfo, encoding: str = "utf-8-sig"
) -> bytes:
    """The list as a spreadsheet opens it; our own import reads it again.

    Args:
        rows: suppressions.
        names: of organisations, by id.
        zone: in which days are written.
        encoding: one of ``ENCODINGS``; what cp932 does not have becomes a question mark.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(HEADER)
    for row in rows:
        of_whom = names.get(row.value, row.value) if row.scope is Scope.ORGANISATION else ""
        cells = (
            row.scope.value,
            row.value,
            of_whom,
            row.reason,
            row.source,
            row.at.astimezone(zone).date().isoformat(),
            row.evidence,
            row.lifted_at.astimezone(zone).date().isoformat() if row.lifted_at else "",
            row.lifted_evidence,
        )
        writer.writerow([_harmless(" ".join(said.split())) for said in cells])
    return out.getvalue().encode(encoding, "replace")


def _harmless(said: str) -> str:
    """A text that no spreadsheet runs."""
    return f"'{said}" if sheet.FORMULA.fullmatch(said) else said
