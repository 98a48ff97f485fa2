"""What ships, as each role reads it: each mail of each scenario, with its own content (practice E)."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Final

import pytest

from nurture.core.content import Wanted, choose
from nurture.core.people import ROLES
from nurture.files.scenario import read_scenario
from nurture.mail.text import split_footer
from nurture.render.fields import TOPICS
from tests.render.briefs import CONTENT, KINDS, MAILS, ROOT, WRITER, brief

if TYPE_CHECKING:
    from collections.abc import Iterator

SCENARIOS: Final = {path.stem: read_scenario(path) for path in sorted((ROOT / "scenarios").glob("*.yaml"))}

MONEY: Final = "ROI|費用対効果|補助金|投資|診療報酬|価格|支払方法|値引"
NEVER: Final = {
    "clinician": f"{MONEY}|費用|総額|見積",
    "nursing": MONEY,
    "executive": "症例|清拭剤|ログの書式",
    "it": MONEY,
    "clinical_engineer": MONEY,
    "procurement": "論文|症例|診療報酬",
    "radiographer": MONEY,
    "laboratory": MONEY,
    "pharmacy": MONEY,
}
"""What a role does not read in our mails, whatever the scenario."""

ALL_OF: Final = {
    "clinician": ("裏付け|論文", "診療"),
    "nursing": ("減る作業", "安全", "研修"),
    "executive": ("費用|総額", "補助金", "診療報酬"),
    "it": ("接続", "保守", "安全管理に関するガイドライン第7.0版"),
    "clinical_engineer": ("接続", "保守", "安全管理に関するガイドライン第7.0版"),
    "procurement": ("価格の根拠|価格の内訳", "支払方法", "日程"),
    "radiographer": ("流れ", "約3分の", "研修"),
    "laboratory": ("流れ", "約3分の", "研修"),
    "pharmacy": ("流れ", "安全", "病棟"),
}
"""What a role finds somewhere in each scenario that offers something."""
TITLED: Final = ("seminar", "column", "incident", "incident_closing")
"""Kinds whose titles stand in subjects."""
OFFERING: Final = ("warm-lead-30d", "considering", "decision-stalled", "renewal", "proposal")


def letters(scenario: str, role: str, competitor: str | None = None) -> Iterator[tuple[str, str]]:
    """The mails of a scenario that this role gets, one by one: step, and text without footer and spaces."""
    used: list[str] = []
    for step in SCENARIOS[scenario].steps:
        if step.mail is None or (step.when.roles is not None and role not in step.when.roles):
            continue
        given, wanted = brief(step.mail, role), step.content or WRITER.content(step.mail)
        if wanted is not None:
            item = choose(
                CONTENT,
                wanted,
                role=role,
                specialty=given.person.specialty,
                topics=given.person.topics,
                competitor=competitor,
                used=used,
                on=MAILS[step.mail],
                lead=step.lead,
            )
            assert item is not None, f"{scenario}/{step.id}: nothing is left for {role}"
            used.append(item.id)
            given = replace(given, content=item)
        draft = WRITER.write(given)
        yield step.id, re.sub(r"\s", "", draft.subject + split_footer(draft.body)[0])


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_nobody_reads_what_is_another_roles_business(scenario: str) -> None:
    """A doctor reads nothing about money, a nurse nothing about subsidies, a buyer nothing about papers."""
    found = [
        (step, role, said.group())
        for role in ROLES
        for step, text in letters(scenario, role)
        if (said := re.search(NEVER[role], text))
    ]

    assert [] == found


@pytest.mark.parametrize("scenario", OFFERING)
def test_each_role_finds_its_own_matters(scenario: str) -> None:
    """Evidence for doctors, price grounds for buyers, the guideline for IT, training for those who will use it."""
    missing = []
    for role in ROLES:
        text = "".join(text for _, text in letters(scenario, role))
        missing += [(role, word) for word in ALL_OF[role] if not re.search(word, text)]

    assert [] == missing


SLANDER: Final = "他社|競合|同業|劣|粗悪|安かろう|見劣り|不十分な|信頼できな"


def test_beside_a_competitor_stands_no_price_no_name_and_no_slander() -> None:
    """F28, C18: own strengths in short; the competitor of the deal chooses the content and is not named."""
    beside = {name for item in CONTENT if item.kind == "strength" for name in item.competitors}
    assert beside
    for competitor in (None, *sorted(beside)):
        for role in ROLES:
            ((_, text),) = letters("price-cut", role, competitor)

            assert not re.search(rf"[0-9０-９,，万千]円|￥|¥|[%％]|割引|値下げ|{SLANDER}", text)
            assert not any(name in text for name in beside)
            assert len(text) < 750


def test_no_content_offers_a_role_what_is_another_roles_business() -> None:
    """Each piece, for each role that may get it: also the second and third that somebody gets."""
    wrong = []
    for item in CONTENT:
        text = " ".join((item.title, item.summary, *item.points, *(p.label for p in item.pointers)))
        roles = item.roles or ROLES
        wrong += [(item.id, r, said.group()) for r in roles if (said := re.search(NEVER[r], text))]

    assert [] == wrong


@pytest.mark.parametrize("template", [mail for mail, kind in KINDS.items() if kind in TITLED])
def test_each_title_makes_a_subject(template: str) -> None:
    """Where a subject is made of a title, each piece of that kind gives one of 20 to 30 characters."""
    given = brief(template, "it")
    subjects = [
        WRITER.write(replace(given, content=item)).subject for item in CONTENT if item.kind == KINDS[template]
    ]

    assert [] == [subject for subject in subjects if not 20 <= len(subject) <= 30]


def test_what_is_written_for_a_role_is_what_it_gets() -> None:
    """Whatever worries the reader: what is for everybody never comes before what is for one role."""
    kinds = {item.kind: {r for i in CONTENT if i.kind == item.kind for r in i.roles} for item in CONTENT}
    wrong = []
    for kind, roles in kinds.items():
        wanted = Wanted(kind, ("role", "concern", "competitor"))
        on = min((i.expires for i in CONTENT if i.kind == kind and i.expires), default=MAILS["column"])
        for role, topic in product(sorted(roles), TOPICS["ja"]):
            found = choose(
                CONTENT,
                wanted,
                role=role,
                specialty=None,
                topics=(topic,),
                competitor=None,
                used=(),
                on=on,
                lead=0,
            )
            if found is not None and role not in found.roles:
                wrong.append((kind, role, topic, found.id))

    assert [] == wrong
