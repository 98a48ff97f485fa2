"""An invented meeting, for previews without a database: who was there, what was said, what was promised."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from nurture.core.content import choose
from nurture.core.deals import Attendee, Concern, Deal, Meeting, PagePointer, Promise, Stance
from nurture.core.draft import Beside, Brief
from nurture.core.ids import DealId, MeetingId, OrganisationId, PersonId, PromiseId, RepId
from nurture.core.people import Organisation, Person, Profession, Representative

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nurture.core.content import ContentItem, Wanted
    from nurture.core.scenario import Step

TODAY: Final = date(2027, 4, 5)
"""The invented meeting's day: fixed, so that a preview is the same each time."""

NO_ROLE: Final = "none"
"""Asks for the reader whose role nobody noted: what templates say for want of a better word."""

_TOKYO = ZoneInfo("Asia/Tokyo")
_HOSPITAL = Organisation(
    id=OrganisationId("example-hospital"), name="医療法人みほん会 あおば総合病院", region="kanto"
)


def _person(key: str, family: str, given: str, department: str, title: str, profession: Profession) -> Person:
    return Person(
        id=PersonId(f"example-{key}"),
        email=f"{key}@aoba-hospital.example",
        family_name=family,
        given_name=given,
        organisation_id=_HOSPITAL.id,
        role=key,
        department=department,
        title=title,
        profession=profession,
        topics=("workload", "integration"),
    )


READERS: Final[Mapping[str, Person]] = {
    "clinician": replace(
        _person("clinician", "山田", "太郎", "放射線科", "部長", Profession.DOCTOR), specialty="radiology"
    ),
    "nursing": _person("nursing", "鈴木", "美智子", "看護部", "部長", Profession.NURSE),
    "executive": _person("executive", "高橋", "誠", "事務部", "事務長", Profession.ADMINISTRATOR),
    "it": _person("it", "佐藤", "健", "情報システム室", "室長", Profession.ENGINEER),
    "clinical_engineer": _person("clinical_engineer", "伊藤", "亮", "臨床工学科", "技士長", Profession.ENGINEER),
    "procurement": _person("procurement", "渡辺", "恵", "用度課", "課長", Profession.ADMINISTRATOR),
    "radiographer": _person("radiographer", "中村", "翔", "放射線部", "技師長", Profession.TECHNOLOGIST),
    "laboratory": _person("laboratory", "小林", "由美", "臨床検査部", "技師長", Profession.TECHNOLOGIST),
    "pharmacy": _person("pharmacy", "加藤", "直樹", "薬剤部", "部長", Profession.PHARMACIST),
    NO_ROLE: replace(
        _person("k.shimizu", "清水", "和子", "地域医療連携室", "室長", Profession.OTHER), role=None, topics=()
    ),
}
"""One reader for each role, and one of whom neither role nor concern is known."""


def brief(
    template: str,
    role: str,
    rep: Representative,
    *,
    language: str = "ja",
    stance: Stance = Stance.NEUTRAL,
    items: Sequence[ContentItem] = (),
    wanted: Wanted | None = None,
    step: Step | None = None,
    public_url: str = "",
    mailbox: str = "",
) -> Brief:
    """What a template would be given after that meeting.

    Args:
        template: its id.
        role: of the reader, or ``NO_ROLE``.
        rep: who writes.
        language: the reader's.
        stance: how the reader felt in the meeting.
        items: the content library.
        wanted: the content that the template or its step asks for.
        step: the step it stands in, if one uses it: its day and what it requires.
        public_url: of the desk, for one-click unsubscribe.
        mailbox: the address that takes unsubscribe mails.
    """
    reader = replace(READERS[role], language=language)
    on = TODAY + timedelta(days=(step.day if step else 1) - 1)
    item = _content(items, wanted or (step.content if step else None), reader, on)
    return Brief(
        template=template,
        person=reader,
        rep=rep,
        organisation=_HOSPITAL,
        deal=Deal(
            DealId("example-deal"),
            _HOSPITAL.id,
            "電子カルテ連携",
            product="電子カルテ連携基盤",
            phase=2,
            rep_id=rep.id,
        ),
        meeting=_meeting(reader, rep.id, stance),
        promises=_promises(rep),
        attendees=tuple(p for p in READERS.values() if p.role != role and p.role in {"it", "nursing"}),
        content=item,
        requires=step.requires if step else (),
        send_on=on,
        proposed=tuple(
            datetime(day.year, day.month, day.day, hour, tzinfo=_TOKYO)
            for day, hour in (
                (on + timedelta(days=7), 15),
                (on + timedelta(days=8), 10),
                (on + timedelta(days=9), 16),
            )
        ),
        unsubscribe_url=f"{public_url}/u/example" if public_url.startswith("https://") else None,
        unsubscribe_mail=mailbox,
        beside=Beside(
            predecessor=replace(reader, family_name="岡田", given_name="正"),
            successor=replace(reader, family_name="橋本", given_name="忍"),
        ),
    )


def _content(items: Sequence[ContentItem], wanted: Wanted | None, reader: Person, on: date) -> ContentItem | None:
    if wanted is None:
        return None
    for day in (on, date.min):  # an invented day must not hide what has expired by then
        found = choose(
            items,
            wanted,
            role=reader.role,
            specialty=reader.specialty,
            topics=reader.topics,
            competitor=None,
            used=(),
            on=day,
        )
        if found:
            return found
    return None


def _meeting(reader: Person, rep: RepId, stance: Stance) -> Meeting:
    return Meeting(
        id=MeetingId("example-meeting"),
        deal_id=DealId("example-deal"),
        organisation_id=_HOSPITAL.id,
        rep_id=rep,
        ended_at=datetime(TODAY.year, TODAY.month, TODAY.day, 15, tzinfo=_TOKYO),
        subject="電子カルテ連携のご説明",
        place="本館3階会議室",
        agreements=("4月中に放射線科で試行を始める", "試行の範囲は外来の撮影依頼に限る"),
        concerns=(Concern("移行期間中の二重入力", "workload"), Concern("院内ネットワークの安全性", "security")),
        confirmation_question="試行は放射線科の外来から始める、という理解でよろしいでしょうか。",
        attendees=(Attendee(reader.id, stance, "移行期間中に入力が二度手間になるのではないか"),),
        pointers=(PagePointer("workload", "5", "移行期間の運用"), PagePointer("security", "12", "安全管理")),
        material="ご提案資料 第2版",
        dates=(("seminar_date", TODAY + timedelta(days=20)),),
    )


def _promises(rep: Representative) -> tuple[Promise, ...]:
    meeting, deal = MeetingId("example-meeting"), DealId("example-deal")
    return (
        Promise(
            PromiseId("example-1"),
            meeting,
            deal,
            "移行手順書をお送りする",
            "us",
            rep.name,
            TODAY + timedelta(days=7),
        ),
        Promise(
            PromiseId("example-2"),
            meeting,
            deal,
            "試行に参加される看護師2名をお決めいただく",
            "them",
            "鈴木部長",
            TODAY + timedelta(days=14),
        ),
    )
