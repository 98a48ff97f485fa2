"""The rules of a scenario (``on:``) in words: what must have happened, and what is done then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nurture.core.rules import Happening
from nurture.explain import mail
from nurture.explain.names import step, task
from nurture.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nurture.i18n import Words

HAPPENINGS: Final[Mapping[Happening, str]] = {
    Happening.REPLY: mark("reply: {what}"),
    Happening.ABSENCE: mark("absence of {days} days or more"),
    Happening.BOUNCE: mark("a mail came back: {what}"),
    Happening.SILENCE: mark("no reply for {days} days"),
}
"""What a rule waits for, with what it says of it."""
SIMPLY: Final[Mapping[Happening, str]] = {
    Happening.REPLY: mark("any reply"),
    Happening.ABSENCE: mark("absence"),
    Happening.BOUNCE: mark("a mail came back"),
    Happening.SILENCE: mark("no reply"),
}
"""The same where it says nothing of it."""
FATES: Final[Mapping[str, str]] = {"permanent": mark("for good"), "temporary": mark("for now")}

ACTIONS: Final[Mapping[str, str]] = {
    "pause": mark("pause"),
    "rest": mark("rest for {what}"),
    "resume": mark("go on"),
    "stop": mark("stop"),
    "task": mark("task: {what}"),
    "enroll": mark("enroll in {what}"),
    "every": mark("at most one mail in {what}"),
}
"""What a rule of a scenario does, by the first word of its code (``core.following``)."""


def rule(w: Words, key: str) -> str:
    """What a rule waits for, by its key in the journal (``core.rules.Rule.key``): "reply/question+snooze"."""
    what, *said = key.split("/")
    if what not in {*Happening}:
        return key
    happening = Happening(what)
    known = _known(w, happening, said[0]) if said else None
    text = w(SIMPLY[happening]) if known is None else w(HAPPENINGS[happening], **known)
    of = said[1:] if known is not None or said[:1] == ["any"] else said
    return w("{rule}, step: {step}", rule=text, step=step(w, of[0])) if of else text


def _known(w: Words, happening: Happening, said: str) -> Mapping[str, str] | None:
    """What the second part of a key says; None if it says nothing of it, or is a step."""
    if happening in {Happening.ABSENCE, Happening.SILENCE}:
        return {"days": said[:-1]} if said.endswith("d") and said[:-1].isdigit() else None
    if said == "any":
        return None
    if happening is Happening.BOUNCE:
        return {"what": w(FATES.get(said, said))}
    return {"what": mail.intents(w, said.split("+"))}


def actions(w: Words, codes: Iterable[object]) -> str:
    """What a rule of a scenario does, in words."""
    return w(", ").join(_action(w, str(code)) for code in codes)


def _action(w: Words, code: str) -> str:
    name, _, what = code.partition(" ")
    if name == "pause" and what:
        name = "rest"
    return w(ACTIONS.get(name, code), what=task(w, what) if name == "task" else what)
