"""Scenario files: what the format says, what it refuses, and what ships."""

from __future__ import annotations

import hashlib
import json
from datetime import date, time
from pathlib import Path

import pytest

from nurture.core.content import Wanted
from nurture.core.problems import Severity
from nurture.core.reading import Intent
from nurture.core.rules import Action, Happening
from nurture.core.scenario import END_OF_DAY, Expiry, Hours, Pace, When
from nurture.core.span import Span
from nurture.errors import UserError, UserErrors
from nurture.files.scenario import check_scenario, parse_scenario, scenario_schema
from nurture.files.shipped import shipped
from nurture.i18n import Words

EN = Words("en")
HEAD = "id: s\nanchor: meeting_end\nwindows:\n  default: {days: mon-fri, hours: ['09:30-11:30']}\n"
STEPS = "steps:\n  - {id: a, day: 1, mail: thanks}\n"
PAGE = """
id: warm-lead-30d
name: {ja: ウォームリード30日フォロー, en: "Warm lead, 30 days"}
anchor: meeting_end
timezone: Asia/Tokyo
calendars: [jp-holidays, jp-medical, company]
stop_on: [reply, bounce, unsubscribe, appointment, moved]
pace:
  min_gap: 2d
  per_organisation: 3 per 7d
windows:
  default:   {days: mon-fri, hours: ["09:30-11:30", "13:30-16:30"]}
  clinician: {days: [mon, wed-fri], hours: ["17:30-24:00", "07:00-08:30"]}
steps:
  - id: thanks
    day: 1
    within: 3h
    mail: thanks-minutes
    requires: [agreements, confirmation_question, next_actions]
    approve: rep
    on_blocked: ignore
    windows: any
  - id: case
    day: 4
    count: business
    mail: case-study
    content: {kind: case_study, match: [role, specialty, concern]}
  - id: seminar
    day: 10
    mail: seminar-invitation
    on_blocked: advance
    expires: {before: seminar_date, margin: 3d}
  - id: appointment
    day: 30
    mail: appointment
    purpose: appointment
    thread: thanks
    expires: {before: 2027-08-01}
    windows: {clinician: {days: tue, hours: "12:00-13:00"}}
  - id: call
    day: 33
    task: call
    when: {no_reply: true, role: clinician, stance: [sceptical, neutral], deal_phase_at_least: 3}
"""


def errors(text: str) -> list[str]:
    """What is said about a text, as words."""
    with pytest.raises(UserError) as caught:
        parse_scenario(text, file="s.yaml")
    found = caught.value
    return [EN.error(error) for error in (found.errors if isinstance(found, UserErrors) else (found,))]


def test_every_key_of_the_format_becomes_a_value() -> None:
    """The example of the reference, and a little more."""
    found = parse_scenario(PAGE)
    thanks, case, seminar, appointment, call = found.steps

    assert ("Warm lead, 30 days", ("jp-holidays", "jp-medical", "company")) == (found.name["en"], found.calendars)
    assert Pace(2, 3, 7) == found.pace
    assert frozenset({0, 2, 3, 4}) == found.windows["clinician"].days
    assert (Hours(time(7), time(8, 30)), Hours(time(17, 30), END_OF_DAY)) == found.windows["clinician"].hours
    assert (10_800, True, "ignore", 3) == (
        thanks.within_seconds,
        thanks.any_window,
        thanks.on_blocked,
        len(thanks.requires),
    )
    assert (True, Wanted("case_study", ("role", "specialty", "concern"))) == (case.business_days, case.content)
    assert Expiry(before_event="seminar_date", margin=3) == seminar.expires
    assert Expiry(before_date=date(2027, 8, 1)) == appointment.expires
    assert ("thanks", "appointment", {"clinician"}) == (
        appointment.thread,
        appointment.purpose,
        set(appointment.windows or {}),
    )
    assert (
        When(no_reply=True, roles=("clinician",), stances=("sceptical", "neutral"), deal_phase_at_least=3)
        == call.when
    )
    assert ("call", None, 40) == (call.task, call.mail, call.line)


def test_an_enrollment_can_keep_the_exact_text() -> None:
    """The hash is that of the bytes, and parsing the text again gives the same scenario."""
    found = parse_scenario(PAGE)

    assert hashlib.sha256(PAGE.encode()).hexdigest() == found.hash
    assert parse_scenario(found.text) == found


def test_what_is_not_said_has_its_default() -> None:
    """Asia/Tokyo, calendar days, the representative approves, a blocked step is postponed."""
    found = parse_scenario(HEAD + STEPS)
    (step,) = found.steps

    assert ("Asia/Tokyo", "hold", (), Pace()) == (
        found.timezone,
        found.on_colleague_reply,
        found.calendars,
        found.pace,
    )
    assert ("rep", "postpone", "value", False) == (step.approve, step.on_blocked, step.purpose, step.business_days)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD.replace("anchor", "ancor") + STEPS, "did you mean anchor?"),
        (HEAD + STEPS.replace("mail:", "mial:"), "did you mean mail?"),
        (HEAD + STEPS.replace("day: 1", "day: 0"), "expected 1 or more"),
        (HEAD + STEPS.replace("day: 1", "day: 1d"), "found 1d, expected a whole number"),
        (HEAD + STEPS.replace("mail: thanks", "mail: ../../etc/passwd"), "expected text of the form"),
        (HEAD + STEPS.replace("mail: thanks", "task: cal"), "did you mean call?"),
        (HEAD + STEPS.replace("mail: thanks", "mail: x, on_blocked: postpon"), "did you mean postpone?"),
        (HEAD + STEPS.replace("mail: thanks", "mail: x, within: soon"), "expected a span of time such as 3h"),
        (HEAD + STEPS.replace("mail: thanks", "mail: x, expires: {margin: 3d}"), "expires needs after or before"),
        (
            HEAD + STEPS.replace("mail: thanks", "mail: x, expires: {after: 5}"),
            "expected a number of days such as 7d",
        ),
        (
            HEAD + STEPS.replace("mail: thanks", "mail: x, expires: {before: 2027-02-30}"),
            "expected a date or the name",
        ),
        (HEAD + STEPS.replace("mail: thanks", "mail: x, windows: all"), "found all, expected one of any"),
        (HEAD + STEPS.replace("mail: thanks", "mail: x, windows: {dys: mon}"), "windows.dys"),
        (HEAD + STEPS.replace("mail: thanks", "mail: x, when: {rolle: it}"), "did you mean role?"),
        (HEAD + STEPS.replace("mail: thanks", "mail: x, on: {reply: stop}"), "unknown key on"),
        (HEAD + "variants: []\n" + STEPS, "variants: found [], expected keys with values"),
        (HEAD + "pace: {per_organisation: 3 in 7d}\n" + STEPS, "expected a cap such as 3 per 7d"),
        (HEAD + "pace: {min_gap: -2d}\n" + STEPS, "expected a number of days"),
        (HEAD + "timezone: Asia/Tokio\n" + STEPS, "not a time zone"),
        (HEAD + "timezone: ../../etc/passwd\n" + STEPS, "not a time zone"),
        (HEAD + "stop_on: [rply]\n" + STEPS, "did you mean reply?"),
        (HEAD.replace("mon-fri", "mon-fry") + STEPS, "did you mean fri?"),
        (HEAD.replace("09:30-11:30", "11:30-09:30") + STEPS, "the end is not after the start"),
        (HEAD.replace("09:30-11:30", "09:30") + STEPS, "expected hours such as 09:30-11:30"),
        (HEAD.replace("09:30-11:30", "09:30-25:00") + STEPS, "expected hours such as 09:30-11:30"),
        (HEAD + "steps: []\n", "expected at least 1"),
        (HEAD, "steps is missing"),
        (HEAD + STEPS + "  - {id: a, day: 2, mail: x}\n", "a second step has the id a"),
        (HEAD + STEPS + "  - {id: b, day: 2, mail: x, thread: aa}\n", "did you mean a?"),
        (HEAD + STEPS + "  - {id: b, day: 2}\n", "needs either mail or task"),
    ],
)
def test_a_wrong_value_is_named_with_place_and_remedy(text: str, said: str) -> None:
    """File, line, column, key; what was found, what is expected, what was probably meant."""
    found = errors(text)

    assert any(said in error for error in found), found
    assert all(error.startswith("s.yaml:") for error in found)


def test_several_problems_are_told_at_once() -> None:
    """A person mends the file once."""
    assert 3 == len(
        errors(HEAD.replace("mon-fri", "x") + STEPS.replace("mail", "mial").replace("day: 1", "day: x"))
    )


def test_the_schema_names_every_key_with_a_description() -> None:
    """Editors complete and explain; nothing else is allowed."""
    schema = scenario_schema()
    step = schema["$defs"]["StepModel"]

    assert {"id", "day", "within", "mail", "task", "on_blocked", "when"} <= step["properties"].keys()
    assert all("description" in about for about in (schema["properties"] | step["properties"]).values())
    assert schema["additionalProperties"] is False
    assert json.dumps(schema)


@pytest.mark.parametrize("path", sorted((shipped() / "scenarios").glob("*.yaml")), ids=lambda p: p.name)
def test_what_ships_has_no_problems_at_all(path: Path) -> None:
    """Not even a warning, and its file is called as it is."""
    found, problems = check_scenario(path)

    assert [] == [EN.error(problem.error) for problem in problems]
    assert path.stem == found.id


def test_a_check_says_where_and_how_bad(tmp_path: Path) -> None:
    """Warnings carry their place too."""
    path = tmp_path / "s.yaml"
    path.write_text(HEAD + STEPS, encoding="utf-8")
    _, (problem,) = check_scenario(path, file="s.yaml")

    assert Severity.WARNING is problem.severity
    assert "s.yaml:1:1: pace" in EN.error(problem.error)


RULES = """
on:
  - when: {reply: consideration}
    do: {pause: 30d}
  - when: {reply: [refusal, disagreement], step: a}
    do: {stop: true, enroll: after-loss, after: 3 months}
  - when: {absence: 30d}
    do: {task: call}
  - when: {absence: any}
    do: {pause: true}
  - when: {bounce: temporary}
    do: {task: other}
  - when: {no_reply_after: 2w, step: a}
    do: {task: call}
"""


def test_reactions_become_rules() -> None:
    """Each trigger, each action, with its line."""
    found = parse_scenario(HEAD + RULES + STEPS).rules

    assert [
        (Happening.REPLY, {Intent.CONSIDERATION}, 0, None),
        (Happening.REPLY, {Intent.REFUSAL, Intent.DISAGREEMENT}, 0, "a"),
        (Happening.ABSENCE, set(), 30, None),
        (Happening.ABSENCE, set(), 0, None),
        (Happening.BOUNCE, set(), 0, None),
        (Happening.SILENCE, set(), 14, "a"),
    ] == [(r.when.what, set(r.when.intents), r.when.days, r.when.step) for r in found]
    assert Action(pause=True, pause_days=30) == found[0].do
    assert Action(stop=True, enroll="after-loss", after=Span(3)) == found[1].do
    assert Action(pause=True) == found[3].do
    assert ("temporary", 7, "reply/disagreement+refusal/a") == (found[4].when.bounce, found[0].line, found[1].key)


def one_rule(when: str, do: str = "{task: call}") -> str:
    """A scenario with this rule."""
    return HEAD + f"on:\n  - when: {when}\n    do: {do}\n" + STEPS


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (one_rule("{reply: considertion}"), "did you mean consideration?"),
        (one_rule("{reply: unsubscribe}"), "no rule can name unsubscribe"),
        (one_rule("{reply: [complaint]}"), "no rule can name complaint"),
        (one_rule("{reply: [any]}"), "expected one of any"),
        (one_rule("{reply: []}"), "found an empty list"),
        (one_rule("{reply: 5}"), "expected one of any"),
        (one_rule("{reply: any, bounce: any}"), "when needs one of reply, absence"),
        (one_rule("{step: a}"), "when needs one of reply, absence"),
        (one_rule("{absence: long}"), "expected any, or days such as 30d"),
        (one_rule("{bounce: permanet}"), "did you mean permanent?"),
        (one_rule("{no_reply_after: 0d}"), "expected at least 1d"),
        (one_rule("{no_replay_after: 3d}"), "did you mean no_reply_after?"),
        (one_rule("{reply: any}", "{}"), "do needs one of pause"),
        (one_rule("{reply: any}", "{pause: soon}"), "expected true, or days such as 30d"),
        (one_rule("{reply: any}", "{pause: 0d}"), "expected true, or days such as 30d"),
        (one_rule("{reply: any}", "{pause: 3d, stop: true}"), "pause and stop contradict each other"),
        (one_rule("{reply: any}", "{resume: true, stop: true}"), "resume and stop contradict each other"),
        (one_rule("{reply: any}", "{task: cal}"), "did you mean call?"),
        (one_rule("{reply: any}", "{task: call, after: 3d}"), "after belongs to enroll"),
        (one_rule("{reply: any}", "{enroll: x, after: -3d}"), "a span that leads ahead"),
        (one_rule("{reply: any}", "{enroll: ../x}"), "expected text of the form"),
        (one_rule("{reply: any, step: b}"), "there is no step b"),
        (one_rule("{reply: moved}", "{resume: true}"), "resume is not possible here"),
        (HEAD + "on: {reply: any}\n" + STEPS, "expected a list"),
        (HEAD + "offset: 6 moons\n" + STEPS, "expected a span such as 3 months"),
        (HEAD + "offset: 99 years\n" + STEPS, "ten years at most"),
        (HEAD + "repeat: 3 months\n" + STEPS, "repeat and times belong together"),
        (HEAD + "repeat: -3 months\ntimes: 2\n" + STEPS, "a span that leads ahead"),
        (HEAD + "repeat: 3 months\ntimes: 1\n" + STEPS, "expected 2 or more"),
        (HEAD.replace("meeting_end", "{evnt: x}") + STEPS, "did you mean event?"),
        (HEAD.replace("meeting_end", "[x]") + STEPS, "expected text"),
        (HEAD + "variants: {a: {weight: -1}}\n" + STEPS, "expected 0 or more"),
        (HEAD + "variants: {a: {weight: 0}}\n" + STEPS, "every variant has the weight 0"),
        (HEAD + "variants: {a: {steps: {b: {day: 2}}}}\n" + STEPS, "expected one of a"),
        (HEAD + "variants: {a: {steps: {a: {id: x}}}}\n" + STEPS, "unknown key id"),
        (HEAD + "variants: {a: {steps: {a: {skip: true}}}}\n" + STEPS, "a has no steps left"),
    ],
)
def test_mistakes_in_the_new_keys_are_named(text: str, said: str) -> None:
    """What was found, what is expected, what was probably meant."""
    found = errors(text)

    assert any(said in error for error in found), found
    assert all(error.startswith("s.yaml:") for error in found), found


def test_anchors_with_an_offset_and_rounds() -> None:
    """Later rounds have the same steps, named by their round, and threads of their own."""
    steps = STEPS + "  - {id: b, day: 9, mail: x, thread: a}\n"
    rounds = "offset: -6 months\nrepeat: 3 months\ntimes: 3\n"
    found = parse_scenario(HEAD.replace("meeting_end", "{event: fair}") + rounds + steps)

    assert ("fair", True, Span(-6), Span(3), 3) == (
        found.anchor,
        found.anchor_is_event,
        found.offset,
        found.repeat,
        found.times,
    )
    assert ["a", "b", "a~2", "b~2", "a~3", "b~3"] == [s.id for s in found.steps]
    assert [Span(), Span(), Span(3), Span(3), Span(6), Span(6)] == [s.start for s in found.steps]
    assert [None, "a", None, "a~2", None, "a~3"] == [s.thread for s in found.steps]
    assert parse_scenario(found.text) == found


def test_days_before_an_anchor_that_lies_ahead() -> None:
    """Allowed for an event and for the end of a contract."""
    early = STEPS.replace("day: 1", "day: -20")

    assert -20 == parse_scenario(HEAD.replace("meeting_end", "contract_end") + early).steps[0].day
    assert -20 == parse_scenario(HEAD.replace("meeting_end", "{event: fair}") + early).steps[0].day


def test_a_variant_is_the_script_with_what_it_changes() -> None:
    """Another template, a task instead, without a step; the rest stays."""
    steps = STEPS + "  - {id: b, day: 9, mail: x, content: {kind: column}}\n  - {id: c, day: 20, mail: y}\n"
    changed = "{a: {mail: other}, b: {task: call}, c: {skip: true}}"
    arms = f"variants:\n  a: {{}}\n  b:\n    weight: 2\n    steps: {changed}\n"
    found = parse_scenario(HEAD + arms + steps)
    plain, other = found.variants

    assert (found.steps, 1) == (plain.steps, plain.weight)
    assert [("a", "other", None), ("b", None, "call")] == [(s.id, s.mail, s.task) for s in other.steps]
    assert (2, None, other.steps) == (other.weight, other.steps[1].content, found.as_variant("b").steps)
    assert found is found.as_variant("gone")


def test_the_schema_describes_every_key() -> None:
    """Editors show what a key is for, the new ones too."""
    schema = scenario_schema()
    named = [("", schema), *schema["$defs"].items()]
    bare = [
        f"{name}.{key}"
        for name, part in named
        for key, value in part.get("properties", {}).items()
        if not value.get("description")
    ]

    assert [] == bare
    assert {"on", "variants", "offset", "repeat", "times"} <= set(schema["properties"])
    intents = json.dumps(schema["$defs"]["TriggerModel"]["properties"]["reply"])
    assert "consideration" in intents
    assert "unsubscribe" not in intents


@pytest.mark.parametrize("count", [200, 10_000])
def test_hostile_rules_cost_little(count: int) -> None:
    """More rules than allowed are refused at once; a small file of many rounds is too."""
    rules = "on:\n" + "  - {when: {reply: any}, do: {task: call}}\n" * count
    with pytest.raises(UserError):
        parse_scenario(HEAD + rules + STEPS)
    many = "".join(f"  - {{id: s{n}, day: {n + 1}, mail: m}}\n" for n in range(150))
    with pytest.raises(UserError):
        parse_scenario(HEAD + "repeat: 1 months\ntimes: 24\nsteps:\n" + many)
