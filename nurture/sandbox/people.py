"""The invented people of the demo: whom we met, and who of us met them. Data only; what they do is in
``director`` and ``habits``, what they write in ``letters``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, timedelta
from enum import StrEnum
from typing import Final

from nurture.sandbox.hospitals import VENDOR_DOMAIN, hospital


class Part(StrEnum):
    """What a person does in the story."""

    QUESTION = "question"  # answers the case mail with a question
    COLLEAGUE = "colleague"  # works beside the one who asks
    AWAY = "away"  # an automatic absence note
    GONE = "gone"  # the address bounces from the second mail on
    ONE_CLICK = "one_click"  # unsubscribes with the mail client's button
    OPT_OUT = "opt_out"  # unsubscribes in words
    CONGRESS = "congress"  # a radiologist in the weeks of a congress
    CLAIMS = "claims"  # the claims office: days 1 to 10 of a month are taken
    APPOINTMENT = "appointment"  # stays to the end and accepts


@dataclass(frozen=True, slots=True)
class Character:
    """Somebody at a hospital."""

    part: Part
    hospital: str
    local: str  # of the address
    family: str
    given: str
    kana: str
    latin: str
    role: str
    department: str
    title: str
    profession: str
    specialty: str = ""
    stance: str = "neutral"
    remark: str = ""
    topics: tuple[str, ...] = ()

    @property
    def email(self) -> str:
        """The address."""
        return f"{self.local}@{hospital(self.hospital).domain}"

    @property
    def name(self) -> str:
        """Family and given name."""
        return f"{self.family} {self.given}"


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody of ours."""

    id: str
    name: str
    kana: str
    latin: str
    title: str
    phone: str
    access: tuple[str, ...] = ("rep",)
    manager: str = ""
    looks: tuple[time, ...] = ()  # when the desk is looked at on each working day
    writes: bool = True  # has a mailbox that the program sends from

    @property
    def email(self) -> str:
        """The address, also the login of the mailbox."""
        return f"{self.id}@{VENDOR_DOMAIN}"


@dataclass(frozen=True, slots=True)
class Visit:
    """A meeting that takes place: who was there, and when the thank-you mails are approved."""

    hospital: str
    rep: str
    day: int  # 0: the first working day of the demo, 1: the one after it …
    ended: time
    deal: str
    subject: str
    agreements: tuple[str, ...]
    concerns: tuple[tuple[str, str], ...]  # words, topic
    question: str
    promise: str
    promise_days: int
    private_note: str
    recorded_after: timedelta
    approved_after: timedelta  # from the end of the meeting
    edits: bool = False  # the representative changes a text before approving
    theirs: tuple[str, str] | None = None  # what they do next, and who of them
    material: str = ""  # what was left there
    pointers: tuple[tuple[str, str, str], ...] = ()  # topic, page, what stands there


CHARACTERS: Final = (
    Character(
        Part.QUESTION,
        "hinomori",
        "kudo",
        "工藤",
        "健一",
        "くどう けんいち",
        "Kenichi Kudo",
        "clinical_engineer",
        "臨床工学科",
        "技士長",
        "engineer",
        specialty="clinical_engineering",
        stance="supportive",
        remark="夜間のアラームを一か所で見られる点がよいとのお話",
        topics=("integration", "workflow"),
    ),
    Character(
        Part.COLLEAGUE,
        "hinomori",
        "mizuno",
        "水野",
        "沙織",
        "みずの さおり",
        "Saori Mizuno",
        "it",
        "医療情報課",
        "課長",
        "administrator",
        specialty="medical_informatics",
        stance="sceptical",
        remark="電子カルテとの接続方式を書面で確認したいとのご指摘",
        topics=("integration", "security"),
    ),
    Character(
        Part.CONGRESS,
        "hoshimi",
        "kirishima",
        "霧島",
        "透",
        "きりしま とおる",
        "Toru Kirishima",
        "clinician",
        "放射線科",
        "准教授",
        "doctor",
        specialty="radiology",
        stance="neutral",
        remark="読影待ちの時間が課題とのお話",
        topics=("workflow", "evidence"),
    ),
    Character(
        Part.AWAY,
        "hoshimi",
        "natsume",
        "夏目",
        "遥",
        "なつめ はるか",
        "Haruka Natsume",
        "clinician",
        "消化器内科",
        "講師",
        "doctor",
        specialty="gastroenterology",
        stance="supportive",
        remark="検査室の予約の組み方に関心があるとのお話",
        topics=("evidence",),
    ),
    Character(
        Part.CLAIMS,
        "shiokaze",
        "endo",
        "遠藤",
        "美智子",
        "えんどう みちこ",
        "Michiko Endo",
        "executive",
        "医事課",
        "課長",
        "administrator",
        specialty="hospital_management",
        stance="neutral",
        remark="月初は請求業務のため動けないとのお話",
        topics=("cost", "workflow"),
    ),
    Character(
        Part.GONE,
        "shiokaze",
        "okamoto",
        "岡本",
        "進",
        "おかもと すすむ",
        "Susumu Okamoto",
        "procurement",
        "用度課",
        "主任",
        "administrator",
        specialty="hospital_management",
        stance="neutral",
        remark="見積の有効期限を確認したいとのお話",
        topics=("cost",),
    ),
    Character(
        Part.ONE_CLICK,
        "kaede",
        "serizawa",
        "芹沢",
        "薫",
        "せりざわ かおる",
        "Kaoru Serizawa",
        "clinician",
        "内科",
        "院長",
        "doctor",
        specialty="internal_medicine",
        stance="sceptical",
        remark="小規模な診療所に見合う費用かどうかが気になるとのお話",
        topics=("cost",),
    ),
    Character(
        Part.OPT_OUT,
        "midori",
        "hayasaka",
        "早坂",
        "千尋",
        "はやさか ちひろ",
        "Chihiro Hayasaka",
        "executive",
        "事務部",
        "次長",
        "administrator",
        specialty="hospital_management",
        stance="sceptical",
        remark="年度内の予算は組み終えているとのお話",
        topics=("cost",),
    ),
    Character(
        Part.APPOINTMENT,
        "midori",
        "tachibana",
        "橘",
        "修",
        "たちばな おさむ",
        "Osamu Tachibana",
        "procurement",
        "用度課",
        "課長",
        "administrator",
        specialty="hospital_management",
        stance="supportive",
        remark="職員の残業を減らしたいとのお話",
        topics=("workflow", "cost"),
    ),
)

COLLEAGUES: Final = (
    Colleague(
        "shinohara",
        "篠原 拓",
        "しのはら たく",
        "Taku Shinohara",
        "主任",
        "03-0000-1201",
        manager="kuroda",
        looks=(time(8, 35), time(11, 48), time(13, 12), time(17, 5)),
    ),
    Colleague(
        "amano",
        "天野 佳乃",
        "あまの よしの",
        "Yoshino Amano",
        "",
        "03-0000-1202",
        manager="kuroda",
        looks=(time(8, 50), time(12, 20), time(16, 40)),
    ),
    Colleague(
        "kuroda",
        "黒田 誠司",
        "くろだ せいじ",
        "Seiji Kuroda",
        "部長",
        "03-0000-1200",
        access=("manager", "operations", "administrator"),
        writes=False,
    ),
)

VISITS: Final = (
    Visit(
        "hinomori",
        "shinohara",
        0,
        time(11, 0),
        "モニタ統合システムのご導入",
        "モニタ統合システムのご説明",
        (
            "夜間のアラーム履歴を一つの画面で確認できる",
            "試験導入の前に、接続方式を書面でご確認いただく",
        ),
        (("既存の電子カルテとの接続方式", "integration"), ("導入時の現場の負担", "workflow")),
        "試験導入は集中治療室から始めるという理解でよろしいでしょうか。",
        "接続方式の一覧をお送りする",
        7,
        "工藤さんは前向き。水野さんは書面がないと動かない。",
        timedelta(minutes=25),
        timedelta(minutes=55),
        edits=True,
        theirs=("試験導入の開始時期をご検討いただく", "工藤"),
        material="モニタ統合システムのご提案",
        pointers=(("integration", "6", "接続方式と作業の分担"), ("workflow", "9", "導入時の一日の流れ")),
    ),
    Visit(
        "hoshimi",
        "amano",
        1,
        time(14, 0),
        "画像参照システムの更新",
        "画像参照システムの更新についてのご相談",
        ("読影待ちの時間を現状の件数で試算する", "検査室の予約表の見直しも併せて検討する"),
        (("読影待ちの時間", "workflow"), ("更新の根拠となる資料", "evidence")),
        "試算には直近3か月の件数を用いるという理解でよろしいでしょうか。",
        "試算の結果をお送りする",
        10,
        "教授の意向は未確認。准教授が実質の窓口。",
        timedelta(minutes=40),
        timedelta(hours=2, minutes=59),
    ),
    Visit(
        "midori",
        "shinohara",
        1,
        time(16, 10),
        "業務支援システムのご提案",
        "業務支援システムのご提案",
        ("残業時間の多い部署から順に対象とする", "費用は年額でお示しする"),
        (("職員の残業時間", "workflow"), ("年間の費用", "cost")),
        "まず外来の受付部門から始めるという理解でよろしいでしょうか。",
        "費用の一覧をお送りする",
        5,
        "用度課長は4月中に決めたい様子。",
        timedelta(minutes=30),
        timedelta(hours=1, minutes=10),
        material="業務支援システムのご提案",
        pointers=(("cost", "8", "年間の費用の内訳"),),
    ),
    Visit(
        "shiokaze",
        "amano",
        2,
        time(10, 30),
        "請求点検支援のご導入",
        "請求点検支援のご説明",
        ("現在の点検に要する時間を、まず把握する", "次回は月の半ば以降にお伺いする"),
        (("月初の業務との重なり", "workflow"), ("見積の前提", "cost")),
        "ご連絡は毎月11日以降に差し上げるという理解でよろしいでしょうか。",
        "点検時間のまとめをお送りする",
        14,
        "用度課の岡本さんは4月に異動の噂あり。",
        timedelta(minutes=20),
        timedelta(minutes=45),
    ),
    Visit(
        "kaede",
        "shinohara",
        2,
        time(13, 30),
        "診療所向け予約受付",
        "診療所向け予約受付のご説明",
        ("予約受付の機能だけに絞って検討する",),
        (("診療所の規模に見合う費用", "cost"),),
        "ご検討は夏以降という理解でよろしいでしょうか。",
        "小規模な施設の費用例をお送りする",
        7,
        "あまり乗り気ではない。",
        timedelta(minutes=15),
        timedelta(minutes=35),
        theirs=("電話での予約件数を1週間だけ数えていただく", "芹沢"),
    ),
)
