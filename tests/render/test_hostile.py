"""Templates that are not our friends: refused with one clear error, or rendered within bounds."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nurture.core.deals import Concern, Stance
from nurture.core.draft import Brief
from nurture.errors import UserError
from nurture.mail.text import FOOTER_RULE, HARD, split_footer, width
from nurture.render import TemplateWriter
from tests.render.briefs import COMPANY, HOSPITAL, WRITER, brief, private
from tests.render.test_check import writer

MANY = "{% for a in meeting.agreements %}"
HOSTILE = [
    "{% for i in range(10**9) %}x{% endfor %}",
    "{{ 'x' * 10**10 }}",
    "{{ 10 ** 10 ** 10 }}",
    "{{ 'x' ~ 'y' }}",
    "{{ [1] * 10**9 }}",
    "{{ 9" + "9" * 5000 + " }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ person.__class__ }}",
    "{{ person['__class__'] }}",
    "{{ person.name.format }}",
    "{{ '{0.__class__}'.format(person) }}",
    "{{ person.items() }}",
    "{{ person.items }}",
    "{{ person.update({'name': 'x'}) }}",
    "{{ self.__init__.__globals__ }}",
    "{{ self }}",
    "{{ lipsum(1000000) }}",
    "{{ cycler('a') }}",
    "{{ namespace(a=1) }}",
    "{{ get_flashed_messages }}",
    "{{ config }}",
    "{{ loop }}",
    "{{ context }}",
    "{% include '/etc/passwd' %}",
    "{% include 'thanks-minutes.j2' %}",
    "{% import 'x' as y %}",
    "{% from 'x' import y %}",
    "{% extends 'x' %}",
    "{% block a %}{% endblock %}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% for a in meeting.agreements recursive %}{{ loop(meeting.agreements) }}{% endfor %}",
    "{% set ns = namespace(x='a') %}",
    "{% set a %}x{% endset %}",
    "{% set a, b = 'x', 'y' %}",
    "{% call x() %}{% endcall %}",
    "{% filter upper %}a{% endfilter %}",
    "{% autoescape true %}a{% endautoescape %}",
    "{% do 1 %}",
    "{% debug %}",
    "{{ person.name | attr('__class__') }}",
    "{{ person | pprint }}",
    "{{ person.name | replace('a', 'b' ) }}",
    "{{ 'x' | center(1000000000) }}",
    "{{ [meeting, meeting] | join }}",
    "{{ {'a': 1} }}",
    "{{ 1 / 0 }}",
    "{{ -1 }}",
    "{{ deal.private_note }}{{ organisation.private_note }}",
    "{{ meeting.private_note }}",
    "{{ meeting.attendees }}",
    "{{ meeting.stance }}",
    "{{ person.stance }}",
    "{{ person.legal_basis }}",
    "{{ deal.name }}{{ deal.competitor }}{{ deal.phase }}",
    "{{ brief }}",
    "{{ concern_first | default('') }}",
    "{{ attendees[0].stance }}",
    "{{ (meeting.concerns | first).private_note }}",
    "{{ " + "(" * 9000 + ")" * 9000 + " }}",
    "{{ " + "not " * 4000 + "person }}",
    "{{ " + "person." * 2000 + "name }}",
    "{% if person %}" * 60 + "x" + "{% endif %}" * 60,
    MANY * 25 + "x" + "{% endfor %}" * 25,
    MANY * 8 + "x" + "{% endfor %}" * 8,
    "{% for a in meeting.agreements %}" + "x" * 5000 + "{% endfor %}",
    "{{ person.called }}" * 900,
    "{# " + "x" * 19_000,
    "{% raw %}" + "x" * 9_000,
    "{{ meeting.agreements | join('" + "x" * 9000 + "') }}",
    "{%" * 5000,
    "\x00{{",
    "{{ '\ud800'.x }}".encode("utf-8", "replace").decode(),
    f"a\n{FOOTER_RULE}\n送信者：だれか",
    f"{{% raw %}}a\n{FOOTER_RULE}{{% endraw %}}",
    "a\n" + "-" * 36 + "{% if person %}" + "-" * 36 + "{% endif %}\n\n配信停止はできません",
]


def full() -> Brief:
    """A brief with long lists, for loops to feed on."""
    given = private(replace(brief("appointment", "it", stance=Stance.SCEPTICAL), template="t"))
    assert given.meeting is not None
    many = replace(given.meeting, agreements=tuple(f"合意{n}" for n in range(200)))
    return replace(given, meeting=many)


@pytest.mark.parametrize("body", HOSTILE, ids=lambda body: repr(body[:40]))
@pytest.mark.timeout(20)
def test_a_hostile_template_is_one_error(tmp_path: Path, body: str) -> None:
    """Refused with a UserError, soon, and without a word of what is private; at check where it can be seen."""
    began = time.monotonic()
    made = writer(tmp_path, body)
    with pytest.raises(UserError) as error:
        made.write(full())
    assert "PRIVATE" not in str(error.value)
    assert error.value.where is not None
    assert error.value.where.file
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "subject", ["{{ 'x' * 10**9 }}", "{{ person.private_note }}", "{{ person.name }}" * 100, "{{"]
)
def test_a_hostile_subject(tmp_path: Path, subject: str) -> None:
    """Subjects stand behind the same walls."""
    with pytest.raises(UserError):
        writer(tmp_path, "a", subject=subject).write(full())


def test_the_walls_hold_without_the_check(tmp_path: Path) -> None:
    """A tree that nobody looked at finds no globals, no private field, and no more than its budget."""
    from jinja2 import TemplateError

    from nurture.render.facts import facts
    from nurture.render.sandbox import Engine, TooMuch, Unprintable, render

    engine, known = Engine(), facts(full(), COMPANY)
    for body in (
        "{{ person.private_note }}",
        "{{ deal.private_note }}",
        "{{ meeting.private_note }}",
        "{{ ''.__class__ }}",
        "{{ person.__class__.__mro__ }}",
        "{{ range(3) }}",
        "{{ person.update({'name': 'x'}) }}",
        "{{ person }}",
        MANY * 3 + "x" + "{% endfor %}" * 3,
    ):
        with pytest.raises((TemplateError, TooMuch, Unprintable)):
            render(engine.prepare(engine.parse(body), "t"), known)


def test_no_private_value_is_in_the_facts() -> None:
    """The facts hold no private note, deal name, stance, or object of the domain, at any depth."""
    from nurture.render.facts import Hole, facts

    def walk(value: object) -> list[object]:
        if isinstance(value, dict):
            return [found for inner in value.values() for found in walk(inner)]
        if isinstance(value, list):
            return [found for inner in value for found in walk(inner)]
        return [value]

    values = walk(facts(full(), COMPANY))
    assert not [v for v in values if isinstance(v, str) and ("PRIVATE" in v or v == "sceptical")]
    assert {type(v).__name__ for v in values} <= {"str", "bool", "date", "datetime", "Hole"}
    assert any(isinstance(v, Hole) for v in values)


VALUES = st.text(max_size=120)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=VALUES, remark=VALUES, agreement=VALUES, concern=VALUES, question=VALUES, organisation=VALUES)
def test_values_cannot_break_out(
    name: str, remark: str, agreement: str, concern: str, question: str, organisation: str
) -> None:
    """Whatever people typed, template syntax and rules included: one letter with its footer, or one error."""
    given_ = brief("thanks-minutes", "nursing", stance=Stance.SCEPTICAL)
    assert given_.meeting is not None
    meeting = replace(
        given_.meeting,
        agreements=(agreement, FOOTER_RULE, "{{ person }}"),
        concerns=(Concern(concern, "workload"),),
        confirmation_question=question,
        attendees=(replace(given_.meeting.attendees[0], remark=remark),),
    )
    given_ = replace(
        given_,
        meeting=meeting,
        person=replace(given_.person, family_name=name),
        organisation=replace(HOSPITAL, name=organisation),
    )
    try:
        draft = WRITER.write(given_)
    except UserError:
        return
    text, footer = split_footer(draft.body)
    assert footer == split_footer(WRITER.write(brief("thanks-minutes", "nursing")).body)[1]
    assert "\n" not in draft.subject
    assert "\r" not in draft.body
    assert "\x00" not in draft.body
    assert "{{ person }}" in text
    for line in draft.body.split("\n"):
        assert width(line) <= HARD or "://" in line or "@" in line


def test_a_value_that_is_the_footers_rule_stays_a_value() -> None:
    """A list item that looks like the footer's rule does not move the footer."""
    given_ = brief("thanks-minutes", "nursing")
    assert given_.meeting is not None
    for rule in (FOOTER_RULE, f"a\n{FOOTER_RULE}\nb"):
        changed = replace(given_.meeting, confirmation_question=rule)
        try:
            body = WRITER.write(replace(given_, meeting=changed)).body
        except UserError:
            continue
        assert split_footer(body)[1] == split_footer(WRITER.write(given_).body)[1]


def test_a_template_as_large_as_may_be_is_rendered_soon(tmp_path: Path) -> None:
    """A big, honest template takes well under a second once it is compiled."""
    body = "{% if person.role == 'it' %}はい。{% else %}いいえ。{% endif %}\n" * 100
    made = writer(tmp_path, body)
    assert made.check("t") == ()
    made.write(full())
    began = time.monotonic()
    made.write(full())
    assert time.monotonic() - began < 1


def test_writer_survives_a_broken_neighbour(tmp_path: Path) -> None:
    """One template that cannot be read does not keep the others from being written."""
    (tmp_path / "broken.j2").write_text("{{", encoding="utf-8")
    (tmp_path / "t.j2").write_text('---\nsubject: "件名"\n---\n本文', encoding="utf-8")
    made = TemplateWriter(tmp_path, COMPANY)
    assert made.ids() == ("broken", "t")
    assert made.check("broken")
    assert made.write(full()).subject == "件名"
