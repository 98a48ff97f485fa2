"""The parts of config.toml that have to do with logging in and signing. Secrets stand elsewhere; here is where."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from nurture.config import Dkim, OAuth, Oidc, Secret

if TYPE_CHECKING:
    from pathlib import Path

    from nurture.files.toml import Table

LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
EXAMPLE: Final = '{env = "NURTURE_MAIL_PASSWORD"}'
PROVIDERS: Final = ("google", "microsoft", "other")

_TENANT = re.compile(r"[A-Za-z0-9.-]{1,253}")
_NAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?:\.(?!-)[A-Za-z0-9_-]{1,63})*")


def login(
    table: Table, host: str, security: str, username: str, password: Secret | None, *, oauth: bool = False
) -> None:
    """Check how a server is logged in to. ``oauth``: the mailbox has access tokens, so it needs no password."""
    if security == "none" and host not in LOOPBACK:
        table.wrong(
            "security",
            "a connection to {host} must be encrypted",
            hint='"none" is for a server on this machine; use "tls" or "starttls"',
            host=host,
        )
    if username and password is None and not table.has("password") and not oauth:
        table.wrong(
            "username",
            "there is a username but no password",
            hint="add, for example: {example}",
            example=f"password = {EXAMPLE}",
        )


def secret(table: Table, key: str, folder: Path) -> Secret | None:
    """A reference to a secret; the secret itself is refused, and never shown."""
    table.known.append(key)
    value = table.data.get(key)
    if value is None:
        return None
    if not isinstance(value, dict):
        table.wrong(
            key,
            "a password must not stand in this file",
            hint="write where it is, for example: {example}",
            example=f"{key} = {EXAMPLE}",
        )
        return None
    named = {place: said for place, said in value.items() if place in {"env", "credential", "file"}}
    said = next(iter(named.values()), None)
    if len(value) != 1 or len(named) != 1 or not isinstance(said, str) or not said.strip():
        table.wrong(
            key,
            "expected exactly one of env, credential and file, with a name",
            hint="write where it is, for example: {example}",
            example=f"{key} = {EXAMPLE}",
        )
        return None
    if "env" in named:
        return Secret(env=said)
    return Secret(credential=said) if "credential" in named else Secret(file=str(folder / said))


def read_oauth(table: Table, folder: Path) -> OAuth:
    """``[mailboxes.oauth]``: who gives access tokens."""
    provider = table.choice("provider", PROVIDERS, "other")
    own = provider == "other"
    found = OAuth(
        provider=provider,
        client_id=table.text("client_id"),
        client_secret=secret(table, "client_secret", folder),
        tenant=table.text("tenant", "common"),
        authorize_url=_url(table, "authorize_url", required=own),
        token_url=_url(table, "token_url", required=own),
        device_url=_url(table, "device_url", required=False),
        scope=table.text("scope") if own else table.text("scope", ""),
    )
    if not _TENANT.fullmatch(found.tenant):
        table.wrong("tenant", "found {found}, expected a domain or an id", found=found.tenant)
    table.done()
    return found


CLAIMS: Final = ("email", "preferred_username")
SHARED: Final = ("common", "organizations", "consumers")


def read_oidc(table: Table, folder: Path) -> Oidc:
    """``[web.oidc]``: who says who somebody is."""
    found = Oidc(
        issuer=_url(table, "issuer", required=True),
        client_id=table.text("client_id"),
        client_secret=secret(table, "client_secret", folder),
        name=table.text("name", ""),
        claim=table.choice("claim", CLAIMS, "email"),
        only=table.boolean("only", default=False),
    )
    host, _, path = found.issuer.partition("://")[2].partition("/")
    if host == "login.microsoftonline.com" and path.partition("/")[0] in SHARED:
        table.wrong(
            "issuer",
            "everybody at Microsoft could sign in with {found}",
            hint="write the id of your own tenant: https://login.microsoftonline.com/TENANT/v2.0",
            found=found.issuer,
        )
    table.done()
    return found


def _url(table: Table, key: str, *, required: bool) -> str:
    """An address to which secrets are sent: encrypted, or on this machine."""
    url = table.text(key) if required else table.text(key, "")
    parts = urlsplit(url)
    if url and not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)):
        table.wrong(key, "found {found}, expected an address that begins with https://", found=url)
    return url


def read_dkim(table: Table, folder: Path) -> Dkim:
    """``[mailboxes.dkim]``: with which key the mailbox signs."""
    found = Dkim(
        domain=table.text("domain").lower(),
        selector=table.text("selector").lower(),
        key=secret(table, "key", folder) or Secret(),
    )
    for name, value in (("domain", found.domain), ("selector", found.selector)):
        if value and not _NAME.fullmatch(value):
            table.wrong(name, "found {found}, expected a name as it stands in the DNS", found=value)
    if not table.has("key"):
        table.wrong(
            "domain",
            "there is no key to sign with",
            hint="add, for example: {example}",
            example='key = {file = "secrets/dkim.pem"}',
        )
    table.done()
    return found
