"""Where consent is asked for and tokens are given, by provider. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nurture.config import OAuth


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What a provider wants. ``device`` is empty where it has no such flow for mail."""

    authorize: str
    token: str
    device: str
    scope: str
    redirect_host: str  # this machine, as the provider has it registered (RFC 8252, 7.3)
    extra: Mapping[str, str]  # said with the question for consent
    redirect_path: str = ""

    def redirect(self, port: int) -> str:
        """Where the browser is sent: as it is registered, but for the port."""
        return f"http://{self.redirect_host}:{port}{self.redirect_path}"


def endpoints(oauth: OAuth) -> Endpoints:
    """Google Workspace, Microsoft 365, or what the configuration says.

    Sources: developers.google.com/identity/protocols/oauth2/native-app; learn.microsoft.com, "Authenticate an
    IMAP, POP or SMTP connection using OAuth". Google's device flow does not give the scope for mail, and a refresh
    token comes with the first consent only, so consent is asked for each time. Microsoft compares the address of
    the answer sign by sign but for its port: what is registered as ``http://localhost`` has no slash at its end.
    """
    if oauth.provider == "google":
        return Endpoints(
            "https://accounts.google.com/o/oauth2/v2/auth",
            "https://oauth2.googleapis.com/token",
            "",
            "https://mail.google.com/",
            "127.0.0.1",
            {"access_type": "offline", "prompt": "consent"},
        )
    if oauth.provider == "microsoft":
        base = f"https://login.microsoftonline.com/{oauth.tenant}/oauth2/v2.0"
        office = "https://outlook.office.com"
        scope = f"{office}/SMTP.Send {office}/IMAP.AccessAsUser.All offline_access"
        return Endpoints(f"{base}/authorize", f"{base}/token", f"{base}/devicecode", scope, "localhost", {})
    return Endpoints(oauth.authorize_url, oauth.token_url, oauth.device_url, oauth.scope, "127.0.0.1", {}, "/")
