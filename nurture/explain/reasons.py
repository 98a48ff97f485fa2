"""Why something waits, was held, was stopped: the reasons of the journal and of ``core.limits``, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nurture.core.messages import MessageState
from nurture.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nurture.core.limits import Wait
    from nurture.core.messages import Message
    from nurture.i18n import Words

REASONS: Final[Mapping[str, str]] = {
    "": "",
    "reply": mark("an answer came"),
    "colleague_replied": mark("a colleague replied: please look again"),
    "bounce": mark("the address bounced"),
    "unsubscribe": mark("wants no more mail"),
    "less_often": mark("wants mail less often"),
    "complaint": mark("complained"),
    "appointment": mark("an appointment was agreed"),
    "moved": mark("moved to another day: please approve again"),
    "handed_over": mark("handed over to a colleague: please look and approve"),
    "dated": mark("its text was written anew for the date that was chosen: please read it again"),
    "put_off": mark("the mail server put it off until its time was over: please approve again"),
    "other_hour": mark("moved to another hour of its day: please approve again"),
    "paused": mark("the enrollment is paused"),
    "suppressed": mark("the address is suppressed"),
    "no_legal_basis": mark("no legal basis for mail"),
    "address_changed": mark("the person has another address now"),
    "not_approved_so": mark("the approval was for another text or date"),
    "expired": mark("its last permitted date has passed"),
    "rejected": mark("rejected"),
    "taken_back": mark("the approval was taken back"),
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
    "merged": mark("two entries of one person became one"),
    "deal_won": mark("the deal is won"),
    "deal_lost": mark("the deal is lost"),
    "rest": mark("a rest, as a person decided"),
    "import": mark("imported as suppressed"),
    "stopping": mark("the daemon was stopping"),
    "window": mark("this send window was over"),
    "same_date": mark("another mail to this person leaves today"),
    "unplannable": mark("it cannot be planned"),
    "no_plan": mark("its scenario has no such step"),
    "replied": mark("this person replied: please look again"),
    "no_reply": mark("no answer came"),
    "met_again": mark("a newer meeting began it anew"),
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
    "address_gone": mark("the address is not expected to work any more"),
    "drafted_already": mark("it was written before"),
    "known_already": mark("we are in touch already"),
    "no_rep": mark("there is no representative"),
    "successor_named": mark("the successor is known now"),
    "stayed": mark("does not leave after all"),
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


def reason(w: Words, code: str) -> str:
    """Why something waits, was held, was stopped."""
    return w(REASONS[code]) if REASONS.get(code) else code


def stop_reason(w: Words, code: str) -> str:
    """Why an enrollment paused or stopped; "moved" is a person here, not a date."""
    return w("moved to another post") if code == "moved" else reason(w, code)


def held(w: Words, message: Message) -> str:
    """Why a mail waits, was held, or ended; one that was cancelled shares the reason of its enrollment's end."""
    return (stop_reason if message.state is MessageState.CANCELLED else reason)(w, message.reason)


def wait(w: Words, found: Wait, zone: str) -> str:
    """Why something does not leave now, and when it will."""
    span = w(SPANS[found.span]) if found.span else ""
    said = w(WAITS[found.reason], what=found.what, limit=found.limit, span=span)
    if found.until is None:
        return w("{reason}, until a person decides", reason=said)
    return w("{reason}; the next at {until}", reason=said, until=w.instant(found.until, zone))
