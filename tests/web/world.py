"""A small invented world for the desk: three hospitals, two representatives, their manager, ops' administrator."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from nurture.clock import SeededChance, SimulatedClock
from nurture.config import Company, Settings, Web
from nurture.core.attachments import Attachment, Enclosed
from nurture.core.change import Change, ScenarioText
from nurture.core.content import ContentItem
from nurture.core.deals import PagePointer, Task, TaskState
from nurture.core.ids import (
    EnrollmentId,
    InboundId,
    MailboxId,
    MessageId,
    OrganisationId,
    PersonId,
    RepId,
    ScenarioHash,
    TaskId,
)
from nurture.core.messages import (
    Approval,
    Enrollment,
    EnrollmentState,
    Entry,
    Inbound,
    Message,
    MessageState,
    Move,
)
from nurture.core.people import (
    AccessRole,
    Basis,
    LegalBasis,
    Organisation,
    Person,
    Profession,
    Representative,
)
from nurture.core.scenario import Hours, Scenario, Step, Windows
from nurture.errors import UserError
from nurture.mail.text import FOOTER_RULE
from nurture.ports import Doors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nurture.core.calendar import Calendar
    from nurture.core.draft import Brief, Draft
    from nurture.core.feeds import Subscription
    from nurture.ports import Notice, Store

NOW = datetime(2026, 11, 26, 7, 10, tzinfo=UTC)  # Thursday 16:10 in Tokyo
SECRET = b"not a secret at all, but long enough for it"
MAILBOX = MailboxId("sales")
HASH = ScenarioHash("0" * 64)

FOOTER = f"""{FOOTER_RULE}
株式会社みらい医療システム
〒100-0000 東京都千代田区架空町1-2-3
電話 03-0000-0000　mail privacy@mirai-iryo.example
配信停止: https://desk.mirai-iryo.example/u/token-of-this-mail
"""

THANKS = """青葉台総合病院
放射線科 部長
高橋 健一 先生

お世話になっております。株式会社みらい医療システムの佐藤 美咲です。
本日はご多用のところ、画像連携についてお時間をいただき、
誠にありがとうございました。

■ 確認させていただいた点
・夜間読影の待ち時間を 30 分以内にすることが最優先であること
・既存の電子カルテとの接続は、年度内に検証環境で確認すること

■ ご懸念として伺った点
・障害時の切り替え手順（資料 5 ページにまとめております）

■ 今後の進め方
・弊社: 接続仕様書の最新版を 12 月 3 日までにお届けします
・貴院: 検証環境の担当者様をご紹介いただきます

一点だけ確認させてください。検証は 1 月第 3 週に開始するという
理解でよろしいでしょうか。

引き続きどうぞよろしくお願い申し上げます。
"""

CASE = """みなと市民病院
看護部 看護部長
山本 由美子 様

お世話になっております。みらい医療システムの佐藤です。
先日伺いました「申し送りの負担」について、貴院と同じ規模の病院で
記録時間を一日あたり 42 分短縮された事例をお届けします。

https://www.mirai-iryo.example/cases/nursing-042

要点は三つです。
・申し送り票を電子カルテの経過表から自動で作ること
・病棟ごとに書式を統一したこと
・導入前に各病棟の主任の方と一週間だけ試したこと

ご多用のことと存じますので、ご返信には及びません。
"""


def rep(key: str, name: str, *access: AccessRole, manager: str | None = None, **more: object) -> Representative:
    """One of ours."""
    return Representative(
        RepId(key),
        name,
        f"{key}@mirai-iryo.example",
        mailbox_id=MAILBOX,
        manager_id=RepId(manager) if manager else None,
        access=access or (AccessRole.REP,),
        **more,  # type: ignore[arg-type]
    )


MORI = rep("mori", "森 恵子", AccessRole.MANAGER)
SATO = rep("sato", "佐藤 美咲", manager="mori")
TANAKA = rep("tanaka", "田中 悠真", manager="mori")
ADMIN = rep("kanri", "管理 太郎", AccessRole.ADMINISTRATOR)
OPS = rep("ops", "企画 あかり", AccessRole.OPERATIONS)
GONE = rep("gone", "退職 済", active=False)

AOBA = Organisation(OrganisationId("org-aoba"), "青葉台総合病院", domains=("aobadai.example",))
MINATO = Organisation(OrganisationId("org-minato"), "みなと市民病院", domains=("minato-hp.example",))
TOTO = Organisation(
    OrganisationId("org-toto"), "東都医科大学附属病院", kind="university_hospital", domains=("toto-u.example",)
)


def person(
    key: str, family: str, given: str, organisation: Organisation, owner: Representative, **more: object
) -> Person:
    """Somebody at a hospital."""
    return Person(
        PersonId(key),
        f"{key}@{organisation.domains[0]}",
        family,
        given,
        organisation_id=organisation.id,
        rep_id=owner.id,
        legal_basis=LegalBasis(Basis.BUSINESS_CARD, date(2026, 11, 26), "名刺交換"),
        **more,  # type: ignore[arg-type]
    )


TAKAHASHI = person(
    "takahashi",
    "高橋",
    "健一",
    AOBA,
    SATO,
    role="clinician",
    specialty="radiology",
    department="放射線科",
    title="部長",
    profession=Profession.DOCTOR,
)
NISHIDA = person("nishida", "西田", "涼", AOBA, SATO, role="radiographer", department="放射線科", title="技師長")
YAMAMOTO = person(
    "yamamoto", "山本", "由美子", MINATO, SATO, role="nursing", department="看護部", title="看護部長"
)
NAKAMURA = person("nakamura", "中村", "誠", MINATO, SATO, role="executive", department="事務部", title="事務長")
KOBAYASHI = person("kobayashi", "小林", "拓也", TOTO, TANAKA, role="clinical_engineer", department="臨床工学部")

SCENARIO = Scenario(
    id="warm-lead-30d",
    name={"ja": "30日フォロー", "en": "Warm lead, 30 days"},
    anchor="meeting_end",
    timezone="Asia/Tokyo",
    steps=(
        Step("thanks", 1, mail="thanks", within_seconds=3 * 3600),
        Step("case", 4, mail="case"),
        Step("seminar", 10, mail="seminar"),
        Step("column", 18, mail="column"),
        Step("proposal", 30, mail="proposal", approve="two_people"),
    ),
    windows={"default": Windows(frozenset(range(5)), (Hours(time(9), time(18)),))},
    hash=HASH,
    text="(kept)",
)


def enrollment(who: Person, owner: Representative, **more: object) -> Enrollment:
    """A person on the way through the shipped scenario."""
    values: dict[str, object] = {
        "id": EnrollmentId(f"en-{who.id}"),
        "person_id": who.id,
        "organisation_id": who.organisation_id,
        "scenario_id": SCENARIO.id,
        "scenario_hash": HASH,
        "anchor_at": NOW - timedelta(hours=1),
        "rep_id": owner.id,
        "enrolled_at": NOW - timedelta(hours=1),
    }
    return Enrollment(**(values | more))  # type: ignore[arg-type]


def mail(key: str, who: Person, owner: Representative, step: str, **more: object) -> Message:
    """A mail that waits for approval, unless ``more`` says otherwise."""
    values: dict[str, object] = {
        "id": MessageId(key),
        "person_id": who.id,
        "rep_id": owner.id,
        "organisation_id": who.organisation_id,
        "enrollment_id": EnrollmentId(f"en-{who.id}"),
        "step_id": step,
        "mailbox_id": MAILBOX,
        "state": MessageState.WAITING,
        "nominal": date(2026, 11, 30),
        "planned_on": date(2026, 12, 1),
        "planned_at": datetime(2026, 12, 1, 0, 12, tzinfo=UTC),
        "to_address": who.email,
        "to_name": f"{who.name} {who.honorific}",
        "from_address": owner.email,
        "from_name": f"{owner.name}（みらい医療システム）",
        "subject": "同規模病院での記録時間短縮の事例",
        "body": f"{CASE}\n{FOOTER}",
        "unsubscribe_token": f"token-of-{key}",
        "header_id": f"<{key}@mirai-iryo.example>",
    }
    return Message(**(values | more))  # type: ignore[arg-type]


def said(kind: str, about: Message, actor: str, ago: timedelta, **data: object) -> Entry:
    """A line of the journal."""
    return Entry(
        at=NOW - ago,
        kind=kind,
        actor=actor,
        data={"step": about.step_id, **data},
        person_id=about.person_id,
        organisation_id=about.organisation_id,
        enrollment_id=about.enrollment_id,
        message_id=about.id,
    )


THANK_YOU = mail(
    "m-thanks",
    TAKAHASHI,
    SATO,
    "thanks",
    subject="【御礼】本日の画像連携のお打ち合わせ（確認事項のまとめ）",
    body=f"{THANKS}\n{FOOTER}",
    deadline=NOW + timedelta(hours=1, minutes=52),
    nominal=date(2026, 11, 26),
    planned_on=date(2026, 11, 26),
    planned_at=NOW,
)
LATE = mail(
    "m-late",
    NISHIDA,
    SATO,
    "thanks",
    subject="本日はありがとうございました（撮影室の動線について）",
    body=f"西田 涼 様\n\n本日はありがとうございました。\n\n{FOOTER}",
    deadline=NOW - timedelta(minutes=25),
    nominal=date(2026, 11, 26),
    planned_on=date(2026, 11, 26),
    planned_at=NOW,
)
CASE_MAIL = mail(
    "m-case",
    YAMAMOTO,
    SATO,
    "case",
    moves=(Move("blackout", "jp-medical/nursing-week", date(2026, 11, 30), date(2026, 12, 1)),),
)
HELD = mail(
    "m-held",
    NAKAMURA,
    SATO,
    "case",
    reason="colleague_replied",
    subject="病床稼働率の見える化: 導入費用の考え方",
    planned_on=date(2026, 12, 3),
    planned_at=datetime(2026, 12, 3, 1, 40, tzinfo=UTC),
)
DOUBT = mail(
    "m-doubt",
    NAKAMURA,
    SATO,
    "seminar",
    state=MessageState.IN_DOUBT,
    reason="line_lost",
    subject="オンラインセミナーのご案内",
    claimed_at=NOW - timedelta(days=1),
    answer="connection lost after DATA",
    planned_at=NOW - timedelta(days=1),
)
LEAVING = mail(
    "m-leaving",
    YAMAMOTO,
    SATO,
    "seminar",
    state=MessageState.APPROVED,
    subject="看護記録セミナーのご案内",
    planned_on=date(2026, 11, 27),
    planned_at=datetime(2026, 11, 27, 1, 5, tzinfo=UTC),
)
SENT = mail(
    "m-sent",
    NAKAMURA,
    SATO,
    "thanks",
    state=MessageState.SENT,
    subject="先日の御礼",
    sent_at=NOW - timedelta(days=3),
    planned_at=NOW - timedelta(days=3),
    planned_on=date(2026, 11, 23),
)
PLANNED = mail(
    "m-planned",
    TAKAHASHI,
    SATO,
    "case",
    state=MessageState.PLANNED,
    subject="",
    body="",
    unsubscribe_token="",
    header_id="",
    planned_on=date(2026, 12, 2),
    nominal=date(2026, 11, 29),
    planned_at=datetime(2026, 12, 2, 0, 33, tzinfo=UTC),
    moves=(
        Move("no_window", None, date(2026, 11, 29), date(2026, 11, 30)),
        Move("blackout", "jp-medical/rsna-2026", date(2026, 11, 30), date(2026, 12, 2)),
    ),
)
OTHERS = mail("m-tanaka", KOBAYASHI, TANAKA, "case", subject="機器保守とセキュリティ指針のまとめ")
TWO_PEOPLE = mail(
    "m-two",
    TAKAHASHI,
    SATO,
    "proposal",
    approve="two_people",
    subject="次回ご面談のお願い",
    planned_on=date(2026, 12, 24),
    planned_at=datetime(2026, 12, 24, 1, 0, tzinfo=UTC),
)

CALL = Task(
    TaskId("t-call"),
    "call",
    SATO.id,
    "高橋先生へお電話（検証環境の担当者の件）",
    due_at=datetime(2026, 11, 27, 1, 0, tzinfo=UTC),
    person_id=TAKAHASHI.id,
    organisation_id=AOBA.id,
    created_at=NOW,
)
ANSWER = "佐藤様\n\nはい、その理解で間違いありません。来週の水曜でしたらお時間を取れます。"
READ = Task(
    TaskId("t-reply"),
    "reply",
    SATO.id,
    NAKAMURA.name,
    due_at=NOW - timedelta(minutes=48),
    detail=ANSWER,
    person_id=NAKAMURA.id,
    organisation_id=MINATO.id,
    enrollment_id=EnrollmentId("en-nakamura"),
    created_at=NOW - timedelta(minutes=48),
)
REPLY = Inbound(
    InboundId("in-1"),
    MAILBOX,
    "<reply@minato-hp.example>",
    "INBOX",
    7,
    NOW - timedelta(minutes=48),
    "reply",
    NAKAMURA.email,
    "中村 誠",
    "Re: 先日の御礼",
    ANSWER,
    person_id=NAKAMURA.id,
    organisation_id=MINATO.id,
    enrollment_id=EnrollmentId("en-nakamura"),
    message_id=SENT.id,
    match_rule="header_id",
)


ITEMS = (
    ContentItem(
        "case-nursing",
        "case_study",
        "同規模病院での記録時間短縮の事例",
        "病棟の記録時間を一日あたり42分短縮された事例です。",
        url="https://www.mirai-iryo.example/cases/nursing-042",
        points=("申し送り票を自動で作ること", "病棟ごとに書式を統一したこと"),
        roles=("nursing",),
        topics=("workload",),
        pointers=(PagePointer("workload", "5", "記録時間の内訳"),),
        owner="看護事業部",
        expires=date(2027, 9, 30),
        file="content/cases.yaml",
        line=3,
    ),
    ContentItem(
        "seminar-security",
        "seminar",
        "医療情報システムの安全管理セミナー",
        "ガイドラインの改定点を45分で解説します。",
        roles=("it", "clinical_engineer"),
        topics=("security",),
        event_on=date(2026, 12, 10),
        event_time="18:00-18:45",
        file="content/seminars.yaml",
        line=3,
    ),
    ContentItem(
        "column-old", "column", "昨年の学会から", "昨年の話題です。", expires=date(2026, 3, 31), owner="=1+1"
    ),
)


class OneScript:
    """A library with one scenario, whatever is asked for."""

    def scenario(self, scenario_id: str) -> Scenario:
        """The scenario, if it is the one."""
        if scenario_id != SCENARIO.id:
            raise UserError("There is no scenario {id}", id=scenario_id)
        return SCENARIO

    def scenarios(self) -> tuple[Scenario, ...]:
        """The one."""
        return (SCENARIO,)

    def parse(self, text: str) -> Scenario:
        """The one."""
        assert text == SCENARIO.text
        return SCENARIO

    def calendars(self, scenario: Scenario, organisation: Organisation | None) -> tuple[Calendar, ...]:
        """None."""
        return ()

    def content(self) -> tuple[ContentItem, ...]:
        """A few."""
        return ITEMS

    def digest(self) -> str:
        """Never changes."""
        return ""

    def subscriptions(self) -> tuple[Subscription, ...]:
        """None."""
        return ()


class NoWriter:
    """The desk renders nothing."""

    def write(self, brief: Brief) -> Draft:
        """Never called."""
        raise AssertionError(brief.template)

    def content(self, template: str) -> None:
        """No template is written for anything here."""


@dataclass
class Post:
    """What our people were told."""

    told: list[tuple[Representative, Notice]] = field(default_factory=list)

    async def notify(self, to: Representative, notice: Notice) -> None:
        """Keep it."""
        self.told.append((to, notice))


@dataclass
class World:
    """The doors, and the fakes behind them."""

    doors: Doors
    clock: SimulatedClock
    post: Post

    @property
    def store(self) -> Store:
        """The store."""
        return self.doors.store

    def later(self, **by: int) -> None:
        """Let time pass."""
        self.clock.advance_to(self.clock.now() + timedelta(**by))

    async def message(self, key: str) -> Message:
        """A mail as it stands."""
        found = await self.store.get(Message, key)
        assert found is not None
        return found


LINK_KEY = b"the key of this world"


def world(store: Store, *, public_url: str = "", language: str = "ja") -> World:
    """The doors of the invented world."""
    clock, post = SimulatedClock(NOW), Post()
    company = Company(
        "株式会社みらい医療システム",
        "100-0000",
        "東京都千代田区架空町1-2-3",
        "03-0000-0000",
        "privacy@mirai-iryo.example",
    )
    settings = Settings(Path("/nowhere"), company, language=language, web=Web(public_url=public_url))
    doors = Doors(settings, store, clock, SeededChance(7), OneScript(), NoWriter(), post, Drawer(), LINK_KEY)
    return World(doors, clock, post)


@dataclass
class Drawer:
    """Files in memory (``ports.Attachments``)."""

    files: dict[str, Attachment] = field(default_factory=dict)

    def keep(self, file: Attachment) -> str:
        """Keep it."""
        self.files[file.key] = file
        return file.key

    def get(self, key: str) -> Attachment:
        """The file."""
        return self.files[key]

    def drop(self, key: str) -> None:
        """Take it away."""
        self.files.pop(key, None)

    def look(self, key: str) -> Enclosed | None:
        """Its name and size."""
        file = self.files.get(key)
        return Enclosed(key, file.name, len(file.data)) if file else None


PEOPLE = (TAKAHASHI, NISHIDA, YAMAMOTO, NAKAMURA, KOBAYASHI)
MAILS = (THANK_YOU, LATE, CASE_MAIL, HELD, DOUBT, LEAVING, SENT, PLANNED, OTHERS, TWO_PEOPLE)


async def furnish(store: Store) -> None:
    """Put the invented world into a store."""
    owners: Mapping[PersonId, Representative] = {
        p.id: next(r for r in (SATO, TANAKA) if r.id == p.rep_id) for p in PEOPLE
    }
    enrollments = [enrollment(p, owners[p.id]) for p in PEOPLE if p is not NAKAMURA]
    paused = enrollment(NAKAMURA, SATO, state=EnrollmentState.PAUSED, reason="reply")
    approved = Approval(SATO.id, NOW - timedelta(hours=2), LEAVING.fingerprint)
    entries = (
        said("message.planned", THANK_YOU, "nurture", timedelta(minutes=60), on="2026-11-26"),
        said("message.drafted", THANK_YOU, "nurture", timedelta(minutes=59)),
        said("message.planned", CASE_MAIL, "nurture", timedelta(minutes=58), on="2026-11-30"),
        said(
            "message.moved",
            CASE_MAIL,
            "nurture",
            timedelta(minutes=57),
            **{"from": "2026-11-30", "on": "2026-12-01"},
        ),
        said("message.drafted", CASE_MAIL, "nurture", timedelta(minutes=56)),
        said("message.sent", SENT, "nurture", timedelta(days=3)),
        said("inbound.reply", SENT, NAKAMURA.email, timedelta(minutes=48), subject=REPLY.subject),
        said("message.drafted", OTHERS, "nurture", timedelta(minutes=20)),
    )
    await store.commit(Change((MORI, ADMIN)))
    await store.commit(
        Change(
            (
                SATO,
                TANAKA,
                GONE,
                AOBA,
                MINATO,
                TOTO,
                *PEOPLE,
                ScenarioText(HASH, SCENARIO.id, SCENARIO.text, NOW),
                *enrollments,
                paused,
            )
        )
    )
    mails = tuple(m if m is not LEAVING else _with(m, approvals=(approved,)) for m in MAILS)
    planned = Task(
        TaskId("t-planned"),
        "visit",
        TANAKA.id,
        "納品前の訪問",
        TaskState.PLANNED,
        due_at=NOW + timedelta(days=9),
        person_id=KOBAYASHI.id,
        organisation_id=TOTO.id,
        enrollment_id=EnrollmentId("en-kobayashi"),
        step_id="visit",
        created_at=NOW,
    )
    await store.commit(Change((*mails, CALL, READ, planned, REPLY), entries))


def _with(message: Message, **more: object) -> Message:
    return replace(message, **more)  # type: ignore[arg-type]
