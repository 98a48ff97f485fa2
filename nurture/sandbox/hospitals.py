"""Five invented hospitals and clinics, the vendor that sells to them, and the demo's own calendar.

None of them exists; their domains cannot (RFC 2606, ``.example``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

VENDOR_DOMAIN: Final = "hoshikage-medical.example"
PUBLIC_URL: Final = f"https://desk.{VENDOR_DOMAIN}"
"""What the desk calls itself. In the demo nothing listens there: whoever opens it is led to the loopback port,
as a reverse proxy with a certificate does in production."""


@dataclass(frozen=True, slots=True)
class Hospital:
    """An invented organisation."""

    key: str
    name: str
    latin: str  # for readers of English
    domain: str
    kind: str
    region: str


HOSPITALS: Final = (
    Hospital(
        "hinomori", "ひのもり総合病院", "Hinomori General Hospital", "hinomori-hp.example", "hospital", "kanto"
    ),
    Hospital(
        "hoshimi",
        "星見ヶ原大学附属病院",
        "Hoshimigahara University Hospital",
        "hoshimigahara-u.example",
        "university_hospital",
        "kanto",
    ),
    Hospital(
        "shiokaze", "しおかぜ記念病院", "Shiokaze Memorial Hospital", "shiokaze.example", "hospital", "tokai"
    ),
    Hospital("kaede", "かえで小路クリニック", "Kaede Lane Clinic", "kaede-koji.example", "clinic", "kanto"),
    Hospital(
        "midori",
        "みどりの杜中央病院",
        "Midorinomori Central Hospital",
        "midorinomori.example",
        "hospital",
        "kansai",
    ),
)


def hospital(key: str) -> Hospital:
    """The hospital of that key."""
    return next(one for one in HOSPITALS if one.key == key)
