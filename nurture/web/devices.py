"""What a browser says of itself, in a few words: so that somebody recognises the own phone in a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nurture.core.messages import Entry

if TYPE_CHECKING:
    from datetime import datetime

    from starlette.requests import Request

    from nurture.core.change import LoginToken

MARK: Final = 16
"""Characters of a session's id that stand in the journal."""
_PROGRAMS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_DEVICES: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "Chromebook"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)


def device(request: Request) -> str:
    """The browser in a few words, from a fixed list: "Safari · iPhone"; empty when it is none of them."""
    said = request.headers.get("user-agent", "")[:400]
    parts = (next((name for mark, name in known if mark in said), "") for known in (_PROGRAMS, _DEVICES))
    return " · ".join(part for part in parts if part)


def line(token: LoginToken, at: datetime, request: Request) -> Entry:
    """The journal's line of a signing in."""
    return Entry(at, "login.used", token.rep_id, {"session": token.id[:MARK], "device": device(request)})
