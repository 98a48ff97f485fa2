"""What a reviewer should look at twice in a mail that waits: said beside the text, never in its way.

The text is looked at as it would leave, whoever wrote it, the legal footer apart. Each remark names what it saw,
so that it can be judged at a glance; a person decides. Practice A4 (one question), C (material of use instead of
pressure), F (a competitor is never attacked).
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from nurture.core.findings import Finding, bad, doubtful, good
from nurture.i18n import mark
from nurture.mail import patients
from nurture.mail.text import split_footer
from nurture.render.check import CHASING, SHOUTING

if TYPE_CHECKING:
    from collections.abc import Collection

LONG: Final = 800
"""Characters: above two screens of a phone."""
LONG_MINUTES: Final = 1400
"""The same for a thank-you, which holds the minutes."""
QUESTION: Final = re.compile(r"[?？]|(?:でしょうか|ますか|ませんか|ですか|ましょうか)(?:[。\n]|$)")
UNFILLED: Final = re.compile(r"\{\{|\}\}|\{%|[○〇●]{2,}|[XＸ]{2,}(?:様|先生|部長)|（要記入）|\bTODO\b|\bTBD\b")
DOWN: Final = re.compile(
    r"他社|競合|A社|B社|(?:現行|今お使い)の(?:ベンダー|メーカー)|competitor|other vendors?", re.IGNORECASE
)
BAD: Final = re.compile(
    r"劣|遅い|古い|不具合|障害が多|問題が多|欠点|弱い|時代遅れ|粗悪|高すぎ|できません|outdated|inferior|worse|buggy",
    re.IGNORECASE,
)
LINK: Final = re.compile(r"https?://[^\s<>「」（）()、。]+")


def remarks(
    subject: str, body: str, *, competitors: Collection[str] = (), own: Collection[str] = (), thanks: bool = False
) -> tuple[Finding, ...]:
    """What was looked at, in the order of weight; a pass for each thing that is as it should be.

    Args:
        subject: of the mail.
        body: whole, with its footer.
        competitors: names that the deal knows.
        own: domains that links may lead to without a word: our own.
        thanks: it is a thank-you, with minutes and one question.
    """
    text = split_footer(body)[0]
    plain = unicodedata.normalize("NFKC", f"{subject}\n{text}")
    found = [_patients(plain), _rivals(plain, competitors), _holes(plain), _links(text, own)]
    found += [_question(text)] if thanks else []
    found += [_length(text, LONG_MINUTES if thanks else LONG), _tone(plain)]
    return tuple(finding for finding in found if finding is not None)


def _patients(plain: str) -> Finding:
    if patients.signs(plain):
        return bad("patients", "", mark("It looks as if data of a patient were in it: take them out"))
    return good("patients", "", mark("no data of patients"))


def _rivals(plain: str, competitors: Collection[str]) -> Finding:
    named = [name for name in competitors if name and unicodedata.normalize("NFKC", name) in plain]
    if named:
        return bad("competitor", "", mark("It names a competitor: {names}"), names=", ".join(named))
    for sentence in re.split(r"[。\n]", plain):
        if DOWN.search(sentence) and BAD.search(sentence):
            said = sentence.strip()[:40]
            return bad("competitor", "", mark("It may speak badly of others: “{said}”"), said=said)
    return good("competitor", "", mark("no word against others"))


def _holes(plain: str) -> Finding | None:
    seen = UNFILLED.search(plain)
    if seen is None:
        return None
    return bad("unfilled", "", mark("Something was not filled in: “{said}”"), said=seen.group()[:20])


def _links(text: str, own: Collection[str]) -> Finding | None:
    hosts: dict[str, None] = {}
    for link in LINK.findall(text):
        try:
            hosts[(urlsplit(link).hostname or "").lower()] = None
        except ValueError:
            hosts[link[:60]] = None
    if not hosts:
        return None
    strange = [
        host for host in hosts if not any(host == name or host.endswith(f".{name}") for name in own if name)
    ]
    if strange:
        return doubtful("links", "", mark("A link leads elsewhere: {hosts}"), hosts=", ".join(strange))
    return good("links", "", mark("links lead to {hosts}"), hosts=", ".join(hosts))


def _question(text: str) -> Finding:
    asked = len(QUESTION.findall(text))
    if not asked:
        return doubtful(
            "question", "", mark("It asks nothing: one question that is answered with yes or no is missing")
        )
    if asked > 2:
        return doubtful("question", "", mark("It asks {count} questions: one is answered"), count=asked)
    return good("question", "", mark("one question"))


def _length(text: str, most: int) -> Finding:
    length = len("".join(text.split()))
    if length > most:
        return doubtful(
            "length", "", mark("It is long: {length} characters, {most} are enough"), length=length, most=most
        )
    return good("length", "", mark("{length} characters"), length=length)


def _tone(plain: str) -> Finding | None:
    if seen := CHASING.search(plain):
        return doubtful("tone", "", mark("It presses: “{said}”"), said=seen.group())
    if seen := SHOUTING.search(plain):
        return doubtful("tone", "", mark("It is loud: “{said}”"), said=seen.group())
    return None
