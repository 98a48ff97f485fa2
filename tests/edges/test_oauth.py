"""Access tokens: consent in three ways, renewal, mail servers that take them; against a real server."""

from __future__ import annotations

import asyncio
import base64
import json
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest

from nurture.clock import SeededChance, SimulatedClock
from nurture.config import ImapSettings, MailboxSettings, OAuth, Secret, SmtpSettings
from nurture.core.ids import MailboxId
from nurture.core.sending import Letter, Verdict
from nurture.errors import PermanentFailure, TemporaryFailure, UserError
from nurture.imap import ImapMailbox
from nurture.oauth import Tokens, consent
from nurture.oauth.providers import endpoints
from nurture.smtp import SmtpSender
from tests.servers.dovecot import running_dovecot
from tests.servers.oauth import CLIENT, SECRET, USER, Authority, authority
from tests.servers.scripted import FaultySmtp, serving

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2027, 5, 10, 1, 0, tzinfo=UTC)
BOX = MailboxId("tanaka")
LETTER = Letter(BOX, USER, "sato@hospital.example", b"Subject: x\r\n\r\nhello\r\n", "<1@maker.example>")


class House:
    """Tokens in a folder, at a time that stands still."""

    def __init__(self, folder: Path, server: Authority, port: int = 25) -> None:
        self.clock = SimulatedClock(NOW)
        self.folder = folder / "tokens"
        self.tokens = Tokens(self.folder, lambda _: SECRET, self.clock)
        self.chance = SeededChance(1)
        oauth = OAuth(
            "other",
            CLIENT,
            Secret(env="X"),
            authorize_url=f"{server.url}/authorize",
            token_url=f"{server.url}/token",
            device_url=f"{server.url}/device",
            scope="mail offline",
        )
        smtp = SmtpSettings("127.0.0.1", port, "none", USER)
        self.box = MailboxSettings(BOX, USER, "田中", smtp, oauth=oauth)

    async def consent(self) -> None:
        """As the command does it, with a browser that follows where it is sent."""
        pages: list[asyncio.Task[httpx.Response]] = []

        async def browse(url: str) -> httpx.Response:
            """The owner's browser."""
            async with httpx.AsyncClient(follow_redirects=True, trust_env=False) as browser:
                return await browser.get(url)

        held = await consent.by_browser(
            self.tokens,
            self.box,
            self.chance,
            lambda url: pages.append(asyncio.create_task(browse(url))),
            "thanks",
        )
        page = await pages[0]
        self.tokens.keep(BOX, held)

        assert (200, True) == (page.status_code, "thanks" in page.text)

    def later(self, **time: float) -> None:
        """Let time pass."""
        self.clock.advance_to(self.clock.now() + timedelta(**time))


async def test_consent_by_browser(tmp_path: Path) -> None:
    """The question carries state, scope and a PKCE challenge; the token is kept where nobody else reads it."""
    async with authority() as server:
        house = House(tmp_path, server)
        await house.consent()

        assert "access-2" == await house.tokens.access(house.box)
    asked = server.asked[0]
    assert ("code", CLIENT, "mail offline", "S256", USER) == tuple(
        asked[key] for key in ("response_type", "client_id", "scope", "code_challenge_method", "login_hint")
    )
    assert asked["redirect_uri"].startswith("http://127.0.0.1:")
    assert 0o600 == (house.folder / "tanaka.json").stat().st_mode & 0o777
    assert 0o700 == house.folder.stat().st_mode & 0o777
    assert "access-2" not in repr(house.tokens.read(BOX))


async def test_an_answer_to_another_question_is_none(tmp_path: Path) -> None:
    """A page that sends the browser to our port with a code of its own (CSRF) gets nothing; nor does a refusal."""
    async with authority() as server:
        house = House(tmp_path, server)
        asked = consent.Consent(house.tokens, house.box, house.chance, "http://127.0.0.1:8/")
        state = httpx.URL(asked.url).params["state"]
        with pytest.raises(UserError, match="state"):
            await asked.finish("http://127.0.0.1:8/?code=evil&state=other")
        with pytest.raises(UserError, match="the owner said no"):
            await asked.finish(f"/?error=access_denied&error_description=the+owner+said+no&state={state}")
        with pytest.raises(UserError, match="invalid_grant"):
            await asked.finish(f"/?code=guessed&state={state}")


async def test_a_page_that_guesses_our_port_is_in_nobodys_way(tmp_path: Path) -> None:
    """Whatever else comes to the port finds nothing there, and the answer is waited for all the same."""
    async with authority() as server, httpx.AsyncClient(follow_redirects=True, trust_env=False) as browser:
        house = House(tmp_path, server)
        found: list[int] = []

        async def browse(url: str) -> None:
            """Somebody else's page first, then the owner."""
            port = httpx.URL(httpx.URL(url).params["redirect_uri"]).port
            here = f"http://127.0.0.1:{port}"
            for page in (f"{here}/?code=evil&state=other", f"{here}/favicon.ico", f"{here}/?state=%E3%81%82", url):
                answer = await browser.get(page)
                found.append(answer.status_code)

        pages: list[asyncio.Task[None]] = []
        held = await consent.by_browser(
            house.tokens,
            house.box,
            house.chance,
            lambda url: pages.append(asyncio.create_task(browse(url))),
            "thanks",
        )
        await pages[0]

    assert [404, 404, 404, 200] == found
    assert "access-2" == held.access_token


async def test_consent_by_copying_the_address(tmp_path: Path) -> None:
    """Where the browser runs on another machine, the person copies the address it ended on."""
    async with authority() as server:
        house = House(tmp_path, server)
        asked = consent.Consent(house.tokens, house.box, house.chance, consent.nowhere(house.box))
        async with httpx.AsyncClient(trust_env=False) as browser:
            ended = (await browser.get(asked.url)).headers["location"]
        house.tokens.keep(BOX, await asked.finish(f"  {ended}\n"))

        assert "access-2" == await house.tokens.access(house.box)


async def test_consent_by_a_code(tmp_path: Path) -> None:
    """RFC 8628: the provider is asked again at its pace, more slowly when it says so, until there is an answer."""
    shown: list[tuple[str, str]] = []
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        """Time passes."""
        slept.append(seconds)

    async with authority() as server:
        server.pending = 3
        house = House(tmp_path, server)
        held = await consent.by_device(house.tokens, house.box, lambda *said: shown.append(said), sleep)
        server.denies = True
        with pytest.raises(UserError, match="access_denied"):
            await consent.by_device(house.tokens, house.box, lambda *_: None, sleep)
        google = replace(house.box, oauth=OAuth("google", CLIENT))
        with pytest.raises(UserError, match="no consent by code"):
            await consent.by_device(house.tokens, google, lambda *_: None, sleep)

    assert "access-1" == held.access_token
    assert [(f"{server.url}/code", "ABCD-EFGH")] == shown
    assert [1, 1, 1, 6, 1] == slept


async def test_nobody_waits_for_ever(tmp_path: Path) -> None:
    """A person who does not come back ends the command, not hangs it."""
    async with authority() as server:
        house = House(tmp_path, server)
        with pytest.raises(UserError, match="in time"):
            await consent.by_browser(
                house.tokens, house.box, house.chance, lambda _: None, "thanks", patience=0.05
            )


async def test_a_token_is_renewed_before_it_runs_out(tmp_path: Path) -> None:
    """Kept as long as it holds, renewed once for all who ask at the same time, by the last refresh token."""
    async with authority() as server:
        house = House(tmp_path, server)
        await house.consent()
        first = await house.tokens.access(house.box)
        house.later(minutes=59)
        second = await asyncio.gather(*(house.tokens.access(house.box) for _ in range(10)))
        house.later(minutes=59)
        third = await Tokens(house.folder, lambda _: SECRET, house.clock).access(house.box)

    assert ("access-2", {"access-3"}, "access-4") == (first, set(second), third)
    assert ["authorization_code", "refresh_token", "refresh_token"] == [
        form["grant_type"] for form in server.forms
    ]


async def test_without_consent_nothing(tmp_path: Path) -> None:
    """Nobody asked yet; consent withdrawn; another client; a provider that is not there or talks nonsense."""
    async with authority() as server:
        house = House(tmp_path, server)
        with pytest.raises(UserError, match="consented"):
            await house.tokens.access(house.box)
        await house.consent()
        assert house.box.oauth is not None
        other = replace(house.box, oauth=replace(house.box.oauth, client_id="other"))
        with pytest.raises(UserError, match="consented"):
            await house.tokens.access(other)
        house.later(hours=2)
        for nonsense in ("busy", '{"x": 1}', "{", '{"error": "temporarily_unavailable"}', "[]"):
            server.broken = nonsense
            with pytest.raises(TemporaryFailure):
                await house.tokens.access(house.box)
        server.broken = ""
        server.refreshers.clear()
        with pytest.raises(PermanentFailure, match="invalid_grant") as caught:
            await house.tokens.access(house.box)
    assert "refresh-" not in str(caught.value)
    with pytest.raises(TemporaryFailure, match="Connect"):
        await house.tokens.access(house.box)


async def test_a_consent_that_does_not_last_is_none(tmp_path: Path) -> None:
    """Without a refresh token the mailbox would fall silent after an hour: said at once."""
    async with authority() as server:
        server.no_refresh = True
        with pytest.raises(UserError, match="refresh token"):
            await House(tmp_path, server).consent()


@pytest.mark.parametrize("content", ["", "{}", '{"client_id": 1}', "[1]"])
async def test_files_that_are_wrong_are_said(tmp_path: Path, content: str) -> None:
    """A file that others can read, or that is no token."""
    async with authority() as server:
        house = House(tmp_path, server)
        house.folder.mkdir()
        path = house.folder / "tanaka.json"
        path.write_text(content, encoding="utf-8")
        path.chmod(0o644)
        with pytest.raises(UserError, match="others can read"):
            await house.tokens.access(house.box)
        path.chmod(0o600)
        with pytest.raises(UserError, match="no token"):
            await house.tokens.access(house.box)


async def test_letters_leave_with_a_token(tmp_path: Path) -> None:
    """AUTH XOAUTH2 with the token; one that is refused is not shown again; the words hold no token."""
    mail = FaultySmtp(extensions=("AUTH XOAUTH2 PLAIN", "8BITMIME"))
    async with authority() as server, serving(mail) as port:
        house = House(tmp_path, server, port)
        smtp = SmtpSender({BOX: house.box}, lambda _: "", access=house.tokens)
        before = await smtp.send(LETTER)
        await house.consent()
        first = await smtp.send(LETTER)
        await smtp.close()
        mail.faults["auth"] = "535 5.7.3 Authentication unsuccessful"
        refused = await smtp.send(LETTER)
        mail.faults.clear()
        again = await smtp.send(LETTER)
        await smtp.close()

    said = [base64.b64decode(c.split()[2]).decode() for c in mail.commands if c.startswith("AUTH XOAUTH2")]
    assert (Verdict.LATER, True) == (before.verdict, "nobody has consented" in before.answer)
    assert [Verdict.ACCEPTED, Verdict.REFUSED, Verdict.ACCEPTED] == [o.verdict for o in (first, refused, again)]
    assert [f"user={USER}\1auth=Bearer access-{n}\1\1" for n in (2, 2, 3)] == said
    assert "access-" not in refused.answer


async def test_mail_is_read_with_a_token(tmp_path: Path) -> None:
    """A real Dovecot asks our authority about the token: it takes a good one, and what is refused is renewed."""
    async with authority() as server, AsyncExitStack() as stack:
        dovecot = await asyncio.to_thread(stack.enter_context, running_dovecot(f"{server.url}/introspect"))
        house = House(tmp_path, server)
        imap = ImapSettings("127.0.0.1", dovecot.port, "none", USER)
        box = replace(house.box, imap=imap)
        mailbox = ImapMailbox(box, lambda _: "", house.clock, access=house.tokens)
        await house.consent()
        await mailbox.fetch((), 10)
        await mailbox.close()
        server.good.clear()  # withdrawn before its time
        with pytest.raises(PermanentFailure, match="login") as caught:
            await mailbox.fetch((), 10)
        await mailbox.fetch((), 10)
        await mailbox.close()
        log = dovecot.log()

    assert "access-" not in str(caught.value)
    assert "XOAUTH2" in log.upper()


def test_providers_are_known() -> None:
    """Google and Microsoft are named, not spelled out; Microsoft's organisation is in its addresses."""
    google = endpoints(OAuth("google", CLIENT))
    microsoft = endpoints(OAuth("microsoft", CLIENT, tenant="maker.example"))

    assert ("https://mail.google.com/", "offline", "") == (
        google.scope,
        google.extra["access_type"],
        google.device,
    )
    assert "https://login.microsoftonline.com/maker.example/oauth2/v2.0/token" == microsoft.token
    assert {"https://outlook.office.com/SMTP.Send", "offline_access"} <= set(microsoft.scope.split())


@pytest.mark.parametrize(
    ("provider", "there"),
    [
        ("microsoft", "http://localhost:4711"),
        ("google", "http://127.0.0.1:4711"),
        ("other", "http://127.0.0.1:4711/"),
    ],
)
def test_the_browser_is_sent_to_what_is_registered(provider: str, there: str) -> None:
    """Microsoft knows this machine as http://localhost, any port and no slash behind it."""
    assert there == endpoints(OAuth(provider, "x")).redirect(4711)


def test_what_is_kept_is_plain_json(tmp_path: Path) -> None:
    """So that an administrator can see when it runs out."""
    tokens = Tokens(tmp_path, lambda _: SECRET, SimulatedClock(NOW))
    tokens.keep(
        BOX, tokens.held(OAuth("google", CLIENT), {"access_token": "a", "refresh_token": "r", "expires_in": "60"})
    )

    assert "2027-05-10T01:01:00+00:00" == json.loads((tmp_path / "tanaka.json").read_text())["expires_at"]
