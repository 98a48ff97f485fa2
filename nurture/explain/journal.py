"""The journal as sentences, and why a mail stands where it stands."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from nurture.core.messages import Move
from nurture.explain import mail
from nurture.explain.dates import move, moves
from nurture.explain.names import basis, phase, state, step, task
from nurture.explain.reasons import SPANS, held, reason, stop_reason
from nurture.explain.rules import actions, rule
from nurture.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nurture.core.messages import Entry, Message
    from nurture.i18n import Words

SENTENCES: Final[Mapping[str, str]] = {
    "meeting.recorded": mark("meeting recorded: {subject}"),
    "enrollment.started": mark("enrolled in {scenario}"),
    "enrollment.paused": mark("paused: {reason}"),
    "enrollment.resumed": mark("resumed"),
    "enrollment.stopped": mark("stopped: {reason}"),
    "enrollment.reopened": mark("open again, paused; it had ended: {reason}"),
    "enrollment.completed": mark("ran to its end"),
    "enrollment.unplannable": mark("cannot be planned: {problem}"),
    "enrollment.migrated": mark("{scenario}: goes on with the present text of the scenario"),
    "rule.followed": mark("rule of the scenario ({rule}): {do}"),
    "rule.unfulfilled": mark("not enrolled in {scenario}: {reason}"),
    "calendars.changed": mark("calendars changed: all that runs is planned again ({count})"),
    "message.planned": mark("{step}: planned for {on}"),
    "message.moved": mark("{step}: moved from {from} to {on}"),
    "message.rewritten": mark("{step}: its text is written anew: {reason}"),
    "message.drafted": mark("{step}: text written, waiting for approval"),
    "message.released": mark("{step}: text written, released by the scenario"),
    "message.unwritable": mark("{step}: cannot be written: {problem}"),
    "message.first_approval": mark("{step}: approved by the first of two"),
    "message.approved": mark("{step}: approved for {on}"),
    "message.dated": mark("{step}: a person chose {on} instead of {from}"),
    "message.edited": mark("{step}: text edited"),
    "message.attached": mark("{step}: file attached: {name} (asked for: {requested})"),
    "message.detached": mark("{step}: file taken out: {name}"),
    "message.taken_back": mark("{step}: the approval was taken back"),
    "message.snoozed": mark("{step}: put aside until {until}"),
    "message.unsnoozed": mark("{step}: no longer put aside"),
    "message.rejected": mark("{step}: rejected: {reason}"),
    "message.held": mark("{step}: held: {reason}"),
    "message.put_back": mark("{step}: put back: {reason}"),
    "message.put_off": mark("{step}: put off: {reason}"),
    "message.cancelled": mark("{step}: cancelled: {reason}"),
    "message.skipped": mark("{step}: skipped"),
    "message.expired": mark("{step}: expired"),
    "message.sent": mark("{step}: sent"),
    "message.deferred": mark("{step}: the server said later: {answer}"),
    "message.failed": mark("{step}: failed: {reason} {answer}"),
    "message.in_doubt": mark("{step}: in doubt: {answer}"),
    "message.settled": mark("{step}: doubt settled"),
    "message.bounced": mark("bounced: {reason} {status}"),
    "task.opened": mark("task for the representative: {task}"),
    "task.snoozed": mark("task put aside until {until}: {task}"),
    "task.unsnoozed": mark("task no longer put aside: {task}"),
    "task.handed_over": mark("task handed over from {from} to {to}: {task}"),
    "task.dropped": mark("task dropped: {step}"),
    "task.done": mark("task done: {task} {note}"),
    "task.reopened": mark("task open again: {task}"),
    "person.created": mark("person added"),
    "person.updated": mark("person changed"),
    "person.away": mark("away, back {back}; no mail before {resume}"),
    "person.back": mark("is back; mail need not wait until {resume}"),
    "person.away_over": mark("an absence that is over"),
    "person.handed_over": mark("handed over from {from} to {to} {note}"),
    "person.readdressed": mark("address changed: {before} → {after}"),
    "person.succeeded": mark("{name} follows"),
    "person.paced": mark("at most one mail in {days} days"),
    "person.unpaced": mark("mail comes as the scenarios say again"),
    "person.departed": mark("moves or leaves"),
    "person.stayed": mark("does not leave after all; nobody follows"),
    "person.based": mark("mail is allowed: {basis}"),
    "person.noted": mark("a private note was written"),
    "person.merged": mark("another entry of the same person was taken in: {email}"),
    "person.exported": mark("the data of the person were handed over"),
    "person.erased": mark("the person was erased"),
    "address.readmitted": mark("an erased address is taken in again: {evidence}"),
    "farewell.none": mark("no draft of thanks: {reason}"),
    "introduction.none": mark("no draft of an introduction: {reason}"),
    "person.suppressed": mark("no more mail to this address: {reason}"),
    "pace.confirmed": mark("the pace was confirmed: {subject}"),
    "optout.confirmed": mark("the opt-out was confirmed: {subject}"),
    "dispatch.given_up": mark("{to} could not be told by mail: {subject}"),
    "chat.given_up": mark("the chat {chat} could not be told: {subject}"),
    "suppression.added": mark("no more mail to {value}: {reason}"),
    "suppression.lifted": mark("mail to {value} is allowed again: {who} agreed on {on}: {wording} ({evidence})"),
    "inbound.reply": mark("replied: {subject}"),
    "inbound.by_colleague": mark("{who} answered for {name}"),
    "inbound.by_renamed": mark("written under an address that is not known yet: {who}"),
    "inbound.by_former": mark("written under a former address: {who}"),
    "inbound.by_thread": mark("the mail names none of ours; its subject and its sender do: {who}"),
    "inbound.by_address": mark("the mail names none of ours; known by its sender's address: {who}"),
    "inbound.agreed": mark("confirmed the understanding ({step})"),
    "inbound.stray": mark("a mail that fits nobody ({kind}): {subject}"),
    "inbound.unhandled": mark("a mail that could not be handled: {subject} ({problem})"),
    "inbound.auto_reply": mark("automatic answer: {subject}"),
    "inbound.delay": mark("delivery is delayed: {subject}"),
    "inbound.receipt": mark("receipt: {subject}"),
    "inbound.challenge": mark("asks the sender to prove himself: {subject}"),
    "inbound.other": mark("other mail: {subject}"),
    "organisation.closed": mark("closed from {from} to {to}: {name}"),
    "organisation.quiet": mark("quiet from {from} to {to}: {name}"),
    "organisation.reopened": mark("not closed after all from {from} to {to}: {name}"),
    "deal.moved": mark("phase: {before} → {phase}"),
    "deal.won": mark("the deal is won"),
    "deal.lost": mark("the deal is lost"),
    "deal.reopened": mark("the deal is open after all"),
    "mailbox.stopped": mark("mailbox {id} stopped: {reason}"),
    "mailbox.resumed": mark("mailbox {id} resumed"),
    "scenario.stopped": mark("scenario {id} stopped: {reason}"),
    "scenario.resumed": mark("scenario {id} resumed"),
    "valve.closed": mark("the safety valve has closed before {count} letters at once"),
    "valve.released": mark("the safety valve was opened: {count} letters may leave"),
    "valve.held": mark("the safety valve was opened: {count} letters were brought back to the desk"),
    "webhook.disabled": mark("webhook {id} disabled: {error}"),
    "webhook.resumed": mark("webhook {id} resumed"),
    "token.created": mark("token {name} made for another program"),
    "token.revoked": mark("token {name} revoked"),
    "login.requested": mark("login link requested"),
    "login.used": mark("signed in"),
    "login.ended": mark("signed out"),
}

REFUSALS: Final[Mapping[str, str]] = {
    "mailbox.stopped": mark(
        "mailbox {id} stopped: {refused} refusals within {hours} hours, beside {sent} letters that were taken"
    ),
    "scenario.stopped": mark(
        "scenario {id} stopped: {refused} refusals within {hours} hours, beside {sent} letters that were taken"
    ),
}
"""What is said of what the program stopped by itself."""


def _text(said: Entry) -> str | None:
    """The sentence for an entry; some kinds have more than one."""
    if said.kind == "enrollment.paused" and said.data.get("until"):
        return mark("rests until {until}: {reason}")
    if said.kind == "message.settled" and said.data.get("reason"):
        return mark("{step}: it left: {reason}") if said.data.get("sent") else mark("{step}: sent again: {reason}")
    if said.kind == "enrollment.started" and said.data.get("variant"):
        return mark("enrolled in {scenario}, variant {variant}")
    if said.kind == "message.put_off" and said.data.get("span"):
        return mark("{step}: put off: {what} has had its {limit} within {span}")
    if said.kind == "inbound.reply" and said.data.get("intents"):
        return mark("replied: {subject} ({intents})")
    if said.data.get("reason") == "refusals" and said.kind in REFUSALS:
        return REFUSALS[said.kind]
    return SENTENCES.get(said.kind)


def _said(w: Words, kind: str, name: str, value: object) -> object:
    if name == "step" and isinstance(value, str):
        return step(w, value)
    if name == "span" and isinstance(value, str) and value in SPANS:
        return w(SPANS[value])
    if kind == "deal.moved" and isinstance(value, int):
        return phase(w, value)
    if name == "task" and isinstance(value, str):
        return task(w, value)
    if name == "basis" and isinstance(value, str):
        return basis(w, value)
    if name == "rule" and isinstance(value, str):
        return rule(w, value)
    if name == "kind" and isinstance(value, str):
        return mail.kind(w, value)
    if name == "intents" and isinstance(value, list | tuple):
        return mail.intents(w, value)
    if name == "do" and isinstance(value, list | tuple):
        return actions(w, value)
    if name == "reason" and isinstance(value, str):
        if kind == "message.bounced":
            return mail.bounce(w, value)
        return stop_reason(w, value) if kind.startswith("enrollment.") else reason(w, value)
    if isinstance(value, str) and len(value) == 10 and value[4:5] == "-" == value[7:8]:
        try:
            return w.day(date.fromisoformat(value))
        except ValueError:
            return value
    return w("unknown") if value is None else value


class _Blank(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return ""


def entry(w: Words, said: Entry, names: Mapping[str, str] | None = None) -> str:
    """A line of the journal as a sentence; ``names`` as for ``move``."""
    text = _text(said)
    if text is None:
        return said.kind
    values = _Blank({name: _said(w, said.kind, name, value) for name, value in said.data.items()})
    line = w(text).format_map(values).strip()
    why = said.data.get("why")
    if isinstance(why, list) and why:
        rules = w("; ").join(_why(w, item, names) for item in why if isinstance(item, dict))
        return f"{line} — {rules}"
    return line


def _why(w: Words, item: Mapping[str, object], names: Mapping[str, str] | None) -> str:
    def day(name: str) -> date | None:
        value = item.get(name)
        return date.fromisoformat(str(value)) if value else None

    found = Move(str(item.get("rule")), str(item.get("entry") or "") or None, day("from"), day("to"))
    return move(w, found, names)


def why(w: Words, message: Message) -> str:
    """Why a mail stands where it stands: its state, what holds it, and why its date is what it is."""
    parts = [state(w, message.state), held(w, message), moves(w, message.moves)]
    return w("; ").join(part for part in parts if part)
