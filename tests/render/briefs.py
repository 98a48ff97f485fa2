"""Invented readers and meetings that the tests of rendering write to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from nurture.config import Company
from nurture.core.content import ContentItem, choose
from nurture.core.deals import Attendee, Concern, Deal, Meeting, PagePointer, Promise, Stance
from nurture.core.draft import Beside, Brief, Draft
from nurture.core.ids import DealId, MeetingId, OrganisationId, PersonId, PromiseId, RepId
from nurture.core.people import Basis, LegalBasis, Organisation, Person, Profession, Representative
from nurture.files.content import read_content
from nurture.render import TemplateWriter

ROOT: Final = Path(__file__).parents[2]
TEMPLATES: Final = ROOT / "templates"
TOKYO: Final = ZoneInfo("Asia/Tokyo")
CONTENT: Final = read_content(TEMPLATES / "content")

COMPANY: Final = Company(
    name="星影メディカルシステム株式会社",
    postal_code="100-0000",
    address="東京都千代田区見本町4-5-6 星影ビル3階",
    phone="03-0000-1200",
    mail="contact@hoshikage-medical.example",
    url="https://www.hoshikage-medical.example",
    name_en="Hoshikage Medical Systems",
)
REP: Final = Representative(
    id=RepId("shinohara"),
    name="篠原 拓",
    kana="しのはら たく",
    email="shinohara@hoshikage-medical.example",
    department="病院営業部",
    title="主任",
    phone="03-0000-1201",
)
HOSPITAL: Final = Organisation(id=OrganisationId("o"), name="医療法人ひのもり会 ひのもり総合病院")
WRITER: Final = TemplateWriter(TEMPLATES, COMPANY)

# role: profession, family name, given name, department, title, specialty, concern (words, topic), remark
READERS: Final[dict[str, tuple[Profession, str, str, str, str, str | None, tuple[str, str], str]]] = {
    "clinician": (
        Profession.DOCTOR, "霧島", "透", "放射線科", "部長", "radiology",
        ("効果の数値の測定条件", "evidence"), "他院の数値がそのまま当てはまるとは思えない",
    ),
    "nursing": (
        Profession.NURSE, "三枝", "由美", "看護部", "師長", None,
        ("夜勤帯の記録の手間", "workload"), "新しい画面が増えると、夜勤の人数では回らない",
    ),
    "executive": (
        Profession.ADMINISTRATOR, "橘", "修", "事務部", "事務長", None,
        ("年間の費用に見合う効果", "cost"), "理事会では5年間の総額で説明する必要がある",
    ),
    "it": (
        Profession.ADMINISTRATOR, "水野", "沙織", "医療情報課", "課長", None,
        ("外部との通信経路の管理", "security"), "通信経路を図で示してほしい",
    ),
    "clinical_engineer": (
        Profession.ENGINEER, "工藤", "健一", "臨床工学科", "技士長", None,
        ("既存の生体情報モニタとの接続方式", "integration"), "夜間のアラームを一か所で見られる点がよい",
    ),
    "procurement": (
        Profession.ADMINISTRATOR, "早坂", "千尋", "用度課", "係長", None,
        ("見積の前提と有効期限", "cost"), "年度内の予算は組み終えている",
    ),
    "radiographer": (
        Profession.TECHNOLOGIST, "遠野", "亮", "放射線部", "技師長", None,
        ("撮影の受付が混む時間帯の対応", "workflow"), "朝の一時間に受付が集中する",
    ),
    "laboratory": (
        Profession.TECHNOLOGIST, "美濃", "香織", "検査部", "主任", None,
        ("緊急報告値の伝達の確認", "safety"), "電話は残したい",
    ),
    "pharmacy": (
        Profession.PHARMACIST, "和久井", "誠", "薬剤部", "部長", None,
        ("病棟業務に出る時間の確保", "workflow"), "調剤室の中断が多い",
    ),
}  # fmt: skip
MAILS: Final = {
    "thanks-minutes": date(2027, 4, 5),
    "case-study": date(2027, 4, 8),
    "seminar-invitation": date(2027, 4, 14),
    "column": date(2027, 4, 22),
    "appointment": date(2027, 5, 6),
    "considering": date(2027, 6, 14),
    "after-loss": date(2027, 5, 20),
    "contact-moved": date(2027, 6, 28),
    "contact-successor": date(2027, 6, 29),
    "no-answer": date(2027, 5, 20),
    "no-answer-closing": date(2027, 6, 17),
    "decision-stalled": date(2027, 6, 21),
    "review-papers": date(2027, 7, 5),
    "price-cut": date(2027, 6, 2),
    "renewal": date(2027, 9, 30),
    "outline": date(2027, 4, 7),
    "proposal": date(2027, 4, 12),
    "pilot": date(2027, 4, 21),
    "bad-news": date(2027, 4, 5),
    "incident": date(2027, 5, 12),
    "incident-closing": date(2027, 5, 14),
}
KINDS: Final = {
    "case-study": "case_study",
    "seminar-invitation": "seminar",
    "column": "column",
    "considering": "summary",
    "no-answer": "checklist",
    "no-answer-closing": "summary",
    "decision-stalled": "decision",
    "review-papers": "security",
    "price-cut": "strength",
    "renewal": "renewal",
    "outline": "outline",
    "proposal": "proposal",
    "pilot": "pilot",
    "incident": "incident",
    "incident-closing": "incident_closing",
}


def reader(role: str, profession: Profession | None = None) -> Person:
    """A person of that role."""
    usual, family, given, department, title, specialty, concern, _ = READERS[role]
    return Person(
        id=PersonId(role),
        email=f"{role}@hinomori.example",
        family_name=family,
        given_name=given,
        organisation_id=HOSPITAL.id,
        role=role,
        specialty=specialty,
        department=department,
        title=title,
        profession=profession or usual,
        topics=(concern[1],),
        legal_basis=LegalBasis(Basis.BUSINESS_CARD, date(2027, 4, 5), "面談時に名刺を頂戴した"),
        private_note="PRIVATE-PERSON",
    )


def meeting(role: str, stance: Stance = Stance.NEUTRAL) -> Meeting:
    """What was written down about the meeting with that person."""
    words, topic = READERS[role][6]
    return Meeting(
        id=MeetingId("m"),
        deal_id=DealId("d"),
        organisation_id=HOSPITAL.id,
        rep_id=REP.id,
        ended_at=datetime(2027, 4, 5, 6, 0, tzinfo=UTC),
        subject="院内情報連携システムのご説明",
        agreements=("試験導入は1部署・4週間を目安に検討する", "接続方式の一覧を弊社から書面でお出しする"),
        concerns=(Concern(words, topic), Concern("導入直後の問い合わせ先", "maintenance")),
        confirmation_question="試験導入の時期は、6月以降を想定しているという理解でよろしいでしょうか。",
        attendees=(Attendee(PersonId(role), stance, READERS[role][7]),),
        pointers=(PagePointer(topic, "5", "ご懸念への回答"),),
        material="院内情報連携システムのご提案",
        private_note="PRIVATE-MEETING",
    )


def content(template: str, person: Person) -> ContentItem | None:
    """What a flow would choose for this mail."""
    wanted = WRITER.content(template)
    if wanted is None:
        return None
    return choose(
        CONTENT,
        wanted,
        role=person.role,
        specialty=person.specialty,
        topics=person.topics,
        competitor=None,
        used=(),
        on=MAILS[template],
    )


def brief(
    template: str, role: str, *, profession: Profession | None = None, stance: Stance = Stance.NEUTRAL
) -> Brief:
    """Everything that a flow would hand over for this mail to this reader."""
    person, met, on = reader(role, profession), meeting(role, stance), MAILS[template]
    return Brief(
        template=template,
        person=person,
        rep=REP,
        organisation=HOSPITAL,
        deal=Deal(
            DealId("d"), HOSPITAL.id, "PRIVATE-DEAL-NAME", "院内情報連携システム", private_note="PRIVATE-DEAL"
        ),
        meeting=met,
        promises=(
            Promise(
                PromiseId("p1"), met.id, met.deal_id, "接続方式の一覧をお送りする", "us", "篠原", date(2027, 4, 12)
            ),
            Promise(
                PromiseId("p2"), met.id, met.deal_id, "対象の部署をご検討いただく", "them", person.family_name
            ),
        ),
        content=content(template, person),
        send_on=on,
        proposed=tuple(datetime(2027, 5, day, 15, 0, tzinfo=TOKYO) for day in (18, 20, 25)),
        unsubscribe_url="https://desk.hoshikage-medical.example/u/0123456789abcdefghijklmnopqrstuv",
        unsubscribe_mail="shinohara@hoshikage-medical.example",
        beside=Beside(
            replace(person, family_name="波多野", private_note="PRIVATE-BEFORE"),
            replace(person, family_name="榊", private_note="PRIVATE-AFTER"),
        ),
    )


@cache
def written(template: str, role: str) -> Draft:
    """The letter of that brief, written once for all tests that only read it."""
    return WRITER.write(brief(template, role))


def private(value: Brief) -> Brief:
    """The same brief; every private place of it says so (none may be reachable)."""
    return replace(value, organisation=replace(HOSPITAL, private_note="PRIVATE-ORGANISATION"))
