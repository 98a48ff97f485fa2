"""The KPIs as they go out: the names of ``core.figures``, so that API, command line and code speak of the same."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import ConfigDict, Field

from nurture.api.schemas import Out

Way = Literal["month", "rep", "team", "scenario", "all"]


class RateOut(Out):
    """So many of so many."""

    hits: int
    of: int = Field(description="what can be told already; what is still open is not in it")
    share: float | None = Field(description="0 to 1; null of nothing")
    interval: tuple[float, float] | None = Field(
        description="within which the true share lies in 95 of 100 cases (Wilson)"
    )


class SpreadOut(Out):
    """How values lie; each is null where there are none."""

    count: int
    mean: float | None
    median: float | None
    first: float | None = Field(description="quartile")
    third: float | None = Field(description="quartile")
    ninth: float | None = Field(description="what nine of ten do not exceed")


class GroupOut(Out):
    """The KPIs of one month, representative, team or scenario."""

    key: str = Field(description="2026-11, or an id; empty: all, or outside of scenarios")
    name: str
    meetings: int
    thanks: RateOut = Field(description="thank-yous that left within three hours; goal: all")
    thanks_hours: SpreadOut = Field(description="from the end of the meeting, of those that left")
    slices: tuple[int, ...] = Field(
        description="thank-yous within 1, 3, 6 and 24 hours, later, not sent; empty where there is none"
    )
    thanks_open: int
    replied: RateOut = Field(description="answers to the minutes within 14 days; goal: 70 %")
    replied_open: int
    reply_days: SpreadOut
    agreed: RateOut = Field(description="answers that confirm the understanding")
    next: RateOut = Field(description="meetings that an appointment followed within 30 days")
    next_open: int
    entered: RateOut = Field(description="meetings with a record, of all that are known of; goal: all")
    record_hours: SpreadOut
    touches: SpreadOut = Field(description="of each deal that had one")
    channels: dict[str, int]
    answers: int = Field(description="to any mail")
    pilots: int


class KpiOut(Out):
    """The KPIs of those whose numbers the caller may see."""

    model_config = ConfigDict(serialize_by_alias=True)

    by: Way
    first: str = Field(alias="from", description="the first month that is counted")
    last: str = Field(alias="to", description="the last month that is counted")
    as_of: datetime = Field(description="as it was known then")
    groups: tuple[GroupOut, ...]
