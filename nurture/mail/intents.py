"""What a person wants to say: a set of intents, each with the rule that saw it and the words.

Theory of operation
===================
The new text (without quotes and signature) is cut into sentences, and each sentence is held against a
table of rules, in groups of descending weight: opt-out, change of person, no, later, yes, dates, wishes.
A rule names what it sees, what must stand in the sentence and what must not. A sentence may satisfy several
rules; the answer for the mail is the set.

結構です, 大丈夫です and 不要です mean nothing by themselves, they hang on what stands before them; they have
functions of their own. 結構です alone refuses, unless it answers a question that asks to confirm something (our
own thank-you does, practice A4): there it may as well say that all is well. Where the answer could be read in
two ways ``AMBIGUOUS`` is added and a person reads the mail. An opt-out is never sacrificed to another reading:
taking an opt-out for a refusal is a breach of law, the reverse is a lost mail.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from nurture.core.reading import Found, Intent
from nurture.mail.answer_rules import ANSWERS
from nurture.mail.leaving_rules import LEAVING, MAIL, NOT_ABOUT_MAIL
from nurture.mail.scripts import scripts
from nurture.mail.sentences import normal, sentences

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_WORDS: Final = 120  # of a sentence that is kept as evidence

RULES: Final = (*LEAVING, *ANSWERS)
"""In order of weight; see ``_of_sentence`` for which of them put out which."""

STRONG_NO: Final = frozenset({Intent.UNSUBSCRIBE, Intent.UNSUBSCRIBE_TOPIC, Intent.LESS_OFTEN})
NOT_A_QUESTION: Final = frozenset(
    {Intent.SNOOZE, Intent.REQUEST_MATERIAL, Intent.APPOINTMENT, Intent.COMPLAINT, Intent.DEPUTY_NAMED, *STRONG_NO}
)


def intents(text: str, *, to: str = "") -> tuple[Found, ...]:
    """What the new text of a mail says, each intent once, in the order in which it is said.

    Args:
        text: the new text.
        to: the mail that it answers, or the whole text with what is quoted: only looked at where a bare 結構です
            hangs on what was asked.
    """
    said = sentences(text)
    found: dict[Intent, Found] = {}
    for sentence in said:
        for one in _of_sentence(sentence):
            found.setdefault(one.intent, one)
    bare = found.get(Intent.REFUSAL)
    if (
        bare is not None
        and bare.rule == "kekko_alone"
        and BARE.match(bare.words)
        and TO_CONFIRM.search(normal(to))
    ):
        found.setdefault(Intent.AMBIGUOUS, Found(Intent.AMBIGUOUS, "kekko_to_a_question", bare.words))
    _among(found)
    return tuple(found.values())


def _of_sentence(sentence: str) -> Iterator[Found]:
    words = sentence[:MAX_WORDS]
    hits: dict[Intent, str] = {}
    japanese, latin = scripts(sentence)
    for rule in RULES:
        if rule.intent in hits or not rule.pattern.found(sentence, japanese=japanese, latin=latin):
            continue
        if rule.unless is not None and rule.unless.found(sentence, japanese=japanese, latin=latin):
            continue
        hits[rule.intent] = rule.name
    for intent, name in _hanging(sentence, hits):
        hits.setdefault(intent, name)
    if hits.keys() & STRONG_NO:
        for weaker in (
            Intent.AGREEMENT,
            Intent.APPOINTMENT,
            Intent.REQUEST_MATERIAL,
            Intent.REFERRAL,
            Intent.DISAGREEMENT,
        ):
            hits.pop(weaker, None)
        if Intent.LESS_OFTEN in hits or Intent.UNSUBSCRIBE_TOPIC in hits:
            hits.pop(Intent.REFUSAL, None)
        if not HANDED_OVER.search(sentence):
            hits.pop(Intent.SUCCESSOR_NAMED, None)
    if Intent.LESS_OFTEN in hits or (Intent.UNSUBSCRIBE_TOPIC in hits and not ALL_OF_IT.search(sentence)):
        hits.pop(Intent.UNSUBSCRIBE, None)
    if Intent.SNOOZE in hits:
        hits.pop(Intent.UNSUBSCRIBE, None) if FOR_A_WHILE.search(sentence) else None
        hits.pop(Intent.APPOINTMENT, None)
    if Intent.PARTIAL_AGREEMENT in hits or hits.keys() & {Intent.REFUSAL, Intent.DISAGREEMENT}:
        hits.pop(Intent.AGREEMENT, None)
    if Intent.PARTIAL_AGREEMENT in hits:
        hits.pop(Intent.DISAGREEMENT, None)
    if hits.keys() & {Intent.REFUSAL, Intent.COMPLAINT}:
        hits.pop(Intent.APPOINTMENT, None)
    if hits.keys() & {Intent.SUCCESSOR_NAMED, Intent.DEPUTY_NAMED}:
        hits.pop(Intent.REFERRAL, None)
    if hits.keys() & NOT_A_QUESTION:
        hits.pop(Intent.QUESTION, None)
    for intent, name in hits.items():
        yield Found(intent, name, words)


HANDED_OVER: Final = re.compile(r"後任|引き?継|担当(?:者)?が|交代")
ALL_OF_IT: Final = re.compile(r"今後一切|すべて|全て|一切")
FOR_A_WHILE: Final = re.compile(r"しばらく|当面|一旦|いったん|当分|一時")

# --- words that hang on what stands before them -------------------------------------------------------------

KEKKO: Final = re.compile(r"結構(?:です|でございます|でござい|かと)")
NOT_DOING: Final = re.compile(r"(?:なく(?:て(?:も)?|とも)?|ない(?:で|方(?:が|向)))[^。]{0,6}結構")
ABOUT_REPLY: Final = re.compile(NOT_ABOUT_MAIL)
ENOUGH: Final = re.compile(r"もう結構|(?:は|も)[、,]?(?:もう)?結構(?:です|でござい)")
ALONE: Final = re.compile(
    r"\A(?:いえ|いいえ|いや|すみません|申し訳(?:ござい|あり)ませんが|せっかくですが|今回は|今は|現在は|"
    r"当院は|当院では|うちは|うちでは|当方は|当方では|弊院は|私は|こちらは|もう|、|,|\s)*結構(?:です|"
    r"でございます)[。.!！]*\Z"
)
YES: Final = re.compile(r"\A(?:はい|ええ|了解|承知(?:しました|いたしました)?)[、,。 ]*結構(?:です|でござい)")
REASON: Final = re.compile(r"(?:ので|ため)(?:、|,)?(?:特に|もう|今回は)?結構(?:です|でござい)")
"""時間がないので結構です declines something, and does not always say what."""
BARE: Final = re.compile(r"\A\s*結構(?:です|でございます)[。.!！]*\Z")
"""Nothing but the word: いえ, せっかくですが and 今回は refuse whatever was asked."""
TO_CONFIRM: Final = re.compile(
    r"(?:認識|理解|内容|議事|記載|整理|日程|日時|相違|違い|間違い|誤り|齟齬|よろし|宜し|問題)[^。?\n]{0,40}"
    r"(?:よろしい|宜しい|相違|違い|間違い|誤り|齟齬|問題|ござい|あり)[^。?\n]{0,16}(?:でしょうか|ますか|ませんか)|"
    r"(?:よろしい|宜しい)でしょうか|「はい」または「いいえ」|(?:お|ご)?間違い(?:ござい|あり)ませんか"
)
"""A question that 結構です may say yes to."""
ACCEPTS: Final = re.compile(
    r"(?:で|のとおり|の通り|どおり|通りで|にて|でも|であれば|なら|ならば|からで|までで)"
    r"(?:も)?[、,]?(?:全く|まったく|それで)?結構(?:です|でござい)"
)
MAILS: Final = re.compile(rf"{MAIL}")
FINE: Final = re.compile(r"(?:大丈夫|だいじょうぶ)(?:です|でござい|だと|かと|、|。|\Z)")
FINE_WITH: Final = re.compile(
    r"\Aはい|(?:で(?:も)?|時間|内容|日程|日時|それ|なら|であれば|から|まで|以降|午前|午後|曜日?)[、,]?(?:は|なら|"
    r"で)?(?:問題なく|大体|全く)?(?:大丈夫|だいじょうぶ)"
)
ASKED: Final = re.compile(r"(?:大丈夫|だいじょうぶ)(?:です|でしょう)か")
UNNEEDED: Final = re.compile(
    r"(?:不要|必要ありません|必要ございません|いりません|要りません)(?:です|でござい|。|\Z|ので|と)"
)
THING: Final = re.compile(
    r"(?:訪問|来訪|来院|面談|お?電話|郵送|郵便|返送|返却|紙|印刷|冊子|書面|押印|捺印|署名|送付状|見積書?|請求書|領収書|添付|"
    r"パスワード|駐車|手土産|お土産|差し入れ|名刺|デモ機?|サンプル|現物|返信|連絡|案内|確認|予約|準備|立ち?会い?|ＦＡＸ|FAX|CC|ＣＣ)"
    r"[^。、,]{0,14}(?:は|も|等は|などは|について|には)?[、,]?[ 　]*(?:特に|もう|今回は)?\Z"
)
"""A thing or a trouble that we may spare somebody; it says nothing of what we offer."""
UNNEEDED_ALONE: Final = re.compile(
    r"\A(?:今回は|当院は|当院では|うちは|もう|特に|、|\s)*(?:不要|必要ありません|必要ございません|"
    r"いりません|要りません)(?:です|でございます)?[。.!！]*\Z"
)


def _hanging(sentence: str, hits: dict[Intent, str]) -> Iterator[tuple[Intent, str]]:
    """What 結構です, 大丈夫です and 不要です mean in this sentence."""
    if KEKKO.search(sentence):
        yield from _kekko(sentence, hits)
    if FINE.search(sentence) and not hits.keys() & {
        Intent.UNSUBSCRIBE,
        Intent.LESS_OFTEN,
        Intent.UNSUBSCRIBE_TOPIC,
    }:
        if ASKED.search(sentence):
            return
        if FINE_WITH.search(sentence):
            yield Intent.AGREEMENT, "fine_with"
        else:
            yield Intent.AMBIGUOUS, "fine_alone"
    if (
        (needless := UNNEEDED.search(sentence))
        and not hits
        and not ABOUT_REPLY.search(sentence)
        and not THING.search(sentence[: needless.start()])
    ):
        yield Intent.REFUSAL, "unneeded"
        if UNNEEDED_ALONE.match(sentence):
            yield Intent.AMBIGUOUS, "unneeded_alone"


def _kekko(sentence: str, hits: dict[Intent, str]) -> Iterator[tuple[Intent, str]]:
    if hits.keys() & STRONG_NO or ABOUT_REPLY.search(sentence):
        return
    if NOT_DOING.search(sentence):
        yield (
            Intent.UNSUBSCRIBE if MAILS.search(sentence) or "送" in sentence else Intent.REFUSAL,
            "kekko_need_not",
        )
        if not MAILS.search(sentence) and "送" not in sentence:
            yield Intent.AMBIGUOUS, "kekko_need_not"
    elif ALONE.match(sentence):
        yield Intent.REFUSAL, "kekko_alone"
        if "もう" in sentence:
            yield Intent.AMBIGUOUS, "kekko_enough"
    elif REASON.search(sentence):
        yield Intent.REFUSAL, "kekko_for_a_reason"
        yield Intent.AMBIGUOUS, "kekko_for_a_reason"
    elif ACCEPTS.search(sentence) or YES.match(sentence):
        yield Intent.AGREEMENT, "kekko_accepts"
    elif enough := ENOUGH.search(sentence):
        before = re.split(r"[、,]", sentence[: enough.start()])[-1]
        if THING.search(before) and not MAILS.search(before):
            return  # 訪問は結構です: that alone, and we are not refused
        about_mail = MAILS.search(before) or (MAILS.search(sentence[: enough.end()]) and "もう" in sentence)
        yield Intent.UNSUBSCRIBE if about_mail else Intent.REFUSAL, "kekko_enough"
    else:
        yield Intent.AMBIGUOUS, "kekko"


def _among(found: dict[Intent, Found]) -> None:
    """What only the whole mail shows."""
    no = found.get(Intent.REFUSAL)
    yes = found.get(Intent.AGREEMENT)
    if no and yes and Intent.AMBIGUOUS not in found:
        found[Intent.AMBIGUOUS] = Found(
            Intent.AMBIGUOUS, "yes_and_no", f"{yes.words} / {no.words}"[: 2 * MAX_WORDS]
        )
    if Intent.DISAGREEMENT in found and Intent.AGREEMENT in found:
        found[Intent.PARTIAL_AGREEMENT] = Found(
            Intent.PARTIAL_AGREEMENT, "agreed_and_not", found[Intent.DISAGREEMENT].words
        )
        del found[Intent.AGREEMENT], found[Intent.DISAGREEMENT]
    if Intent.PARTIAL_AGREEMENT in found:
        found.pop(Intent.AGREEMENT, None)
    deputy = found.get(Intent.DEPUTY_NAMED)
    if (
        deputy
        and Intent.LEFT in found
        and Intent.SUCCESSOR_NAMED not in found
        and not MEANWHILE.search(deputy.words)
    ):
        del found[Intent.DEPUTY_NAMED]  # of somebody who has left there is no deputy
        found[Intent.SUCCESSOR_NAMED] = Found(Intent.SUCCESSOR_NAMED, "instead_of_who_left", deputy.words)


MEANWHILE: Final = re.compile(
    r"urgent|emergenc|absence|immediate|急|不在|休|代理|代わり|留守|on behalf", re.IGNORECASE
)
