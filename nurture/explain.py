"""Reasons as words: why this date, why not yet, what happened; the same at the desk and on the command line."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from nurture.core.messages import Move
from nurture.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from enum import StrEnum

    from nurture.core.limits import Wait
    from nurture.core.messages import Entry, Message
    from nurture.core.slots import Slot
    from nurture.i18n import Words

RULES: Final[Mapping[str, str]] = {
    "blackout": mark("{entry}: nothing is sent ({span})"),
    "holiday": mark("holiday: {entry} ({span})"),
    "no_appointment": mark("no appointments during {entry} ({span})"),
    "no_window": mark("no send window that day ({span})"),
    "windows_over": mark("the day's send windows were over ({span})"),
    "past": mark("its day had passed ({span})"),
    "min_gap": mark("too soon after this person's last mail ({span})"),
    "per_organisation": mark("enough mail to this organisation ({span})"),
    "reduce": mark("fewer mails during {entry} ({span})"),
    "order": mark("not before the step ahead of it ({span})"),
    "same_date": mark("another mail reaches this person that day ({span})"),
    "expiry": mark("later than its last permitted date"),
    "when": mark("its condition does not hold"),
    "no_date": mark("no free date within a year"),
    "away": mark("away until then ({span})"),
    "quiet": mark("quiet period of the organisation ({span})"),
    "advance": mark("moved forward ({span})"),
}

REASONS: Final[Mapping[str, str]] = {
    "": "",
    "reply": mark("this person replied"),
    "colleague_replied": mark("a colleague replied: please look again"),
    "bounce": mark("the address bounced"),
    "unsubscribe": mark("wants no more mail"),
    "complaint": mark("complained"),
    "appointment": mark("an appointment was agreed"),
    "moved": mark("moved to another day: please approve again"),
    "put_off": mark("the mail server put it off until its time was over: please approve again"),
    "other_hour": mark("moved to another hour of its day: please approve again"),
    "paused": mark("the enrollment is paused"),
    "suppressed": mark("the address is suppressed"),
    "no_legal_basis": mark("no legal basis for mail"),
    "address_changed": mark("the person has another address now"),
    "not_approved_so": mark("the approval was for another text or date"),
    "expired": mark("its last permitted date has passed"),
    "rejected": mark("rejected"),
    "second_approval": mark("a second person must approve"),
    "later": mark("the server asked to try later"),
    "no_line": mark("there was no connection to the mail server"),
    "not_begun": mark("its turn had not come; it is looked at again"),
    "line_lost": mark("the line was lost: nobody knows whether it left"),
    "refused": mark("the server refused it"),
    "refused_recipient": mark("the server refused the address"),
    "put_off_too_long": mark("the server put it off for two days"),
    "resend": mark("to be sent again, as a person decided"),
    "settled_by_person": mark("a person says that it left"),
    "settled_by_answer": mark("an answer proves that it left"),
    "settled_by_copy": mark("its copy lies in the Sent folder or the archive"),
    "cannot_be_written": mark("its text cannot be written"),
    "person": mark("a person decided so"),
    "import": mark("imported as suppressed"),
    "stopping": mark("the daemon was stopping"),
    "window": mark("this send window was over"),
    "same_date": mark("another mail to this person leaves today"),
    "unplannable": mark("it cannot be planned"),
    "no_plan": mark("its scenario has no such step"),
    "replied": mark("this person replied: please look again"),
    "no_reply": mark("no answer came"),
    "refusal": mark("declined"),
    "consideration": mark("is thinking it over"),
    "bounces": mark("three mails in a row came back"),
    "patient_data": mark("a mail looks like data of a patient: please read it in the mailbox"),
    "reopened": mark("opened again by a person"),
    "absence": mark("an absence note came"),
    "already_enrolled": mark("is on the way in it already"),
    "no_scenario": mark("there is no such scenario"),
    "no_anchor": mark("the date with which it begins is not known"),
    "migrated": mark("the scenario has another text now: please look again"),
    "step_gone": mark("the scenario has no such step any more"),
    "ended": mark("its enrollment has ended"),
    "called_back": mark("called back while it was on its way: please approve again"),
    "no_mailbox": mark("its mailbox is not configured any more"),
    "mailbox_changed": mark("it leaves from another mailbox now"),
    "other_content": mark("what it speaks of is not offered any more"),
    "topic_refused": mark("this person does not want mail about that"),
    "unhandled": mark("a mail came in that could not be handled: please read it"),
    "domain_limit": mark("put off: its domain has had enough mail for now"),
    "mailbox_stopped": mark("its mailbox is stopped"),
    "scenario_stopped": mark("its scenario is stopped"),
    "valve": mark("kept back by the safety valve: please look again"),
    "refusals": mark("too many refusals"),
}

WAITS: Final[Mapping[str, str]] = {
    "mailbox_limit": mark("the mailbox {what} has sent its {limit} within {span}"),
    "warm_up": mark("the mailbox {what} is new and warms up: it has sent its {limit} within {span}"),
    "jitter": mark("a pause between two letters of the mailbox {what}"),
    "overall_limit": mark("all mailboxes together have sent their {limit} within {span}"),
    "domain_limit": mark("{what} has had its {limit} within {span}"),
    "mailbox_stopped": mark("the mailbox {what} is stopped"),
    "scenario_stopped": mark("the scenario {what} is stopped"),
    "valve": mark("the safety valve is closed: more letters at once than anybody can have meant"),
}
"""Why something does not leave now (``core.limits.Wait``)."""

SPANS: Final[Mapping[str, str]] = {"minute": mark("one minute"), "hour": mark("one hour"), "day": mark("24 hours")}

STATES: Final[Mapping[str, str]] = {
    "active": mark("active"),
    "paused": mark("paused"),
    "stopped": mark("stopped"),
    "completed": mark("completed"),
    "planned": mark("planned"),
    "waiting": mark("waiting for approval"),
    "approved": mark("approved"),
    "sending": mark("leaving"),
    "sent": mark("sent"),
    "in_doubt": mark("in doubt"),
    "failed": mark("failed"),
    "bounced": mark("bounced"),
    "rejected": mark("rejected"),
    "skipped": mark("skipped"),
    "expired": mark("expired"),
    "cancelled": mark("cancelled"),
    "open": mark("open"),
    "done": mark("done"),
    "dropped": mark("dropped"),
}

STEPS: Final[Mapping[str, str]] = {
    "thanks": mark("thank-you and minutes"),
    "case": mark("case study"),
    "seminar": mark("seminar"),
    "column": mark("column"),
    "appointment": mark("appointment"),
    "call": mark("telephone call"),
    "points": mark("points at issue and timing"),
    "farewell": mark("thanks after the decision"),
    "news": mark("news"),
    "news-again": mark("news"),
}
"""Steps of the shipped scenarios in words; others are shown by their id."""

ROLES: Final[Mapping[str, str]] = {
    "clinician": mark("Clinician"),
    "nursing": mark("Nursing"),
    "executive": mark("Executive"),
    "it": mark("IT"),
    "clinical_engineer": mark("Clinical engineer"),
    "procurement": mark("Procurement"),
    "radiographer": mark("Radiographer"),
    "laboratory": mark("Laboratory"),
    "pharmacy": mark("Pharmacy"),
}

TASKS: Final[Mapping[str, str]] = {
    "call": mark("Telephone"),
    "visit": mark("Visit"),
    "linkedin": mark("LinkedIn"),
    "congress": mark("Congress"),
    "reply": mark("Reply"),
    "appointment": mark("Appointment"),
    "stray": mark("Unmatched mail"),
    "in_doubt": mark("In doubt"),
    "bounce": mark("Bounce"),
    "complaint": mark("Complaint"),
    "moved": mark("Moved"),
    "challenge": mark("Held by a filter"),
    "other": mark("Task"),
}

BASES: Final[Mapping[str, str]] = {
    "consent": mark("consent"),
    "business_card": mark("business card"),
    "relationship": mark("business relationship"),
    "published": mark("published address"),
    "none": mark("none"),
}

BOUNCES: Final[Mapping[str, str]] = {
    "user_unknown": mark("nobody has this address"),
    "host_unknown": mark("the domain does not exist"),
    "no_mail_host": mark("the domain takes no mail"),
    "moved": mark("the address has moved"),
    "disabled": mark("the mailbox is closed"),
    "disabled_for_now": mark("the mailbox is closed for now"),
    "mailbox_full": mark("the mailbox is full"),
    "message_too_big": mark("the mail is too big"),
    "sender_rejected": mark("our address was refused"),
    "authentication": mark("our domain's SPF, DKIM or DMARC was not accepted"),
    "relay_denied": mark("the server does not take mail for this address"),
    "reputation": mark("our server is on a block list"),
    "rate_limited": mark("too many mails at once"),
    "spam": mark("taken for spam"),
    "greylisted": mark("the server asked to try later"),
    "security": mark("refused for its security"),
    "content": mark("the content was refused"),
    "policy": mark("refused by a policy"),
    "no_answer": mark("the server did not answer"),
    "expired": mark("could not be delivered in time"),
    "loop": mark("went in circles"),
    "system_error": mark("the server had a fault"),
    "protocol": mark("the servers did not understand each other"),
    "refused": mark("refused"),
    "rejected": mark("refused"),
    "unknown": mark("no reason was given"),
}
"""Why a mail came back (``core.reading.Bounce.reason``)."""

KINDS: Final[Mapping[str, str]] = {
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
    "message.edited": mark("{step}: text edited"),
    "message.attached": mark("{step}: file attached: {name} (asked for: {requested})"),
    "message.detached": mark("{step}: file taken out: {name}"),
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
    "task.dropped": mark("task dropped: {step}"),
    "task.done": mark("task done: {task} {note}"),
    "task.reopened": mark("task open again: {task}"),
    "person.created": mark("person added"),
    "person.updated": mark("person changed"),
    "person.away": mark("away, back {back}; no mail before {resume}"),
    "person.back": mark("is back; mail need not wait until {resume}"),
    "person.away_over": mark("an absence that is over"),
    "person.readdressed": mark("address changed: {before} → {after}"),
    "person.succeeded": mark("{name} follows"),
    "person.suppressed": mark("no more mail to this address: {reason}"),
    "optout.confirmed": mark("the opt-out was confirmed: {subject}"),
    "dispatch.given_up": mark("{to} could not be told by mail: {subject}"),
    "suppression.added": mark("no more mail to {value}: {reason}"),
    "suppression.lifted": mark("mail to {value} is allowed again: {who} agreed on {on}: {wording} ({evidence})"),
    "inbound.reply": mark("replied: {subject}"),
    "inbound.by_colleague": mark("{who} answered for {name}"),
    "inbound.by_renamed": mark("written under an address that is not known yet: {who}"),
    "inbound.by_former": mark("written under a former address: {who}"),
    "inbound.by_thread": mark("the mail names none of ours; its subject and its sender do: {who}"),
    "inbound.by_address": mark("the mail names none of ours; known by its sender's address: {who}"),
    "inbound.agreed": mark("confirmed the understanding ({step})"),
    "inbound.stray": mark("a mail that fits nobody: {subject}"),
    "inbound.unhandled": mark("a mail that could not be handled: {subject} ({problem})"),
    "inbound.auto_reply": mark("automatic answer: {subject}"),
    "inbound.delay": mark("delivery is delayed: {subject}"),
    "inbound.receipt": mark("receipt: {subject}"),
    "inbound.challenge": mark("asks the sender to prove himself: {subject}"),
    "inbound.other": mark("other mail: {subject}"),
    "organisation.closed": mark("closed from {from} to {to}: {name}"),
    "organisation.quiet": mark("quiet from {from} to {to}: {name}"),
    "organisation.reopened": mark("not closed after all from {from} to {to}: {name}"),
    "mailbox.stopped": mark("mailbox {id} stopped: {reason}"),
    "mailbox.resumed": mark("mailbox {id} resumed"),
    "scenario.stopped": mark("scenario {id} stopped: {reason}"),
    "scenario.resumed": mark("scenario {id} resumed"),
    "valve.closed": mark("the safety valve has closed before {count} letters at once"),
    "valve.released": mark("the safety valve was opened: {count} letters may leave"),
    "valve.held": mark("the safety valve was opened: {count} letters were brought back to the desk"),
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


ACTIONS: Final[Mapping[str, str]] = {
    "pause": mark("pause"),
    "rest": mark("rest for {what}"),
    "resume": mark("go on"),
    "stop": mark("stop"),
    "task": mark("task: {what}"),
    "enroll": mark("enroll in {what}"),
}
"""What a rule of a scenario does, by the first word of its code (``core.following``)."""


def actions(w: Words, codes: Iterable[object]) -> str:
    """What a rule of a scenario does, in words."""
    return w(", ").join(_action(w, str(code)) for code in codes)


def _action(w: Words, code: str) -> str:
    name, _, what = code.partition(" ")
    if name == "pause" and what:
        name = "rest"
    return w(ACTIONS.get(name, code), what=task(w, what) if name == "task" else what)


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
    if said.data.get("reason") == "refusals" and said.kind in REFUSALS:
        return REFUSALS[said.kind]
    return KINDS.get(said.kind)


def _span(w: Words, move_: Move) -> str:
    if move_.from_ is None:
        return ""
    if move_.to is None or move_.to == move_.from_:
        return w.day(move_.from_)
    return f"{w.day(move_.from_)} → {w.day(move_.to)}"


def move(w: Words, move_: Move, names: Mapping[str, str] | None = None) -> str:
    """One reason for a date; ``names`` maps entries ("jp-medical/jrc-2027") to their names."""
    text = RULES.get(move_.rule, move_.rule)
    entry_ = (names or {}).get(move_.entry or "", move_.entry or "")
    return w(text, entry=entry_, span=_span(w, move_)).replace("()", "").replace("（）", "").strip()


def moves(w: Words, found: Sequence[Move], names: Mapping[str, str] | None = None) -> str:
    """All reasons for a date, in order."""
    return w("; ").join(move(w, m, names) for m in found)


def reason(w: Words, code: str) -> str:
    """Why something waits, was held, was stopped."""
    return w(REASONS[code]) if REASONS.get(code) else code


def wait(w: Words, found: Wait, zone: str) -> str:
    """Why something does not leave now, and when it will."""
    span = w(SPANS[found.span]) if found.span else ""
    said = w(WAITS[found.reason], what=found.what, limit=found.limit, span=span)
    if found.until is None:
        return w("{reason}, until a person decides", reason=said)
    return w("{reason}; the next at {until}", reason=said, until=w.instant(found.until, zone))


def stop_reason(w: Words, code: str) -> str:
    """Why an enrollment paused or stopped; "moved" is a person here, not a date."""
    return w("moved to another post") if code == "moved" else reason(w, code)


def state(w: Words, value: StrEnum | str) -> str:
    """A state's name."""
    return w(STATES.get(str(value), str(value)))


def step(w: Words, step_id: str) -> str:
    """A step's name."""
    return w(STEPS[step_id]) if step_id in STEPS else step_id


def slot(w: Words, found: Slot) -> str:
    """A proposed time: 12/10(木) 13:00–14:00."""
    hours = str(found).partition(" ")[2]
    return f"{w.day(found.day)} {hours}".strip()


def role(w: Words, role_id: str) -> str:
    """A role in words; roles that an installation added are shown by their id."""
    return w(ROLES[role_id]) if role_id in ROLES else role_id


def task(w: Words, kind: str) -> str:
    """A kind of task in words."""
    return w(TASKS[kind]) if kind in TASKS else kind


def basis(w: Words, kind: StrEnum | str) -> str:
    """A legal basis for mail in words."""
    return w(BASES[kind]) if kind in BASES else str(kind)


def _said(w: Words, kind: str, name: str, value: object) -> object:
    if name == "step" and isinstance(value, str):
        return step(w, value)
    if name == "span" and isinstance(value, str) and value in SPANS:
        return w(SPANS[value])
    if name == "task" and isinstance(value, str):
        return task(w, value)
    if name == "do" and isinstance(value, list | tuple):
        return actions(w, value)
    if name == "reason" and isinstance(value, str):
        if kind == "message.bounced":
            return w(BOUNCES[value]) if value in BOUNCES else value
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
    parts = [state(w, message.state), reason(w, message.reason), moves(w, message.moves)]
    return w("; ").join(part for part in parts if part)
