"""Content items: read strictly, and what ships fits everybody it is meant for."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from nurture.core.content import ContentItem, Wanted, choose
from nurture.core.deals import PagePointer
from nurture.core.people import ROLES
from nurture.errors import UserError, UserErrors
from nurture.files.content import read_content

SHIPPED = read_content(Path(__file__).parents[2] / "templates" / "content")
FULL = """\
items:
  - id: a
    kind: seminar
    title: 題名
    summary:
      一行目です。
      二行目です。
    points: [要点]
    url: https://www.example/a
    roles: [nursing]
    specialties: [radiology]
    topics: [safety]
    competitors: [他社]
    pointers: [{topic: safety, page: 5, label: 図}, {topic: cost, page: 6-7}]
    owner: marketing
    expires: 2027-03-31
    event_on: 2027-04-21
    event_time: 18:00-18:40
"""


def read(folder: Path, text: str) -> tuple[ContentItem, ...]:
    """The items of a folder with this one file."""
    (folder / "a.yaml").write_text(text, encoding="utf-8")
    return read_content(folder)


def errors(folder: Path, text: str) -> list[tuple[int | None, str]]:
    """Lines and words of everything that is wrong with a file."""
    with pytest.raises(UserError) as error:
        read(folder, text)
    all_ = error.value.errors if isinstance(error.value, UserErrors) else (error.value,)
    return [(e.where.line if e.where else None, f"{e.where.key if e.where else ''}: {e}") for e in all_]


def test_every_field(tmp_path: Path) -> None:
    """Every field of an item arrives; a line break between Japanese characters is no space."""
    assert read(tmp_path, FULL) == (
        ContentItem(
            id="a",
            kind="seminar",
            title="題名",
            summary="一行目です。二行目です。",
            url="https://www.example/a",
            points=("要点",),
            roles=("nursing",),
            specialties=("radiology",),
            topics=("safety",),
            competitors=("他社",),
            pointers=(PagePointer("safety", "5", "図"), PagePointer("cost", "6-7")),
            owner="marketing",
            expires=date(2027, 3, 31),
            event_on=date(2027, 4, 21),
            event_time="18:00-18:40",
        ),
    )


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("kind: seminar", "knd: seminar", 3, "unknown key knd"),
        ("expires: 2027-03-31", "expires: 2027-02-30", 16, "expected a date such as 2027-04-21"),
        ("expires: 2027-03-31", "expires: 31.3.2027", 16, "expected a date such as 2027-04-21"),
        ("18:00-18:40", "6 pm", 18, "expected a time span"),
        ("https://www.example/a", "www.example", 9, "expected an address"),
        ("https://www.example/a", "javascript:alert(1)", 9, "expected an address"),
        ("topics: [safety]", "topics: safety", 12, "expected a list"),
        ("id: a", "id: A b", 2, "items[0].id"),
        ("title: 題名", 'title: ""', 4, "items[0].title"),
    ],
)
def test_slips(tmp_path: Path, old: str, new: str, line: int, said: str) -> None:
    """What is wrong is named with its line and key."""
    found = errors(tmp_path, FULL.replace(old, new))
    assert any(place == line and said in text for place, text in found), found


def test_missing_and_several(tmp_path: Path) -> None:
    """All that is wrong in all files is said at once."""
    (tmp_path / "b.yaml").write_text("items: 1", encoding="utf-8")
    found = errors(tmp_path, "items:\n  - id: a\n    kind: column\n")
    assert len(found) == 3
    assert {re.sub(r"^[^:]*: ", "", text) for _, text in found} >= {"title is missing", "summary is missing"}


def test_an_id_is_used_once(tmp_path: Path) -> None:
    """The same id in two files is an error that names both places."""
    (tmp_path / "b.yaml").write_text(FULL, encoding="utf-8")
    with pytest.raises(UserError, match="the id a is used twice") as error:
        read(tmp_path, FULL)
    assert "a.yaml:2" in str(error.value.values["place"])


@pytest.mark.parametrize("text", ["", "items: []", "# only a comment\n"])
def test_nothing_in_it(tmp_path: Path, text: str) -> None:
    """An empty file has no items, and so has a folder that is not there."""
    assert read(tmp_path, text) == ()
    assert read_content(tmp_path / "none") == ()


def fitting(kind: str, role: str | None, on: date, used: tuple[str, ...] = ()) -> ContentItem | None:
    """What a flow would choose."""
    wanted = Wanted(kind, ("role", "specialty", "concern"))
    return choose(
        SHIPPED, wanted, role=role, specialty=None, topics=("workflow",), competitor=None, used=used, on=on
    )


@pytest.mark.parametrize("role", [*ROLES, "shift_leader", None])
def test_every_role_finds_something(role: str | None) -> None:
    """Each role finds a case study and two columns that were not sent before."""
    on = date(2027, 4, 5)
    assert fitting("case_study", role, on)
    first = fitting("column", role, on)
    assert first is not None
    assert fitting("column", role, on, (first.id,))
    assert fitting("proposal", role, on)


@pytest.mark.parametrize("role", [*ROLES, "shift_leader", None])
def test_there_is_always_a_seminar_ahead(role: str | None) -> None:
    """From January to July 2027 an invitation finds a seminar that is 3 to 40 days away."""
    for days in range(210):
        on = date(2027, 1, 1) + timedelta(days=days)
        item = fitting("seminar", role, on)
        assert item is not None
        assert item.event_on is not None
        assert timedelta(days=3) <= item.event_on - on <= timedelta(days=40)


@pytest.mark.parametrize("item", SHIPPED, ids=lambda item: item.id)
def test_what_ships_reads_well(item: ContentItem) -> None:
    """Titles make good subjects, summaries have two to four sentences, numbers are marked as examples."""
    assert 10 <= len(item.title) <= 26
    assert 2 <= item.summary.count("。") <= 4
    assert "  " not in item.summary
    assert item.url.startswith("https://www.hoshikage-medical.example/")
    assert item.kind != "case_study" or re.search("数値は説明用の例です", item.summary)
    assert item.kind != "seminar" or (item.event_on and item.event_on.weekday() < 5)
    if item.kind == "column":
        assert 15 <= len(item.title) <= 25
    assert not re.search("6.0版|最高|絶対|必ず効果|他社製品", item.summary)
