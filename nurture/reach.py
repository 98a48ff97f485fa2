"""One look at an address of ours from where we stand: does the desk answer there? Over httpx."""

from __future__ import annotations

import ssl
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

import httpx

from nurture.core.health import WebFacts
from nurture.wire import one_line, shown_tls

if TYPE_CHECKING:
    from datetime import datetime

MARK: Final = 'method="post"'
"""What the unsubscribe page has whatever its language: one form."""
LONGEST: Final = 200_000  # bytes of an answer that are read


async def reach(url: str, path: str, seconds: float, *, tls: ssl.SSLContext | None = None) -> WebFacts:
    """Ask once; redirects are not followed. Never raises for what is on the way.

    Args:
        url: the public address.
        path: of a page that needs no login.
        seconds: for all of it.
        tls: what the certificate is checked against; the system's authorities when None.
    """
    try:
        async with (
            httpx.AsyncClient(
                verify=tls or True, timeout=seconds, follow_redirects=False, trust_env=False
            ) as client,
            client.stream("GET", f"{url.rstrip('/')}{path}", headers={"User-Agent": "nurture doctor"}) as answer,
        ):
            stream: Any = answer.extensions.get("network_stream")
            _, ends = shown_tls(stream.get_extra_info("ssl_object") if stream is not None else None)
            body = b""
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > LONGEST:
                    break
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as problem:
        return WebFacts(url, problem=_words(problem))
    return WebFacts(
        url,
        status=answer.status_code,
        location=one_line(answer.headers.get("location", ""), 200) if answer.is_redirect else "",
        ours=answer.status_code == 200 and MARK in body.decode("utf-8", "replace"),
        expires_at=ends,
        date=_date(answer.headers.get("date", "")),
    )


def _words(problem: Exception) -> str:
    cause: BaseException | None = problem
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted ({one_line(cause.verify_message)})"
        cause = cause.__cause__ or cause.__context__
    return one_line(str(problem)) or type(problem).__name__


def _date(said: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(said)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else None
