"""What things are called: states, steps, roles, tasks, legal bases, proposed times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nurture.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import StrEnum

    from nurture.core.slots import Slot
    from nurture.i18n import Words

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
    "gratitude": mark("thanks for the time together"),
    "introduction": mark("introduction to the successor"),
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

SPECIALTIES: Final[Mapping[str, str]] = {
    "anesthesiology": mark("Anesthesiology"),
    "breast_surgery": mark("Breast surgery"),
    "cardiology": mark("Cardiology"),
    "clinical_engineering": mark("Clinical engineering"),
    "cv_surgery": mark("Cardiovascular surgery"),
    "dermatology": mark("Dermatology"),
    "diabetes": mark("Diabetes"),
    "emergency": mark("Emergency"),
    "gastroenterology": mark("Gastroenterology"),
    "gi_surgery": mark("Digestive surgery"),
    "hematology": mark("Hematology"),
    "hospital_management": mark("Hospital management"),
    "infection_control": mark("Infection control"),
    "infectious_disease": mark("Infectious disease"),
    "intensive_care": mark("Intensive care"),
    "internal_medicine": mark("Internal medicine"),
    "laboratory": mark("Laboratory medicine"),
    "medical_informatics": mark("Medical informatics"),
    "neurology": mark("Neurology"),
    "neurosurgery": mark("Neurosurgery"),
    "nursing": mark("Nursing (specialty)"),
    "nursing_management": mark("Nursing management"),
    "obgyn": mark("Obstetrics and gynecology"),
    "oncology": mark("Oncology"),
    "ophthalmology": mark("Ophthalmology"),
    "orl": mark("Otorhinolaryngology"),
    "orthopaedics": mark("Orthopaedics"),
    "pathology": mark("Pathology"),
    "pediatrics": mark("Pediatrics"),
    "primary_care": mark("Primary care"),
    "psychiatry": mark("Psychiatry"),
    "radiology": mark("Radiology"),
    "rehabilitation": mark("Rehabilitation"),
    "respiratory": mark("Respiratory medicine"),
    "surgery": mark("Surgery"),
    "thoracic_surgery": mark("Thoracic surgery"),
    "urology": mark("Urology"),
}
"""Specialties that the shipped calendars tell apart; others are shown by their id."""

REGIONS: Final[Mapping[str, str]] = {
    "hokkaido": mark("Hokkaido"),
    "tohoku": mark("Tohoku"),
    "kanto": mark("Kanto"),
    "chubu": mark("Chubu"),
    "kinki": mark("Kinki"),
    "chugoku_shikoku": mark("Chugoku and Shikoku"),
    "kyushu": mark("Kyushu"),
}
"""Regions of Japan as calendars name them; others are shown by their id."""

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

STANCES: Final[Mapping[str, str]] = {
    "sceptical": mark("sceptical"),
    "neutral": mark("neutral"),
    "supportive": mark("supportive"),
    "unknown": mark("hard to say"),
}

PHASES: Final = (
    mark("first contact"),
    mark("need"),
    mark("proposal"),
    mark("decision"),
    mark("contract"),
)
"""How far a deal is, by the number of the phase from 1."""

BASES: Final[Mapping[str, str]] = {
    "consent": mark("consent"),
    "business_card": mark("business card"),
    "relationship": mark("business relationship"),
    "published": mark("published address"),
    "none": mark("none"),
}


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


def specialty(w: Words, specialty_id: str) -> str:
    """A specialty in words; those that an installation added are shown by their id."""
    return w(SPECIALTIES[specialty_id]) if specialty_id in SPECIALTIES else specialty_id


def region(w: Words, region_id: str) -> str:
    """A region in words; others than those of Japan are shown by their id."""
    return w(REGIONS[region_id]) if region_id in REGIONS else region_id


def task(w: Words, kind: str) -> str:
    """A kind of task in words."""
    return w(TASKS[kind]) if kind in TASKS else kind


def stance(w: Words, value: StrEnum | str) -> str:
    """How somebody felt, in words."""
    return w(STANCES[value]) if value in STANCES else str(value)


def phases(w: Words) -> tuple[str, ...]:
    """How far a deal can be, in words, in order."""
    return tuple(w(phase) for phase in PHASES)


def phase(w: Words, number: int) -> str:
    """How far a deal is; a number beyond the list is its end."""
    return phases(w)[min(max(number, 1), len(PHASES)) - 1]


def basis(w: Words, kind: StrEnum | str) -> str:
    """A legal basis for mail in words."""
    return w(BASES[kind]) if kind in BASES else str(kind)
