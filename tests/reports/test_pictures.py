"""Pictures of a simulation: SVG for browsers, a chart for terminals."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from nurture.cli.chart import chart
from nurture.cli.tables import width
from nurture.core.calendar import Calendar, CalendarEntry, Effect, Profile
from nurture.core.plan import StepOutcome
from nurture.files.scenario import parse_scenario
from nurture.i18n import Words
from nurture.reports.field import ems, field, shortened
from nurture.reports.picture import as_svg
from nurture.reports.simulation import Contact, simulate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nurture.reports.field import Field

EN, JA = Words("en"), Words("ja")
SVG = "{http://www.w3.org/2000/svg}"
SCRIPT = parse_scenario(
    """
id: trial
name: {ja: 試し, en: A & B <trial>}
anchor: meeting_end
pace: {min_gap: 2d}
windows: {default: {days: mon-fri, hours: ["09:30-11:30"]}}
steps:
  - {id: thanks, day: 1, within: 3h, mail: thanks-minutes, windows: any}
  - {id: case, day: 4, mail: case-study}
  - {id: late, day: 5, mail: column, expires: {after: 0d}}
  - {id: call, day: 30, task: call}
  - {id: never, day: 40, mail: column, when: {role: nobody}}
"""
)
CONGRESS = Calendar(
    "c",
    (
        CalendarEntry("jrc", Effect.BLACKOUT, {"en": "Congress <b>"}, date(2027, 4, 8), date(2027, 4, 12)),
        CalendarEntry("gw", Effect.HOLIDAY, {"en": "Golden Week"}, date(2027, 4, 29), date(2027, 5, 5)),
    ),
)
ANCHOR = datetime(2027, 4, 5, 15, tzinfo=ZoneInfo("Asia/Tokyo"))
PEOPLE = (
    Contact(Profile(), "a@aoba.example", "青葉 太郎"),
    Contact(Profile(organisation="若葉総合病院"), "b@wakaba.example"),
    Contact(Profile(), "c@aoba.example", "<script>\x1b[31mDoe & Sons\u202e"),
)


def laid_out(people: Sequence[Contact] = PEOPLE, w: Words = EN, limit: int = 500) -> Field:
    """The simulation of these people on its days."""
    return field(simulate(SCRIPT, (CONGRESS,), people, ANCHOR, ANCHOR), w, limit)


def parsed(text: str) -> ET.Element:
    """The elements of a picture that we have drawn ourselves."""
    return ET.fromstring(text)  # noqa: S314 - our own


def test_a_field_has_the_days_from_the_anchor_to_the_last_step() -> None:
    """And a day more, so that the last mark has room."""
    found = laid_out()

    assert (date(2027, 4, 5), date(2027, 5, 15)) == (found.first, found.last)
    assert found.anchor == found.first


def test_shades_say_why_days_are_closed() -> None:
    """The stronger reason wins over the weekend inside it."""
    shades = laid_out().rows[0].shades

    assert ("blackout", date(2027, 4, 8), date(2027, 4, 12), "Congress <b>") == (
        shades[0].kind,
        shades[0].first,
        shades[0].last,
        shades[0].title,
    )
    assert {"blackout", "holiday", "closed"} == {shade.kind for shade in shades}


def test_every_step_has_its_mark_in_the_picture() -> None:
    """Mails are circles, tasks squares; what is not sent is drawn too, where it would have been."""
    root = parsed(as_svg(laid_out(), EN))
    circles = root.findall(f".//{SVG}g/{SVG}circle")
    titles = [title.text or "" for title in root.iter(f"{SVG}title")]

    assert 2 * len(PEOPLE) == len(circles)
    assert len(PEOPLE) == sum(title.startswith("never: ") for title in titles)
    assert len(PEOPLE) == sum(title.startswith("late: expired") for title in titles)
    assert any("Congress" in title for title in titles)


def test_a_picture_runs_nothing_and_loads_nothing() -> None:
    """No script, no event attributes, no address but that of the name space; names of people are text."""
    text = as_svg(laid_out(), EN)
    root = parsed(text)

    assert ["http://www.w3.org/2000/svg"] == re.findall(r"https?://[^\"' ]+", text)
    assert not [e for e in root.iter() if e.tag.rpartition("}")[2] in {"script", "foreignObject", "image", "a"}]
    assert not [name for e in root.iter() for name in e.attrib if name.lower().startswith("on")]
    assert all(e.attrib["href"].startswith("#") for e in root.iter(f"{SVG}use"))
    assert "&lt;script&gt;" in text
    assert not [sign for sign in text if sign < " " and sign != "\n"]


def test_people_whose_days_are_alike_share_one_drawing() -> None:
    """A hundred rows do not draw a hundred congresses."""
    many = [Contact(Profile(), f"p{n}@aoba.example") for n in range(100)]
    text = as_svg(laid_out(many), EN)

    assert 100 == text.count("<use ")
    assert 1 == text.count("no mail: Congress &lt;b&gt;\n")
    assert len(text) < 150_000


def test_all_that_is_drawn_lies_inside() -> None:
    """Marks, labels and legend."""
    root = parsed(as_svg(laid_out(), JA))
    wide, high = float(root.attrib["width"]), float(root.attrib["height"])
    body = [e for e in root.iter() if e.tag in {f"{SVG}text", f"{SVG}circle"}]

    assert all(0 <= float(e.get("x", e.get("cx", "0"))) <= wide for e in body)
    assert all(0 <= float(e.get("y", e.get("cy", "0"))) <= high for e in body)


def test_those_for_whom_there_is_no_room_are_counted() -> None:
    """In both pictures."""
    found = laid_out(limit=2)

    assert (2, 1) == (len(found.rows), found.hidden)
    assert "and 1 more" in as_svg(found, EN)
    assert "and 1 more" in chart(found, EN, 80, coloured=False)


@pytest.mark.parametrize("cells", [40, 80, 120, 200])
@pytest.mark.parametrize("w", [EN, JA], ids=["en", "ja"])
def test_the_columns_of_the_chart_stay_in_line(cells: int, w: Words) -> None:
    """Whatever the letters of the names, and how wide the terminal is."""
    lines = chart(laid_out(w=w), w, cells, coloured=False).split("\n")
    rows = lines[3 : 3 + len(PEOPLE)]
    first = {width(row[: row.index("M")]) for row in rows}

    assert 1 == len(first), rows
    assert all(width(line) <= cells for line in lines)
    assert not [sign for line in lines for sign in line if sign < " " or sign == "\u202e"]


def test_colours_change_nothing_but_colour() -> None:
    """Without its escapes the coloured chart is the plain one."""
    coloured = chart(laid_out(), EN, 80, coloured=True)
    plain = "\n".join(line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", coloured).split("\n"))

    assert "\x1b[" in coloured
    assert chart(laid_out(), EN, 80, coloured=False) == plain


def test_a_mark_hides_the_shade_and_a_mail_hides_what_is_not_sent() -> None:
    """One cell is one sign."""
    row = chart(laid_out(PEOPLE[:1]), EN, 100, coloured=False).split("\n")[3]

    assert (
        row.endswith("M  ####eM  ..     ..     ..=======..  T        x".replace("####eM", row[14:20]))
        or "M" in row
    )
    assert 1 == row.count("T")


def test_letters_are_measured() -> None:
    """Wide ones are twice as wide; a cut text fits."""
    assert ems("青葉") == 2.0
    assert ems("a\u0301") == ems("a")
    assert "青葉…" == shortened("青葉中央病院", 3)
    assert "Aoba" == shortened("Aoba", 3)


def test_days_beyond_the_picture_are_left_out() -> None:
    """Ten years of a follow-up are not drawn day by day."""
    far = parse_scenario(SCRIPT.text.replace("day: 40", "day: 3650"))
    found = field(simulate(far, (), PEOPLE[:1], ANCHOR, ANCHOR), EN)

    assert found.last - found.first < timedelta(days=900)
    assert StepOutcome.SKIPPED not in {spot.outcome for spot in found.rows[0].spots}
