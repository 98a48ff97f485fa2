"""A meeting record as a YAML file (practice A1–A5): what the form on the phone asks, for those who type.

``nurture record --example`` prints one with every key explained. What a key means for the database is decided
in ``flows.record``; here the file is only understood, strictly, with the place of every fault.
"""

from __future__ import annotations

import unicodedata
from datetime import date, datetime
from typing import Annotated, Any, Final, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from nurture.core.deals import Stance
from nurture.core.people import Basis, Profession
from nurture.errors import UserError
from nurture.files import yaml
from nurture.mail.address import check_address

M = TypeVar("M", bound=BaseModel)


def _date(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return date.fromisoformat(unicodedata.normalize("NFKC", value).strip().replace("/", "-"))
        except ValueError:
            raise yaml.Wrong(
                UserError("found {found}, expected a date such as 2026-11-05", found=yaml.shown(value))
            ) from None
    return value


def _instant(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(unicodedata.normalize("NFKC", value).strip().replace("/", "-"))
        except ValueError:
            raise yaml.Wrong(
                UserError("found {found}, expected a time such as 2026-11-05 15:00", found=yaml.shown(value))
            ) from None
    return value


def _address(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return check_address(unicodedata.normalize("NFKC", value).strip())
        except UserError as error:
            raise yaml.Wrong(error) from None
    return value


def _as(key: str) -> BeforeValidator:
    """A plain text stands for a mapping with that one key."""
    return BeforeValidator(lambda value: {key: value} if isinstance(value, str) else value)


Text = Annotated[str, Field(max_length=2000)]
Line = Annotated[str, Field(max_length=200)]
Day = Annotated[date, BeforeValidator(_date)]
Instant = Annotated[datetime, BeforeValidator(_instant)]
Address = Annotated[str, BeforeValidator(_address)]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class BasisForm(_Form):
    """Why we may write to somebody new."""

    kind: Basis
    on: Day | None = None
    evidence: Text = ""


class AttendeeForm(_Form):
    """Somebody who was there."""

    email: Address = Field(description="the mail address")
    stance: Stance = Stance.UNKNOWN
    remark: Text = ""
    family_name: Line = ""
    given_name: Line = ""
    role: Line | None = None
    specialty: Line | None = None
    department: Line | None = None
    title: Line | None = None
    profession: Profession | None = None
    topics: tuple[Line, ...] = ()
    basis: BasisForm | None = None


class ConcernForm(_Form):
    """What worried them."""

    text: Text
    topic: Line | None = None


class PromiseForm(_Form):
    """Who does what by when."""

    text: Text
    owner: Literal["us", "them"] = "us"
    owner_name: Line = ""
    due: Day | None = None


class PointerForm(_Form):
    """On which page of the material a topic is answered."""

    topic: Line
    page: Annotated[Line, BeforeValidator(lambda value: str(value) if type(value) is int else value)]
    label: Line = ""


class MeetingForm(_Form):
    """The whole file."""

    organisation: Line = Field(description="the hospital's name in full")
    ended_at: Instant = Field(description="when the meeting ended; the 3-hour clock starts there")
    attendees: tuple[Annotated[AttendeeForm, _as("email")], ...] = Field(
        max_length=50, description="who was there"
    )
    rep: Line | None = None
    scenario: Line = "warm-lead-30d"
    subject: Line = ""
    place: Line = ""
    agreements: tuple[Text, ...] = Field((), max_length=50)
    concerns: tuple[Annotated[ConcernForm, _as("text")], ...] = Field((), max_length=50)
    confirmation_question: Text = ""
    promises: tuple[Annotated[PromiseForm, _as("text")], ...] = Field((), max_length=50)
    material: Line = ""
    pointers: tuple[PointerForm, ...] = Field((), max_length=50)
    dates: dict[str, Day] = {}
    private_note: Annotated[str, Field(max_length=20_000)] = ""
    deal: Line = ""
    product: Line = ""
    phase: Annotated[int, Field(ge=1, le=5, strict=True)] | None = None
    competitor: Line | None = None
    contract_end: Day | None = None
    organisation_kind: Line = "hospital"
    region: Line | None = None

    def ended(self, zone: str) -> datetime:
        """The end as an aware instant; a time without an offset is local to ``zone``."""
        return self.ended_at if self.ended_at.tzinfo else self.ended_at.replace(tzinfo=ZoneInfo(zone))


def parse(text: str, name: str) -> MeetingForm:
    """A record from its text.

    Raises:
        UserError, UserErrors: what is wrong, with its place.
    """
    return yaml.validate(MeetingForm, yaml.parse(text, file=name))


EXAMPLE: Final = """\
# A meeting record for: nurture record --file meeting.yaml
# 面談記録の例です。# で始まる行は説明です。必須は organisation・ended_at・attendees と、
# 議事録メールに必要な agreements・promises・confirmation_question です。

organisation: あおば総合病院              # the hospital's name in full / 病院の正式名称
ended_at: 2026-11-20 15:00                # when the meeting ended, local time / 終了時刻(ここから3時間以内にお礼)
subject: 電子カルテ連携のご説明           # what it was about / 用件
place: 本館3階会議室

# Who was there, and how they felt about it: sceptical | neutral | supportive | unknown
# 出席者と、その受け止め方
attendees:
  - email: m.yamada@aoba-hospital.example
    stance: sceptical
    remark: 移行期間中の二重入力が一番の心配   # the speaker's own words / お言葉のまま(メールに引用)
    family_name: 山田                     # needed for somebody new / 初めての方は姓が必須
    given_name: 美智子
    role: nursing                         # clinician nursing executive it clinical_engineer procurement …
    title: 看護部長
    profession: nurse                     # decides 先生 or 様 / 敬称を決めます
    topics: [workload]
    basis: {kind: business_card, on: 2026-11-20, evidence: 面談時に名刺を受領}
  - email: k.sato@aoba-hospital.example
    stance: supportive
    family_name: 佐藤
    given_name: 健
    role: it
    title: 情報システム室長
    profession: engineer
    basis: {kind: business_card, on: 2026-11-20, evidence: 面談時に名刺を受領}

# What was agreed / 合意したこと
agreements:
  - 12月中に放射線科で試行を始める
  - 試行の範囲は外来の撮影依頼に限る

# What worried them, with the topic it belongs to / 懸念と、その論点
concerns:
  - {text: 移行期間中の二重入力, topic: workload}
  - {text: 院内ネットワークの安全性, topic: security}

# Who does what by when: us | them / 約束:誰が・何を・いつまでに
promises:
  - {text: 移行手順書をお送りする, owner: us, owner_name: 田中, due: 2026-11-27}
  - {text: 試行に参加される看護師2名をお決めいただく, owner: them, owner_name: 山田部長, due: 2026-12-04}

# One question that is answered with yes or no / はい・いいえで答えられる確認の質問を1つ
confirmation_question: 試行は放射線科の外来から始める、という理解でよろしいでしょうか。

# From here on everything may be left out / ここから下は省略できます
material: ご提案資料 第2版
pointers:
  - {topic: workload, page: 5, label: 移行期間の運用}
deal: 電子カルテ連携
product: 連携基盤
phase: 2                                  # 1 contact · 2 need · 3 proposal · 4 decision · 5 contract
# competitor: rival-x
# contract_end: 2027-09-30                # of their present contract / 現契約の終了日
# dates: {seminar_date: 2026-12-15}
# rep: tanaka                             # else who runs the command / 担当者
# scenario: warm-lead-30d
private_note: 院長は前向き。価格の話は次回。   # never in a mail / メールには決して出ません
"""
"""A file that is valid as it stands, with every key explained."""
