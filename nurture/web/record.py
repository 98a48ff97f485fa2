"""Record a meeting (practice A): the five minutes after it, on a phone.

Each button keeps what was typed and leads back to the form (POST, then GET): nothing needs a script, and a reload
repeats nothing. What a page shows is a draft of its writer alone (``flows.jotting``); recorded, it is a meeting.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse

from nurture.core.change import MeetingDraft
from nurture.core.deals import Meeting
from nurture.core.plan import zone_of
from nurture.errors import StaleVersion, UserError
from nurture.flows import jotting, minutes
from nurture.flows.recorded import meeting_key
from nurture.i18n import mark, words
from nurture.web import known
from nurture.web import minutes as form
from nurture.web.sheet import Sheet
from nurture.web.understood import NEW, Understood, understood

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from starlette.responses import Response

    from nurture.web.known import Offered
    from nurture.web.visit import Visit

DEFAULT: Final = "warm-lead-30d"
"""The scenario that is chosen unless somebody chooses another."""
_KEY: Final = re.compile(r"[0-9a-z-]{8,40}")
_ADD: Final = re.compile(r"add:(people|concerns|promises)")
_REMOVE: Final = re.compile(r"remove:((people|concerns|promises)\.\d{1,2})")
_PERSON: Final = re.compile(r"person:([0-9A-Za-z-]{1,40})")
_AGAIN: Final = re.compile(r"again:(\d{1,2})")
HELD: Final = mark("This looks like data of a patient. It is not kept: take out names, numbers, dates of birth.")


async def start(visit: Visit) -> Response:
    """GET /record: which hospital; what was begun and not finished."""
    said = visit.request.query_params.get("q", "")[:200]
    return visit.page(
        "record_start.html",
        said=said,
        found=await known.organisations(visit, said),
        recent=await known.recent(visit),
        begun=await jotting.begun(visit.doors, by=visit.reader.rep.id),
        key=visit.doors.chance.new_id(),
    )


async def organisations(visit: Visit) -> Response:
    """GET /record/organisations: what a search finds, to be put into the page as it is typed."""
    said = visit.request.query_params.get("q", "")[:200]
    found = await known.organisations(visit, said)
    return visit.page("record_organisations.html", said=said, found=found)


async def begin(visit: Visit) -> Response:
    """POST /record: a form for a meeting at this hospital; sent twice, it is one form."""
    key, name = visit.form.get("key", ""), " ".join(visit.form.get("organisation", "").split())[:200]
    if not _KEY.fullmatch(key):
        raise HTTPException(400)
    if not name:
        return RedirectResponse("/record", status_code=303)
    offered = await known.offered(visit, name, ())
    here = _here(visit)
    ended = here - timedelta(minutes=here.minute % 5)
    ids = [s.id for s in offered.scenarios]
    fields = {
        "organisation": name,
        "ended_on": str(ended.date()),
        "ended_time": f"{ended:%H:%M}",
        "deal": offered.deals[0].name if offered.deals else NEW,
        "scenario": DEFAULT if DEFAULT in ids else next(iter(ids), DEFAULT),
    }
    try:
        draft = await jotting.begin(visit.doors, key, by=visit.reader.rep.id, fields=fields)
    except StaleVersion:
        raise HTTPException(400) from None
    return RedirectResponse(f"/record/{draft.id}", status_code=303)


async def show(visit: Visit) -> Response:
    """GET /record/{id}: the form as it stands; once it is recorded, what came of it."""
    draft = await _mine(visit)
    if draft.ended_at is not None:
        return await _ended(visit, draft)
    return await _page(visit, draft, draft.fields, hand=visit.doors.chance.new_id())


async def people(visit: Visit) -> Response:
    """GET /record/{id}/people: whom a search finds, to be put into the page as it is typed."""
    await _mine(visit)
    said = visit.request.query_params.get("q", "")[:200]
    return visit.page("record_people.html", found=await known.people(visit, said), said=said)


async def save(visit: Visit) -> Response:
    """POST /record/{id}/draft: keep what was typed so far; says when, and what was not kept."""
    draft = await _mine(visit)
    fields = form.taken(visit.form)
    if draft.ended_at is not None:
        return JSONResponse({"ended": f"/record/{draft.id}"}, status_code=409)
    try:
        draft = await _keep(visit, draft, fields)
    except StaleVersion:
        return JSONResponse({"elsewhere": True}, status_code=409)
    held = jotting.held(fields, form.free(fields))
    at = draft.saved_at.astimezone(_here(visit).tzinfo)
    return JSONResponse(
        {
            "version": draft.version,
            "says": visit.w("Saved at {time}", time=f"{at:%H:%M}"),
            "held": dict.fromkeys(held, visit.w(HELD)),
        }
    )


async def act(visit: Visit) -> Response:
    """POST /record/{id}: a button of the form. Whatever it does, what was typed is kept before."""
    draft, do = await _mine(visit), visit.form.get("do", "keep")
    if draft.ended_at is not None:
        return await _ended(visit, draft)
    if do == "discard":
        await jotting.discard(visit.doors, draft)
        return RedirectResponse("/record", status_code=303)
    fields, place = await _changed(visit, form.taken(visit.form), do)
    try:
        draft = await _keep(visit, draft, fields)
    except StaleVersion:
        return await _elsewhere(visit, fields)
    problems = {name: UserError(HELD) for name in jotting.held(fields, form.free(fields))}
    if do == "record":
        return await _record(visit, draft, fields)
    if problems:
        return await _page(visit, draft, fields, hand=draft.hand, problems=problems)
    query = f"?{urlencode({'q': visit.form.get('find', '')[:200]})}" if do == "find" else ""
    return RedirectResponse(f"/record/{draft.id}{query}{f'#{quote(place)}' if place else ''}", status_code=303)


async def _changed(visit: Visit, fields: Mapping[str, str], do: str) -> tuple[dict[str, str], str]:
    """The form after a button, and the part of the page to look at then."""
    if found := _ADD.fullmatch(do):
        return form.added(fields, found[1], {})
    if found := _REMOVE.fullmatch(do):
        return form.removed(fields, found[1]), found[2]
    if found := _PERSON.fullmatch(do):
        there = [n for n in form.rows(fields, "people") if form.row(fields, "people", n)["person"] == found[1]]
        if there:
            return dict(fields), f"people.{there[0]}"
        return form.added(fields, "people", {"person": found[1]})
    if found := _AGAIN.fullmatch(do):
        offered = await known.offered(visit, fields.get("organisation", ""), ())
        concerns = offered.last.concerns if offered.last else ()
        if int(found[1]) < len(concerns):
            again = concerns[int(found[1])]
            values = {"text": again.text, "topic": again.topic or ""}
            blank = [n for n in form.rows(fields, "concerns") if n not in form.filled(fields, "concerns")]
            kept = form.removed(fields, f"concerns.{blank[0]}") if blank else dict(fields)
            return form.added(kept, "concerns", values)
    if do == "question":
        return {**fields, "question": fields.get("question", "").strip() or await _question(visit, fields)}, do
    return dict(fields), "find" if do == "find" else ""


async def _question(visit: Visit, fields: Mapping[str, str]) -> str:
    """A first wording of the one question (A4), made of the first agreement, in the reader's own language."""
    agreed = [line.strip(" 。.・-") for line in fields.get("agreements", "").split("\n") if line.strip()]
    if not agreed:
        return ""
    offered = await known.offered(visit, "", _chosen(fields))
    language = next((p.language for p in offered.chosen.values()), "ja")
    w = words(language)
    return w("“{agreed}”: is that how we both understand it?", agreed=agreed[0])


async def _record(visit: Visit, draft: MeetingDraft, fields: Mapping[str, str]) -> Response:
    offered = await known.offered(visit, fields.get("organisation", ""), _chosen(fields))
    found = _understood(visit, fields, offered)
    if found.form is not None:
        try:
            done = await jotting.record(visit.doors, draft, minutes.of(found.form, visit.reader.rep))
        except UserError as error:
            found.complain(error, fields)
        except StaleVersion:
            return await _elsewhere(visit, fields)
        else:
            return RedirectResponse(f"/meetings/{done.meeting.id}?done=recorded", status_code=303)
    for name in jotting.held(fields, form.free(fields)):
        found.problems[name] = UserError(HELD)
    return await _page(visit, draft, fields, hand=draft.hand, problems=found.problems, offered=offered)


def _understood(visit: Visit, fields: Mapping[str, str], offered: Offered) -> Understood:
    chosen = next((s for s in offered.scenarios if s.id == fields.get("scenario", "")), None)
    now = visit.doors.clock.now()
    return understood(fields, offered.chosen, offered.rivals, chosen, now, visit.reader.rep)


async def _elsewhere(visit: Visit, fields: Mapping[str, str]) -> Response:
    """Another page wrote meanwhile: both are kept until somebody says which is meant."""
    draft = await _mine(visit)
    if draft.ended_at is not None:
        return await _ended(visit, draft)
    return await _page(visit, draft, fields, hand=visit.doors.chance.new_id(), status=409)


async def _ended(visit: Visit, draft: MeetingDraft) -> Response:
    made = await visit.doors.store.get(Meeting, meeting_key(draft.rep_id, draft.id))
    return RedirectResponse(f"/meetings/{made.id}" if made else "/record", status_code=303)


async def _keep(visit: Visit, draft: MeetingDraft, fields: Mapping[str, str]) -> MeetingDraft:
    seen = visit.form.get("version", "")
    return await jotting.keep(
        visit.doors,
        draft,
        fields,
        hand=visit.form.get("hand", "")[:40],
        seen=int(seen) if seen.isdecimal() and len(seen) < 9 else 0,
        free=form.free(fields),
    )


async def _mine(visit: Visit) -> MeetingDraft:
    """The draft, which is its writer's alone.

    Raises:
        HTTPException: 404 for one that does not exist, and for anybody else's.
    """
    draft = await visit.doors.store.get(MeetingDraft, visit.key())
    if draft is None or draft.rep_id != visit.reader.rep.id:
        raise HTTPException(404)
    return draft


async def _page(
    visit: Visit,
    draft: MeetingDraft,
    fields: Mapping[str, str],
    *,
    hand: str,
    status: int = 200,
    problems: Mapping[str, UserError] | None = None,
    offered: Offered | None = None,
) -> Response:
    offered = offered or await known.offered(visit, fields.get("organisation", ""), _chosen(fields))
    said = visit.request.query_params.get("q", "")[:200]
    return visit.page(
        "record.html",
        status=400 if problems else status,
        sheet=Sheet(visit.w, draft, fields, offered, problems or {}, hand),
        today=str(_here(visit).date()),
        elsewhere=status == 409,
        said=said,
        found=await known.people(visit, said) if said else (),
    )


def _chosen(fields: Mapping[str, str]) -> tuple[str, ...]:
    named = (form.row(fields, "people", n)["person"] for n in form.rows(fields, "people"))
    return tuple(dict.fromkeys(key for key in named if key))


def _here(visit: Visit) -> datetime:
    """Now, where the reader is."""
    return visit.doors.clock.now().astimezone(zone_of(visit.reader.rep.timezone))
