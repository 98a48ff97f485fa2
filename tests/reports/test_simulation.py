"""``nurture simulate``: the public JSON, the table, the calendar file, and its flags."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from nurture.cli.main import program
from nurture.core.calendar import Profile
from nurture.files.scenario import read_scenario
from nurture.i18n import Words
from nurture.reports.simulation import Contact, as_json, opened

if TYPE_CHECKING:
    from collections.abc import Iterator

SCENARIO = """
id: trial
name: {ja: 試し, en: Trial}
anchor: meeting_end
calendars: [mine]
pace: {min_gap: 2d, per_organisation: 3 per 7d}
windows:
  default: {days: mon-fri, hours: ["09:30-11:30", "13:30-16:30"]}
  clinician: {days: mon-fri, hours: ["07:00-08:30", "12:15-13:00", "17:30-19:00"]}
steps:
  - {id: thanks, day: 1, within: 3h, mail: thanks-minutes, on_blocked: ignore, windows: any}
  - {id: case, day: 4, mail: case-study}
  - {id: seminar, day: 10, mail: seminar-invitation, expires: {before: seminar_date, margin: 3d}}
  - {id: call, day: 33, task: call, when: {no_reply: true, role: clinician}}
"""
CALENDAR = """
id: mine
entries:
  - id: jrc-2027
    name: {ja: JRC2027, en: Japan Radiology Congress 2027}
    start: 2027-04-08
    end: 2027-04-11
    effect: blackout
    applies_to: {roles: [clinician, radiographer], specialties: [radiology]}
    before: 1d
    after: 1d
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A scenario and a calendar."""
    (tmp_path / "trial.yaml").write_text(SCENARIO, encoding="utf-8")
    (tmp_path / "calendars").mkdir()
    (tmp_path / "calendars" / "mine.yaml").write_text(CALENDAR, encoding="utf-8")
    return tmp_path


def run(folder: Path, *options: str) -> Result:
    """The command, in English."""
    said = ["simulate", str(folder / "trial.yaml"), "--calendars", str(folder / "calendars"), *options]
    return CliRunner(env={"NURTURE_LANG": "en"}).invoke(program, said)


def data(folder: Path, *options: str) -> Any:
    """The JSON of a run at the anchor of the reference."""
    found = run(folder, "--anchor", "2027-04-05T15:00", "--format", "json", *options)
    assert found.exit_code == 0, found.output
    return json.loads(found.stdout)


def steps(found: Any, place: int = 0) -> dict[str, Any]:
    """The steps of one enrollment by id."""
    return {step["id"]: step for step in found["enrollments"][place]["steps"]}


def test_the_json_is_that_of_the_reference(folder: Path) -> None:
    """A congress with a day around it moves day 4 to the Tuesday after, and says so."""
    found = data(folder, "--role", "clinician", "--specialty", "radiology")
    case = steps(found)["case"]

    assert ("trial", "2027-04-05T15:00:00+09:00") == (found["scenario"], found["anchor"])
    assert {"email": None, "role": "clinician", "specialty": "radiology"} == found["enrollments"][0]["contact"]
    assert (4, "2027-04-08", "send") == (case["day"], case["nominal"], case["outcome"])
    assert "2027-04-13" == case["planned"][:10]
    assert [{"rule": "blackout", "entry": "mine/jrc-2027", "from": "2027-04-08", "to": "2027-04-13"}] == case[
        "moves"
    ]


def test_the_thank_you_is_shown_at_the_anchor_with_its_deadline(folder: Path) -> None:
    """As if approved at once."""
    thanks = steps(data(folder))["thanks"]

    assert ("2027-04-05T15:00:00+09:00", "2027-04-05T18:00:00+09:00") == (thanks["planned"], thanks["deadline"])


def test_skipped_and_expired_steps_have_no_date(folder: Path) -> None:
    """With the reason last among the moves."""
    found = steps(data(folder, "--date", "seminar_date=2027-04-16"))

    assert ("expired", None, "expiry") == tuple(found["seminar"][key] for key in ("outcome", "planned", "reason"))
    assert ("skipped", None, "when") == tuple(found["call"][key] for key in ("outcome", "planned", "reason"))


def test_an_event_without_a_date_is_warned_about(folder: Path) -> None:
    """On the error stream and in the data; a date that nobody asks for too."""
    found = run(folder, "--anchor", "2027-04-05T15:00", "--format", "json", "--date", "fair=2027-05-01")

    assert 2 == len(json.loads(found.stdout)["warnings"])
    assert "seminar_date has no date" in found.stderr
    assert "no step asks for the date fair" in found.stderr


def test_contacts_are_planned_one_after_the_other(folder: Path) -> None:
    """What is planned for one counts for the next: the cap of the organisation, and one mail a date."""
    rows = "email,organisation,role\n" + "".join(f"p{n}@aoba.example,青葉中央病院,\n" for n in range(4))
    (folder / "people.csv").write_text(rows + "p0@aoba.example,青葉中央病院,clinician\n", encoding="utf-8")
    found = data(folder, "--contacts", str(folder / "people.csv"), "--role", "nursing")
    planned = [[s["planned"][:10] for s in e["steps"] if s["outcome"] == "send"] for e in found["enrollments"]]

    assert ["nursing"] * 4 + ["clinician"] == [e["contact"]["role"] for e in found["enrollments"]]
    assert "per_organisation" in {m["rule"] for e in found["enrollments"] for s in e["steps"] for m in s["moves"]}
    assert not set(planned[0]) & set(planned[4])


def test_a_contacts_own_time_zone_wins(folder: Path) -> None:
    """Its windows, its dates, its offset."""
    (folder / "people.csv").write_text("email,timezone\na@aoba.example,Europe/Berlin\n", encoding="utf-8")
    found = data(folder, "--contacts", str(folder / "people.csv"))

    assert steps(found)["case"]["planned"].endswith("+02:00")
    assert "2027-04-05T08:00:00+02:00" == steps(found)["thanks"]["planned"]


def test_now_moves_what_is_overdue(folder: Path) -> None:
    """An offset in --now is respected."""
    found = steps(data(folder, "--now", "2027-04-12T00:30+00:00"))

    assert "2027-04-12T09:30:00+09:00" == found["thanks"]["planned"]
    assert "past" == found["case"]["moves"][0]["rule"]


def test_the_same_call_gives_the_same_answer(folder: Path) -> None:
    """To the second."""
    assert data(folder) == data(folder)


def test_the_table_is_for_people(folder: Path) -> None:
    """Names instead of ids, and the reason in words."""
    found = run(folder, "--anchor", "2027-04-05T15:00", "--role", "clinician", "--specialty", "radiology")

    assert found.exit_code == 0
    assert "Japan Radiology Congress 2027: nothing is sent" in " ".join(found.stdout.split())
    assert "Tue 13 Apr" in found.stdout


def test_the_calendar_file_is_valid_icalendar(folder: Path) -> None:
    """CRLF, lines of at most 75 octets, one event per planned step, balanced blocks (RFC 5545)."""
    found = run(folder, "--anchor", "2027-04-05T15:00", "--format", "ics", "--role", "clinician").stdout_bytes
    lines = found.split(b"\r\n")

    assert (b"BEGIN:VCALENDAR", b"END:VCALENDAR", b"") == (lines[0], lines[-2], lines[-1])
    assert max(map(len, lines)) <= 75
    assert lines.count(b"BEGIN:VEVENT") == lines.count(b"END:VEVENT") == 4
    assert b"\n" not in found.replace(b"\r\n", b"")
    start = next(line for line in lines if line.startswith(b"DTSTART:"))
    assert datetime(2027, 4, 5, 6, 0) == datetime.strptime(start.decode(), "DTSTART:%Y%m%dT%H%M%SZ")  # noqa: DTZ001, DTZ007


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--anchor", "tomorrow"], "--anchor: found tomorrow"),
        (["--anchor", "9999-12-31T00:00"], "--anchor: found 9999-12-31"),
        (["--anchor", "2027-04-05T15:00", "--date", "seminar_date"], "expected seminar_date=2027-05-10"),
        (["--anchor", "2027-04-05T15:00", "--date", "seminar_date=soon"], "expected a date such as"),
        (["--anchor", "2027-04-05T15:00", "--timezone", "Mars"], "Mars is not a time zone"),
        (["--anchor", "2027-04-05T15:00", "--contacts", "none.csv"], "none.csv"),
    ],
)
def test_wrong_options_are_user_errors(folder: Path, options: list[str], said: str) -> None:
    """Words, exit code 1, no traceback."""
    found = run(folder, *options)

    assert found.exit_code == 1
    assert said in found.stderr
    assert "Traceback" not in found.output


def test_an_unknown_calendar_is_an_error(folder: Path) -> None:
    """It is listed, it is nowhere."""
    (folder / "calendars" / "mine.yaml").unlink()
    found = run(folder, "--anchor", "2027-04-05T15:00")

    assert (1, True) == (found.exit_code, "there is no calendar mine" in found.stderr)


@pytest.mark.parametrize("which", ["scenario", "calendar", "contacts"])
def test_schemas_are_printed(which: str) -> None:
    """As JSON Schema."""
    found = CliRunner(env={"NURTURE_LANG": "en"}).invoke(program, ["schema", which])

    assert "https://json-schema.org/draft/2020-12/schema" == json.loads(found.stdout)["$schema"]


def test_a_long_list_is_planned_piece_by_piece(folder: Path) -> None:
    """The first enrollments are there before the last contact is read, and are not kept."""
    script = read_scenario(folder / "trial.yaml")
    at = datetime(2027, 4, 5, 15, tzinfo=UTC)
    names = ("青葉 太郎", "two\u2028lines", 'a "quoted" \\ name')
    taken: list[str] = []

    def contacts() -> Iterator[Contact]:
        for place, name in enumerate(names):
            taken.append(name)
            yield Contact(Profile(), f"p{place}@aoba.example", name)

    found, planned = opened(script, (), contacts(), at, at)
    pieces = as_json(found, planned, Words("en"))
    text = next(pieces) + next(pieces)
    assert (names[0],) == tuple(taken)
    said = json.loads(text + "".join(pieces))
    assert list(names) == [one["contact"]["name"] for one in said["enrollments"]]
    assert () == found.enrollments
