"""``nurture scenario``, enrolling at an anchor, and what ``nurture check`` finds, as operations would use them."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from nurture import wiring
from nurture.files import config
from nurture.flows import tick
from tests.cli.conftest import PEOPLE, SCENARIO

if TYPE_CHECKING:
    from tests.cli.conftest import Shell

YAMADA = "yamada@aoba-hospital.example"
SUZUKI = "suzuki@aoba-hospital.example"
RENEWAL = """\
id: renewal
anchor: contract_end
offset: -6 months
pace: {min_gap: 2d}
windows:
  default: {days: mon-fri, hours: ["09:30-11:30"]}
on:
  - when: {reply: consideration}
    do: {pause: 30d}
  - when: {no_reply_after: 14d, step: news}
    do: {task: call}
variants:
  a: {weight: 1}
  b: {weight: 0, steps: {news: {day: 3}}}
steps:
  - {id: news, day: 1, mail: column, content: {kind: column, match: [role]}}
  - {id: case, day: 30, mail: case-study, content: {kind: case_study, match: [role]}}
"""


@pytest.fixture
def ops(shell: Shell) -> Shell:
    """Two people, and a scenario of one's own."""
    shell.environ |= {"NURTURE_LANG": "en", "NURTURE_BY": "tanaka"}
    shell.write("scenarios/renewal.yaml", RENEWAL)
    shell.ok("import", shell.write("people.csv", PEOPLE))
    return shell


def beat(shell: Shell) -> None:
    """One planning beat, as the daemon's."""

    async def once() -> None:
        """Open, plan, close."""
        path = shell.folder / "config.toml"
        async with wiring.open_doors(config.load(path, str(path))) as doors:
            await tick.tick(doors)

    asyncio.run(once())


def problems(shell: Shell, text: str) -> tuple[list[str], list[str]]:
    """Errors and warnings of the check about one scenario file."""
    shell.write("scenarios/tried.yaml", text)
    said = json.loads(shell.run("check", "--json").stdout)
    return tuple(  # type: ignore[return-value]
        [e["text"] for e in said[kind] if (e["file"] or "").endswith("tried.yaml")]
        for kind in ("errors", "warnings")
    )


@pytest.mark.parametrize(
    ("anchor", "said"),
    [
        ("meeting_end", "none with 山田 太郎 is recorded"),
        ("last_contact", "with 山田 太郎 there has been none"),
        ("contract_end", "no deal of 山田 太郎 has that date"),
        ("{event: fair}", "--date fair=2027-05-10"),
    ],
)
def test_enrolling_says_which_date_is_missing(ops: Shell, anchor: str, said: str) -> None:
    """And how it can be given; nothing is written."""
    ops.write("scenarios/renewal.yaml", RENEWAL.replace("contract_end", anchor))
    found = ops.run("enroll", YAMADA, "renewal")

    assert found.exit_code == 1
    assert said in found.stderr
    assert [0, 0] == [s["running"] for s in ops.json("scenario", "list")]


def test_a_date_that_is_given_is_the_anchor(ops: Shell) -> None:
    """Day 1 lies the offset away from it; the arm is drawn and shown."""
    said = ops.ok("enroll", YAMADA, "renewal", "--anchor", "2028-06-30")
    assert "day 1 is Thu 30 Dec" in said
    beat(ops)
    assert "variant of the comparison: a" in ops.ok("why", YAMADA)
    (found,) = ops.json("why", YAMADA)["enrollments"]
    assert "a" == found["variant"]


def test_an_event_is_given_by_its_name(ops: Shell) -> None:
    """The scenario is anchored at it."""
    ops.write(
        "scenarios/renewal.yaml", RENEWAL.replace("contract_end", "{event: fair}").replace("-6 months", "-3w")
    )
    assert "day 1 is" in ops.ok("enroll", YAMADA, "renewal", "--date", "fair=2028-05-10")


def test_a_scenario_is_shown_with_its_rules_and_arms(ops: Shell) -> None:
    """In words."""
    said = ops.ok("scenario", "show", "renewal")

    assert "contract_end -6 months" in said
    assert "rest for 30d" in said
    assert "variant b, weight 0: news" in said
    assert "did you mean renewal?" in ops.run("scenario", "show", "renewl").stderr


def test_what_has_changed_is_shown_and_then_done(ops: Shell) -> None:
    """Lines, dates before and after; asked before; for one person or for all."""
    for who in (YAMADA, SUZUKI):
        ops.ok("enroll", who, "renewal", "--anchor", "2028-06-30")
    beat(ops)
    assert "began with the present text" in ops.ok("scenario", "diff", "renewal")
    ops.write(
        "scenarios/renewal.yaml", RENEWAL.replace("day: 30", "day: 45") + "  - {id: bye, day: 90, task: call}\n"
    )

    said = ops.ok("scenario", "diff", "renewal")
    assert "+  - {id: bye, day: 90, task: call}" in said
    assert "another date" in said
    assert "new" in said
    (listed,) = [s for s in ops.json("scenario", "list") if s["id"] == "renewal"]
    assert (2, 2) == (listed["running"], listed["outdated"])
    data = ops.json("scenario", "diff", "renewal", "--person", YAMADA)
    (one,) = data["enrollments"]
    assert [("news", "same"), ("case", "moved"), ("bye", "new")] == [
        (s["id"], s["difference"]) for s in one["steps"]
    ]

    refused = ops.run("scenario", "migrate", "renewal", answers="n\n")
    assert refused.exit_code != 0
    assert "1 enrollments go on" in ops.ok("scenario", "migrate", "renewal", "--person", YAMADA, "--yes")
    assert "1 enrollments go on" in ops.ok("scenario", "migrate", "renewal", answers="y\n")
    assert "began with the present text" in ops.ok("scenario", "migrate", "renewal", "--yes")
    assert "goes on with the present text" in ops.ok("why", YAMADA)
    assert "bye" in ops.ok("why", YAMADA)


def test_the_old_text_can_be_read(ops: Shell) -> None:
    """By the beginning of its hash."""
    ops.ok("enroll", YAMADA, "renewal", "--anchor", "2028-06-30")
    (listed,) = [s for s in ops.json("scenario", "list") if s["id"] == "renewal"]

    assert RENEWAL == ops.ok("scenario", "show", "renewal", "--text", listed["text"][:8])
    assert "there is no such text" in ops.run("scenario", "show", "renewal", "--text", "ffff").stderr


HEAD = 'id: tried\nanchor: %s\npace: {min_gap: 2d}\nwindows: {default: {days: mon-fri, hours: ["09:30-11:30"]}}\n'


@pytest.mark.parametrize(
    ("anchor", "rest", "error", "warning"),
    [
        ("enrolled_at", "steps: [{id: a, day: 1, mail: thanks-minutes}]", "has no such record", ""),
        ("lost_at", "steps: [{id: a, day: 1, mail: thanks-minutes}]", "", "has no such record"),
        ("meeting_end", "steps: [{id: a, day: 1, mail: thanks-minuts}]", "there is no template", ""),
        (
            "meeting_end",
            "steps: [{id: a, day: 1, mail: column, content: {kind: colum}}]",
            "no content of the kind",
            "",
        ),
        (
            "meeting_end",
            "steps: [{id: a, day: 1, mail: column, expires: {before: 2020-01-01}}]",
            "",
            "its last day was 2020-01-01",
        ),
        (
            "meeting_end",
            "on: [{when: {reply: refusal}, do: {enroll: renewl}}]\nsteps: [{id: a, day: 1, mail: column}]",
            "there is no scenario renewl",
            "",
        ),
        (
            "meeting_end",
            "on: [{when: {reply: refusal}, do: {enroll: renewal}}]\nsteps: [{id: a, day: 1, mail: column}]",
            "",
            "renewal begins at contract_end",
        ),
        (
            "last_contact",
            "repeat: 1 months\ntimes: 24\nsteps: [{id: a, day: 1, mail: column, content: {kind: column}}]",
            "",
            "24 rounds need 24 pieces",
        ),
        (
            "meeting_end",
            "variants: {a: {}, b: {steps: {a: {mail: colum}}}}\nsteps: [{id: a, day: 1, mail: column}]",
            "there is no template colum",
            "",
        ),
    ],
)
def test_the_check_finds_what_a_person_would_only_find_later(
    ops: Shell, anchor: str, rest: str, error: str, warning: str
) -> None:
    """At its place, and nothing else."""
    errors, warnings = problems(ops, HEAD % anchor + rest + "\n")

    assert bool(error) == bool(errors), errors
    assert bool(warning) == bool(warnings), warnings
    assert all(error in said for said in errors)
    assert all(warning in said for said in warnings)


def test_what_ships_has_nothing_to_find(ops: Shell) -> None:
    """Neither errors nor warnings about the scenarios of a fresh folder."""
    ops.write("scenarios/warm-lead-30d.yaml", SCENARIO)
    said = json.loads(ops.run("check", "--json").stdout)

    assert [] == [e for e in said["errors"] + said["warnings"] if "warm-lead" in (e["file"] or "")]


def test_a_mail_that_gives_nothing_is_said(ops: Shell) -> None:
    """A template without content, minutes or answers; as a notice it may be."""
    ops.write(
        "templates/hello.j2", "---\nsubject: ごあいさつ\n---\n{{ opening }}\n\n新年のごあいさつを申し上げます。\n"
    )
    text = HEAD % "meeting_end" + "steps: [{id: a, day: 1, mail: hello}]\n"

    assert ([], 1) == (problems(ops, text)[0], len(problems(ops, text)[1]))
    assert ([], []) == problems(ops, text.replace("mail: hello", "mail: hello, purpose: notice"))
