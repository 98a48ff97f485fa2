"""The desk as one value: the doors, the keys, the pages' forms."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from itsdangerous import BadSignature, Signer, URLSafeSerializer
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from nurture.i18n import LANGUAGES, words
from nurture.web.fresh import Fresh
from nurture.web.labels import Labels
from nurture.web.limits import Limit
from nurture.web.recent import Recent

if TYPE_CHECKING:
    from starlette.requests import Request

    from nurture.core.standing import Standing
    from nurture.i18n import Words
    from nurture.ports import Doors, Identity
    from nurture.web.access import Reader
    from nurture.web.names import EntryNames

HERE: Final = Path(__file__).parent
LANGUAGE_COOKIE: Final = "nurture-language"


def _pages() -> Environment:
    return Environment(
        loader=FileSystemLoader(HERE / "html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _version() -> str:
    """Changes with the static files, so that browsers may keep them."""
    digest = hashlib.sha256()
    for file in sorted((HERE / "static").rglob("*")):
        if file.is_file():
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Desk:
    """What every page is handed. ``secret`` signs sessions and forms; a new one signs everybody out."""

    doors: Doors
    secret: bytes = field(repr=False)
    names: EntryNames = field(repr=False)
    identity: Identity | None = None  # who says who somebody is, besides a link by mail
    pages: Environment = field(default_factory=_pages, repr=False)
    version: str = field(default_factory=_version)
    standing: Recent[Standing] = field(default_factory=Recent, repr=False)
    fresh: Fresh = field(init=False, repr=False)
    askers: Limit = field(default_factory=lambda: Limit(20, timedelta(minutes=15)), repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "fresh", Fresh(self.doors.store))

    @property
    def secure(self) -> bool:
        """Whether the desk is reached by https, so that cookies must never travel otherwise."""
        return self.doors.settings.web.public_url.lower().startswith("https://")

    @property
    def cookie(self) -> str:
        """The name of the session cookie; the prefix has browsers enforce Secure and Path (RFC 6265bis)."""
        return "__Host-nurture" if self.secure else "nurture"

    def sign(self, session: str) -> str:
        """A session's id as the cookie carries it."""
        return str(URLSafeSerializer(self.secret, salt="nurture.session").dumps(session))

    def unsign(self, cookie: str) -> str | None:
        """The session's id, or None for what was not signed here."""
        try:
            session = URLSafeSerializer(self.secret, salt="nurture.session").loads(cookie)
        except BadSignature:
            return None
        return session if isinstance(session, str) else None

    def csrf(self, session: str) -> str:
        """The token that the forms of this session carry."""
        return Signer(self.secret, salt="nurture.csrf").get_signature(session).decode("ascii")

    def words(self, request: Request, own: str | None = None) -> Words:
        """The language that was chosen at the desk, else one's own, else the installation's."""
        chosen = request.cookies.get(LANGUAGE_COOKIE, "")
        return words(chosen if chosen in LANGUAGES else own or self.doors.settings.language)

    def page(
        self,
        request: Request,
        name: str,
        *,
        reader: Reader | None = None,
        status: int = 200,
        **values: object,
    ) -> HTMLResponse:
        """A page, with everything that all pages share."""
        w = reader.words if reader else self.words(request)
        zone = reader.rep.timezone if reader else self.doors.settings.timezone
        shared: dict[str, object] = {
            "w": w,
            "labels": Labels(w, zone, self.doors.clock.now()),
            "reader": reader,
            "path": request.url.path,
            "version": self.version,
            "languages": LANGUAGES,
            "company": self.doors.settings.company.name,
        }
        return HTMLResponse(self.pages.get_template(name).render(shared | values), status_code=status)
