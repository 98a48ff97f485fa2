"""Access tokens for other programs: what one may do, and on whose behalf."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from nurture.core.ids import RepId
from nurture.core.people import AccessRole, Representative

if TYPE_CHECKING:
    from datetime import datetime


class Scope(StrEnum):
    """What a token may be used for. To write does not include to read."""

    PEOPLE_READ = "people:read"
    PEOPLE_WRITE = "people:write"
    SUPPRESSIONS_WRITE = "suppressions:write"
    DEALS_READ = "deals:read"
    MEETINGS_READ = "meetings:read"
    MEETINGS_WRITE = "meetings:write"
    ENROLLMENTS_READ = "enrollments:read"
    ENROLLMENTS_WRITE = "enrollments:write"
    MESSAGES_READ = "messages:read"
    MESSAGES_APPROVE = "messages:approve"
    TASKS_READ = "tasks:read"
    TASKS_WRITE = "tasks:write"
    TIMELINE_READ = "timeline:read"
    REPORTS_READ = "reports:read"
    EVENTS_READ = "events:read"


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token for another program. ``id`` is the sha256 of its secret, which is kept nowhere."""

    id: str
    name: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    created_by: RepId
    rep_id: RepId | None = None  # on whose behalf; None: the installation's
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    used_at: datetime | None = None  # to the hour
    version: int = 0

    def holds(self, now: datetime) -> bool:
        """Whether it is good for anything now."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


PREFIX: Final = "nurture_"
"""How the secret of a token begins, so that it is recognised where it should not be."""
SHOWN: Final = 8
"""So many digits of a token's id name it."""


def actor(token: ApiToken) -> RepId:
    """Whom the journal names: the representative, or ``api:`` and the name of the token."""
    return token.rep_id or RepId(f"api:{token.name}")


def installation(token: ApiToken) -> Representative:
    """Whoever acts with the installation's token: sees everything, and is nobody."""
    return Representative(actor(token), token.name, "", access=(AccessRole.ADMINISTRATOR,))


def used(token: ApiToken, now: datetime) -> ApiToken | None:
    """The token with the hour of its use; None where that is known already."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    return None if token.used_at == hour else replace(token, used_at=hour)
