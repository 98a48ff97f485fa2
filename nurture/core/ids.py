"""Names of things. All are opaque strings; who makes them is ``ports.Chance`` (law 2)."""

from __future__ import annotations

import hashlib
from typing import NewType

OrganisationId = NewType("OrganisationId", str)
PersonId = NewType("PersonId", str)
RepId = NewType("RepId", str)  # a slug from config.toml, e.g. "tanaka"
DealId = NewType("DealId", str)
MeetingId = NewType("MeetingId", str)
PromiseId = NewType("PromiseId", str)
EnrollmentId = NewType("EnrollmentId", str)
MessageId = NewType("MessageId", str)  # our row; the header of RFC 5322 is Message.header_id
InboundId = NewType("InboundId", str)
TaskId = NewType("TaskId", str)
SuppressionId = NewType("SuppressionId", str)
MailboxId = NewType("MailboxId", str)  # a slug from config.toml
ScenarioHash = NewType("ScenarioHash", str)  # sha256 of the scenario file's bytes, hex


def step_key(enrollment: EnrollmentId, step: str) -> str:
    """The one id that the mail or task of this step of this enrollment can have.

    Derived, not drawn: planning the same step twice names the same row (32 hex digits).
    """
    return derived(enrollment, step)


def derived(kind: str, what: str) -> str:
    """A stable id for something that can exist once: the same names give the same 32 hex digits."""
    return hashlib.sha256(f"{kind}/{what}".encode()).hexdigest()[:32]
