"""How scenarios do: the mails of each step by state, the answers to them, who is on the way with which text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nurture.core.ids import ScenarioHash
    from nurture.core.messages import MessageState


@dataclass(frozen=True, slots=True)
class StepCount:
    """Mails of one step of a scenario, in any version of it, that are in one state.

    ``answered``: how many of them a person has answered.
    """

    scenario_id: str
    step_id: str
    state: MessageState
    mails: int
    answered: int = 0


@dataclass(frozen=True, slots=True)
class Running:
    """Enrollments that run (paused ones too) with one text of a scenario."""

    scenario_id: str
    scenario_hash: ScenarioHash
    count: int


@dataclass(frozen=True, slots=True)
class Standing:
    """All of it, as of one moment."""

    steps: tuple[StepCount, ...] = ()
    running: tuple[Running, ...] = ()
