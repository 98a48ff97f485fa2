"""``nurture calendar`` and ``nurture closure`` as people call them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nurture.cli.tables import width
from tests.cli.conftest import PEOPLE, Shell
from tests.servers.web import Reply, serving

if TYPE_CHECKING:
    from pathlib import Path

ENTRIES = """\
id: mine
entries:
  # what the society says
  - id: spring
    name: {ja: 春の見本学会, en: Spring congress}
    start: 2027-03-10
    end: 2027-03-12   # as in other years
    effect: blackout
    applies_to: {roles: [clinician]}
    certainty: estimated
  - id: habit
    every: {from: 03-20, to: 03-25}
    effect: no_appointment
  - {id: short, start: 2027-03-30, effect: blackout, certainty: estimated}
"""
EVENTS = (
    b"BEGIN:VCALENDAR\r\nX-WR-CALNAME:Society\r\nBEGIN:VEVENT\r\nUID:day@x\r\nSUMMARY:Congress\r\n"
    b"DTSTART;VALUE=DATE:20270305\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def only_mine(shell: Shell, text: str = ENTRIES) -> Path:
    """A calendar of our own in the folder."""
    path = shell.folder / "calendars" / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_month_with_its_reasons(shell: Shell) -> None:
    """Each day has its mark, each mark a reason, each letter a meaning."""
    only_mine(shell)
    page = shell.ok("calendar", "show", "--month", "2027-03", "--calendar", "mine", "--calendar", "jp-holidays")

    assert re.search(r"^ +8 +9 +10r +11r +12r +13 +14", page, re.MULTILINE)
    assert re.search(r"^ +15 +16 +17 +18 +19 +20A +21H", page, re.MULTILINE)
    assert "Spring congress  mine/spring  (one mail in 7 days · estimated · clinician)" in page
    assert "r fewer mails" in page
    assert "no proposals to meet" in page
    assert "X no mail" not in page


def test_a_month_for_one_reader(shell: Shell) -> None:
    """Only what concerns that reader."""
    only_mine(shell)
    page = shell.ok("calendar", "show", "--month", "2027-03", "--calendar", "mine", "--role", "nursing")

    assert page.startswith("nursing\n")
    assert "mine/spring" not in page
    assert "mine/habit" in page


def test_numbers_stand_beneath_their_weekdays_in_both_languages(shell: Shell) -> None:
    """Wide letters count two cells."""
    only_mine(shell)
    for language in ("ja", "en"):
        page = shell.ok("--lang", language, "calendar", "show", "--month", "2027-03", "--calendar", "mine")
        heads, first = page.splitlines()[3:5]
        ends = [width(heads[: match.end()]) for match in re.finditer(r"\S+", heads)]
        numbers = [match.end() for match in re.finditer(r"\d+", first)]
        assert len(numbers) == 7
        assert all(0 <= end - number <= 1 for end, number in zip(ends, numbers, strict=True))


def test_a_year_is_twelve_lines(shell: Shell) -> None:
    """One letter a day."""
    only_mine(shell)
    lines = shell.ok("calendar", "show", "--year", "2027", "--calendar", "mine").splitlines()
    months = [line for line in lines if re.match(r"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) ", line)]

    assert "Mar  .....--..rrr--.....AAAAAA.--.r." == months[2]
    assert [31, 28, 31, 30] == [len(line.split()[1]) for line in months[:4]]


def test_a_month_as_data(shell: Shell) -> None:
    """Days with what stands on them, and the entries."""
    only_mine(shell)
    found = shell.json("calendar", "show", "--month", "2027-03", "--calendar", "mine", "--role", "clinician")
    day = found["days"][9]

    assert {"date": "2027-03-10", "business": True, "effect": "reduce", "entries": ["mine/spring"]} == day
    assert ("clinician", {"roles": ["clinician"]}) == (
        found["reader"]["role"],
        next(entry["applies_to"] for entry in found["entries"] if entry["id"] == "mine/spring"),
    )


def test_mistakes_are_words(shell: Shell) -> None:
    """Months, days and calendars that are none."""
    for args, said in (
        (("show", "--month", "2027-13"), "expected a month"),
        (("show", "--month", "2027-03", "--year", "2027"), "do not go together"),
        (("show", "--calendar", "nope"), "there is no calendar nope"),
        (("show", "--scenario", "nope"), "there is no scenario nope"),
        (("due", "--within", "soon"), "expected a number of days"),
        (("due", "--on", "tomorrow"), "expected a date"),
        (("confirm", "mine"), "name the entry with its calendar"),
        (("confirm", "mine/nope"), "there is no entry mine/nope"),
        (("confirm", "mine/habit"), "a habit of each year"),
        (("confirm", "mine/short"), "only changed by hand"),
        (("confirm", "mine/spring", "--start", "2027-03-10", "--end", "2027-03-01"), "before the first"),
        (("confirm", "jp-holidays/2027-01-01"), "not a file"),
    ):
        only_mine(shell)
        result = shell.run("calendar", *args)
        assert 1 == result.exit_code, args
        assert said in result.stderr


def test_what_asks_for_care(shell: Shell) -> None:
    """Estimates with dates that are near, and calendars that end; habits are not asked about."""
    only_mine(shell)
    found = shell.json("calendar", "due", "--on", "2027-01-10")
    assert {"mine/spring", "mine/short"} <= {one["id"] for one in found["unconfirmed"]}
    assert "mine/habit" not in {one["id"] for one in found["unconfirmed"]}
    assert {"calendar": "mine", "last": "2027-03-30"} in found["ending"]
    soon = shell.json("calendar", "due", "--on", "2027-01-10", "--within", "1w")["unconfirmed"]
    assert "mine/spring" not in {one["id"] for one in soon}


def test_check_warns_of_the_same(shell: Shell) -> None:
    """With the place in the file; it is no error."""
    only_mine(shell)
    near = shell.run("check", "--on", "2027-01-10")
    late = shell.run("check", "--on", "2027-06-01")

    assert (0, 0) == (near.exit_code, late.exit_code), near.stderr
    assert re.search(r"calendars/mine\.yaml:6:12: .*spring begins on 2027-03-10", near.stderr)
    assert "nothing with a date stands here after 2027-03-30" in late.stderr


def test_confirming_changes_the_file_and_nothing_else_in_it(shell: Shell) -> None:
    """First it is shown, then written; comments and other entries stay."""
    path = only_mine(shell)
    words = (
        "calendar",
        "confirm",
        "mine/spring",
        "--end",
        "2027-03-13",
        "--source",
        "https://society.example/10: a",
    )
    shown = shell.ok(*words)
    assert "+    end: 2027-03-13   # as in other years" in shown
    assert ENTRIES == path.read_text(encoding="utf-8")
    shell.ok(*words, "--write")
    text = path.read_text(encoding="utf-8")

    assert text == ENTRIES.replace("end: 2027-03-12", "end: 2027-03-13").replace(
        "  - id: spring\n", '  - id: spring\n    source: "https://society.example/10: a"\n'
    ).replace("certainty: estimated\n  - id: habit", "certainty: confirmed\n  - id: habit")
    assert "mine/spring" not in {
        one["id"] for one in shell.json("calendar", "due", "--on", "2027-01-10")["unconfirmed"]
    }


def test_confirming_what_only_ships_makes_a_file_of_the_folder(shell: Shell) -> None:
    """The folder's file then wins."""
    (shell.folder / "calendars" / "jp-medical.yaml").unlink()
    found = shell.json("calendar", "due", "--on", "2026-06-01", "--within", "700d")["unconfirmed"]
    entry = next(one for one in found if one["id"].startswith("jp-medical/"))
    shell.ok("calendar", "confirm", entry["id"], "--write")

    assert (shell.folder / "calendars" / "jp-medical.yaml").is_file()
    left = shell.json("calendar", "due", "--on", "2026-06-01", "--within", "700d")["unconfirmed"]
    assert entry["id"] not in {one["id"] for one in left}


def test_a_subscription_from_end_to_end(shell: Shell) -> None:
    """Written into a file, fetched, shown, listed; its failure is told everywhere, and the copy stays."""
    with serving() as site:
        site.answers["/c.ics"] = lambda _: Reply(body=EVENTS)
        only_mine(shell, f"id: mine\nical: {site.url()}\napplies_to: {{roles: [clinician]}}\n")
        assert "nothing has been fetched" in shell.run("check").stderr
        assert "new" in shell.ok("calendar", "fetch")
        assert "unchanged" in shell.ok("calendar", "fetch")
        assert [{"entries": 1, "last": "2027-03-05", "error": ""}] == [
            {key: row[key] for key in ("entries", "last", "error")}
            for row in shell.json("calendar", "list")
            if row["id"] == "mine"
        ]
        site.answers["/c.ics"] = lambda _: Reply(503)
        assert 1 == shell.run("calendar", "fetch").exit_code
    said = "the server answered 503"
    assert said in shell.ok("status")
    assert said == shell.json("status")["subscriptions"][0]["error"]
    assert said in shell.run("check").stderr
    assert said in shell.ok("calendar", "list")
    assert "Congress  mine/day" in shell.ok("calendar", "show", "--month", "2027-03", "--calendar", "mine")
    confirm = shell.run("calendar", "confirm", "mine/day")
    assert "which others write" in confirm.stderr


def test_closures_from_end_to_end(shell: Shell) -> None:
    """Put in by a part of the name, listed, seen in a month and in the journal, taken out."""
    shell.ok("import", shell.write("people.csv", PEOPLE))
    visit = ("--from", "2027-03-10", "--to", "2027-03-11", "--name", "病院機能評価 受審")
    assert "青葉総合病院 is not written to" in shell.ok("closure", "add", "青葉", *visit)
    (one,) = shell.json("closure", "list")
    month = shell.ok("calendar", "show", "--person", "山田", "--month", "2027-03", "--calendar", "jp-holidays")

    assert ("青葉総合病院", "2027-03-10", "2027-03-11", "blackout") == (
        one["organisation"],
        one["from"],
        one["to"],
        one["effect"],
    )
    assert re.search(r"10X +11X +12 ", month)
    assert "病院機能評価 受審" in shell.ok("closure", "list", "青葉総合病院")
    assert "closed from" in shell.ok("log")
    assert "already" in shell.run("closure", "add", "青葉", *visit).stderr
    assert "no closure" in shell.run("closure", "remove", "青葉", "--from", "2027-03-11").stderr
    shell.ok("closure", "remove", "青葉", "--from", "2027-03-10")
    assert "No closures are known." in shell.ok("closure", "list")
    assert "no organisation is known as" in shell.run("closure", "list", "赤坂").stderr


def test_quiet_days_are_a_closure_that_thank_yous_pass(shell: Shell) -> None:
    """A proposal handed over by hand: put in, seen in the month with its own letter, told in the journal."""
    shell.ok("import", shell.write("people.csv", PEOPLE))
    week = ("--from", "2027-03-10", "--to", "2027-03-16", "--name", "ご提案", "--effect", "quiet")
    shell.ok("closure", "add", "青葉", *week)
    month = shell.ok("calendar", "show", "--person", "山田", "--month", "2027-03", "--calendar", "jp-holidays")

    assert re.search(r"10Q +11Q +12Q ", month)
    assert "Q no mail but thank-yous and notices" in month
    assert "quiet from" in shell.ok("log")
