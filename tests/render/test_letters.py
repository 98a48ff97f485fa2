"""The letters that ship, as their readers get them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from nurture.core.deals import Stance
from nurture.core.people import ROLES, Basis, LegalBasis, Profession
from nurture.errors import UserError
from nurture.mail.text import HARD, split_footer, width
from tests.render.briefs import (
    COMPANY,
    HOSPITAL,
    KINDS,
    MAILS,
    REP,
    WRITER,
    brief,
    content,
    private,
    reader,
    written,
)

DOCTORS = {Profession.DOCTOR, Profession.DENTIST, Profession.PROFESSOR}
ALL = [(template, role) for template in MAILS for role in ROLES]


@pytest.mark.parametrize(("template", "role"), ALL)
def test_every_letter_to_every_reader(template: str, role: str) -> None:
    """Whoever the reader is: width, honorific, no hole, no code, one request, the whole footer."""
    for profession in Profession:
        draft = WRITER.write(brief(template, role, profession=profession))
        person = reader(role, profession)
        lines = draft.body.split("\n")
        text, footer = split_footer(draft.body)

        assert all(width(line) <= HARD for line in lines)
        assert lines[:3] == [
            HOSPITAL.name,
            f"{person.department} {person.title}",
            f"{person.name} {person.honorific}",
        ]
        assert person.honorific == ("先生" if profession in DOCTORS else "様")
        assert not re.search("先生様|様様|先生先生|長先生|御中様|殿様", draft.body)
        assert not re.search(r"\{|\}|None|Undefined|\[\]|True|False|、、|。。|「」|（）", draft.body)
        assert not re.search(rf"{role}|clinic|nurs|radiology|workload|_", re.sub(r"\S*[/@]\S*", "", text))
        assert not re.search("その後いかが|ご検討状況|いかがでしょうか", text)
        for line in (
            COMPANY.name,
            "〒100-0000 東京都",
            REP.email,
            "TEL: 03-0000-1201",
            "しのはら たく",
            "URL: https://",
        ):
            assert line in text
        for part in (
            "配信停止",
            "https://desk.",
            REP.email,
            COMPANY.name,
            COMPANY.address,
            COMPANY.phone,
            COMPANY.mail,
        ):
            assert part in footer


@pytest.mark.parametrize("template", MAILS)
def test_subjects(template: str) -> None:
    """A subject has 20 to 30 characters, at most one 【】, and does not shout."""
    for role in ROLES:
        subject = written(template, role).subject

        assert 20 <= len(subject) <= 30, (role, subject)
        assert subject.count("【") <= 1
        assert not re.search("重要|至急|無料", subject)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("stance", list(Stance))
def test_the_thank_you_asks_exactly_one_question(role: str, stance: Stance) -> None:
    """The minutes hold one question, the confirmation, and everything that was recorded."""
    given = brief("thanks-minutes", role, stance=stance)
    text = re.sub(r"\s", "", split_footer(WRITER.write(given).body)[0])
    assert len(re.findall(r"でしょうか|ますか|ですか|ませんか|[?？]", text)) == 1
    assert given.meeting is not None
    for said in (
        *given.meeting.agreements,
        *(c.text for c in given.meeting.concerns),
        "4月12日(月)まで",
        "5ページ",
    ):
        assert said in text


@pytest.mark.parametrize("role", ROLES)
def test_a_sceptic_is_answered_first(role: str) -> None:
    """The first paragraph after the greeting takes up what a sceptic said; for others it is the thanks."""
    sceptic = WRITER.write(brief("thanks-minutes", role, stance=Stance.SCEPTICAL)).body.split("\n\n")[2]
    neutral = WRITER.write(brief("thanks-minutes", role)).body.split("\n\n")[2]
    assert "はじめに" in sceptic.replace("\n", "")
    assert "5ページ" in sceptic.replace("\n", "")
    assert "はじめに" not in neutral


WORDING = {
    "clinician": "根拠|論文|診療",
    "nursing": "病棟|安全|研修|看護",
    "executive": "費用|補助金|判断",
    "it": "安全管理に関するガイドライン第7.0版|接続|情報システム",
    "clinical_engineer": "安全管理に関するガイドライン第7.0版|接続|医療機器",
    "procurement": "価格|支払|条件|調達",
    "radiographer": "撮影|検査",
    "laboratory": "検体|検査",
    "pharmacy": "処方|薬剤|調剤",
}


@pytest.mark.parametrize("template", MAILS)
def test_wording_by_role(template: str) -> None:
    """Each role reads about its own work; a clinician reads nothing about return on investment."""
    for role in ROLES:
        text = re.sub(r"\s", "", split_footer(written(template, role).body)[0])
        body = text.partition("篠原でございます。")[2].partition("星影メディカルシステム")[0]

        assert re.search(WORDING[role], body), role
        assert role != "clinician" or not re.search("ROI|費用|補助金|投資|診療報酬", body)
        assert "6.0" not in body


@pytest.mark.parametrize("template", MAILS)
def test_nothing_private_is_written(template: str) -> None:
    """No private note, deal name or stance gets into a letter."""
    for role in ROLES:
        draft = WRITER.write(private(brief(template, role, stance=Stance.SCEPTICAL)))

        assert not re.search("PRIVATE|sceptical", draft.subject + draft.body)


def test_a_mail_speaks_of_the_concern_that_its_content_answers() -> None:
    """A case is introduced by the worry that it answers, not by another; an unrelated one by none."""
    given = brief("case-study", "procurement")
    assert given.content is not None
    person = replace(given.person, topics=("workflow", "maintenance"))
    answering = replace(given.content, topics=("maintenance",))
    draft = WRITER.write(replace(given, person=person, content=answering))
    assert "「導入直後の問い合わせ先」に関連して" in draft.body
    assert draft.subject.endswith("（保守体制）")
    draft = WRITER.write(replace(given, person=person, content=replace(given.content, topics=("infection",))))
    assert "に関連して" not in draft.body
    assert "（" not in draft.subject


def test_the_page_named_for_a_concern_is_that_of_the_concern() -> None:
    """Where the content's page answers another topic, the mail does not say that it is for the concern."""
    given = brief("column", "clinician")
    assert given.content is not None
    assert "「効果の裏付け」に関わる箇所は、" in WRITER.write(given).body
    person = replace(given.person, topics=("workflow", "evidence"))
    body = WRITER.write(replace(given, person=person, meeting=None)).body
    assert "ご関心に近い箇所は、" in body
    assert "に関わる箇所" not in body


@pytest.mark.parametrize("template", list(MAILS))
def test_the_same_brief_gives_the_same_letter(template: str) -> None:
    """Rendering is deterministic: the fingerprint of an approval depends on it."""
    assert WRITER.write(brief(template, "nursing")) == WRITER.write(brief(template, "nursing"))


@pytest.mark.parametrize("role", [None, "shift_leader"])
@pytest.mark.parametrize("template", list(MAILS))
def test_readers_of_other_roles(template: str, role: str | None) -> None:
    """A role that we do not know, or none, gets neutral words, and content that is for everybody."""
    given = brief(template, "nursing")
    item = content(template, replace(given.person, role=role))
    assert (item is None) == (template not in KINDS)
    body = WRITER.write(replace(given, person=replace(given.person, role=role, topics=()), content=item)).body
    assert "病棟" not in split_footer(body)[0]


@pytest.mark.parametrize("template", list(MAILS))
def test_the_least_that_is_known(template: str) -> None:
    """Without department, title, role, topics, deal or remark there are no holes and no gaps in the address."""
    given = brief(template, "nursing")
    person = replace(given.person, department=None, title=None, role=None, given_name="", topics=())
    assert given.meeting is not None
    meeting = replace(given.meeting, subject="", concerns=(), attendees=(), pointers=(), material="")
    given = replace(given, meeting=meeting if "meeting.on" in WRITER.requires(template) else None)
    body = WRITER.write(replace(given, person=person, deal=None)).body
    assert body.startswith(f"{HOSPITAL.name}\n三枝 様\n\n")
    assert "\n\n\n" not in body


def test_an_organisation_without_a_name_for_the_reader() -> None:
    """Nobody is 様 without a name: then it is ご担当者様."""
    given = brief("column", "nursing")
    body = WRITER.write(replace(given, person=replace(given.person, family_name="", given_name=""))).body
    assert "\nご担当者様\n" in body


@pytest.mark.parametrize("family", ["佐藤先生", "佐藤様", "佐藤 さん"])
def test_honorifics_in_the_data(family: str) -> None:
    """An honorific that slipped into a name is not doubled."""
    given = brief("column", "clinician")
    body = WRITER.write(replace(given, person=replace(given.person, family_name=family, given_name=""))).body
    assert "\n佐藤 先生\n" in body


def test_a_department_is_not_named_twice() -> None:
    """看護部 with the title 看護部長 is 看護部長."""
    given = brief("column", "nursing")
    body = WRITER.write(replace(given, person=replace(given.person, title="看護部長"))).body
    assert body.startswith(f"{HOSPITAL.name}\n看護部長\n三枝 由美 様\n")


def test_a_thread_keeps_its_subject() -> None:
    """A mail in a thread goes out as Re: of that thread's subject, once."""
    given = brief("appointment", "nursing")
    assert WRITER.write(replace(given, thread_subject="【お礼】4月5日")).subject == "Re: 【お礼】4月5日"
    assert WRITER.write(replace(given, thread_subject="Re: 【お礼】4月5日")).subject == "Re: 【お礼】4月5日"


def test_dates_of_another_year_say_so() -> None:
    """A date in another year than that of sending shows its year."""
    given = brief("appointment", "nursing")
    later = tuple(slot + timedelta(days=300) for slot in given.proposed)
    assert "2028年3月13日(月) 15:00から" in WRITER.write(replace(given, proposed=later)).body
    assert "（1）5月18日(火) 15:00から" in WRITER.write(given).body


@pytest.mark.parametrize("kind", list(Basis))
def test_the_footer_says_why(kind: Basis) -> None:
    """The footer names the reason for writing, and a way to refuse, also without a web page."""
    given = brief("column", "it")
    person = replace(given.person, legal_basis=replace(LegalBasis(), kind=kind))
    footer = split_footer(WRITER.write(replace(given, person=person, unsubscribe_url=None)).body)[1]
    assert "お送りしています" in footer.replace("\n", "")
    assert "https://desk" not in footer
    assert "「配信停止」" in footer
    assert REP.email in footer


def test_an_english_reader_of_a_japanese_template_gets_japanese() -> None:
    """A mail is in one language throughout: the template's."""
    given = brief("column", "it")
    assert WRITER.write(replace(given, person=replace(given.person, language="en"))) == WRITER.write(given)


@pytest.mark.parametrize(
    ("template", "change", "field"),
    [
        ("thanks-minutes", {"agreements": ()}, "agreements"),
        ("thanks-minutes", {"confirmation_question": ""}, "confirmation_question"),
        ("thanks-minutes", {"confirmation_question": "  "}, "confirmation_question"),
    ],
)
def test_a_thank_you_that_lacks_the_minutes_is_refused(
    template: str, change: dict[str, object], field: str
) -> None:
    """A3, A4: without agreements or the question there is no thank-you, and the error says what is missing."""
    given = brief(template, "nursing")
    assert given.meeting is not None
    with pytest.raises(UserError) as error:
        WRITER.write(replace(given, meeting=replace(given.meeting, **change)))  # type: ignore[arg-type]
    assert field in str(error.value)
    assert error.value.where is not None
    assert error.value.where.file == "templates/thanks-minutes.j2"
    assert error.value.where.line == 7


def test_other_required_things() -> None:
    """Next actions, content, proposed times, and what the step itself requires."""
    given = brief("thanks-minutes", "nursing")
    with pytest.raises(UserError, match="next_actions"):
        WRITER.write(replace(given, promises=()))
    with pytest.raises(UserError, match="content"):
        WRITER.write(replace(brief("case-study", "nursing"), content=None))
    with pytest.raises(UserError, match="proposed"):
        WRITER.write(replace(brief("appointment", "nursing"), proposed=()))
    with pytest.raises(UserError, match="remark"):
        WRITER.write(replace(brief("column", "nursing"), meeting=None, requires=("remark",)))


@pytest.mark.parametrize("name", ["name", "postal_code", "address"])
def test_the_law_wants_the_sender_shown(name: str) -> None:
    """Settings that do not name the sender stop every mail."""
    from nurture.render import TemplateWriter
    from tests.render.briefs import TEMPLATES

    writer = TemplateWriter(TEMPLATES, replace(COMPANY, **{name: " "}))
    with pytest.raises(UserError, match=name):
        writer.write(brief("column", "it"))


@pytest.mark.parametrize("template", list(MAILS))
def test_shipped_templates_have_no_problems(template: str) -> None:
    """The static check finds nothing in what ships, also with the standard scenario's requires."""
    assert WRITER.check(template) == ()
    assert WRITER.check(template, ("agreements", "confirmation_question", "next_actions")) == ()
