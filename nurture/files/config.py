"""config.toml to settings: strict, with file, line and a hint for everything that is wrong.

Every key is documented in ``config.example.toml``; a test sees to it that this stays so. Secrets stand here
only as references (``{env = "…"}``, ``{credential = "…"}``, ``{file = "…"}``): the file can be shown to
anybody, and a password that is written into it is refused.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from nurture.config import (
    Company,
    ImapSettings,
    MailboxSettings,
    Settings,
    SmtpSettings,
    Web,
    Work,
)
from nurture.core import cron
from nurture.core.ids import MailboxId, RepId
from nurture.core.people import AccessRole, Representative
from nurture.errors import UserError, Where
from nurture.files.chats import chats
from nurture.files.limits import limits, mailbox_limits
from nurture.files.secrets import LOOPBACK, login, read_dkim, read_oauth, read_oidc, secret
from nurture.files.toml import Table, read
from nurture.files.webhooks import webhooks
from nurture.files.yaml import nearest, not_among
from nurture.i18n import LANGUAGES
from nurture.mail.address import check_address
from nurture.mail.envelope import check_pattern

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

NAME: Final = "config.toml"
VARIABLE: Final = "NURTURE_CONFIG"
SECURITY: Final = ("tls", "starttls", "none")

_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_POSTAL = re.compile(r"\d{3}-\d{4}")


def find(option: Path | None, environ: Mapping[str, str], here: Path) -> Path:
    """The configuration to use: the option, else $NURTURE_CONFIG, else config.toml in the current folder.

    Either may name the file or its folder.

    Raises:
        UserError: there is none.
    """
    named = option or (Path(environ[VARIABLE]) if environ.get(VARIABLE) else None)
    path = here / (named or NAME)
    if path.is_dir():
        path /= NAME
    if path.is_file():
        return path
    raise UserError(
        "there is no configuration {file}",
        hint="make a working folder with: nurture init FOLDER, or name yours with --config",
        file=str(named or NAME),
    )


def load(path: Path, name: str | None = None) -> Settings:
    """The settings that a configuration file says; relative paths start from its folder.

    Args:
        path: the file.
        name: what to call it in messages; else its path.

    Raises:
        UserError, UserErrors: what is wrong, all of it at once.
    """
    root = read(path, name)
    folder = path.resolve().parent
    mailboxes = tuple(_mailbox(table, folder) for table in root.tables("mailboxes"))
    reps = _representatives(root, mailboxes)
    paths = root.table("folders")
    settings = Settings(
        folder=folder,
        company=_company(root.table("company", required=True)),
        mailboxes=mailboxes,
        representatives=reps,
        scenarios=_folder(paths, "scenarios", folder),
        templates=_folder(paths, "templates", folder),
        calendars=_folder(paths, "calendars", folder),
        data=_folder(paths, "data", folder),
        language=root.choice("language", LANGUAGES, "ja"),
        timezone=_timezone(root, "Asia/Tokyo"),
        country=_country(root),
        web=_web(root.table("web"), mailboxes, folder),
        work=_work(root.table("work")),
        limits=limits(root.table("limits")),
        webhooks=webhooks(root.tables("webhooks"), folder),
        chats=chats(root.tables("chats"), folder, [rep.id for rep in reps]),
    )
    settings = replace(settings, database_url=_database(root.table("database"), settings))
    paths.done()
    root.done()
    _unique(root, "mailboxes", "address", [(box.id, box.address) for box in mailboxes])
    _unique(root, "representatives", "email", [(rep.id, rep.email) for rep in reps])
    root.document.check()
    return settings


def _company(table: Table) -> Company:
    company = Company(
        name=table.text("name"),
        postal_code=table.text("postal_code"),
        address=table.text("address"),
        phone=table.text("phone"),
        mail=_address(table, "mail"),
        url=table.text("url", ""),
        name_en=table.text("name_en", ""),
    )
    if company.postal_code and not _POSTAL.fullmatch(company.postal_code.removeprefix("〒").strip()):
        table.wrong(
            "postal_code", "found {found}, expected a postal code such as 100-0001", found=company.postal_code
        )
    if company.url and not company.url.startswith(("https://", "http://")):
        table.wrong("url", "found {found}, expected an address that begins with https://", found=company.url)
    table.done()
    return replace(company, postal_code=company.postal_code.removeprefix("〒").strip())


def _mailbox(table: Table, folder: Path) -> MailboxSettings:
    oauth = table.has("oauth")
    found = MailboxSettings(
        id=MailboxId(_slug(table)),
        address=_address(table, "address"),
        name=table.text("name"),
        smtp=_smtp(table.table("smtp", required=True), folder, oauth=oauth),
        imap=_imap(table.table("imap"), folder, oauth=oauth) if table.has("imap") else None,
        archive=_imap(table.table("archive"), folder, oauth=oauth, kept=True) if table.has("archive") else None,
        verp=_pattern(table, "verp"),
        reply_to=_pattern(table, "reply_to"),
        html=table.boolean("html", default=False) if table.has("html") else None,
        limits=mailbox_limits(table.table("limits")),
        oauth=read_oauth(table.table("oauth"), folder) if oauth else None,
        dkim=read_dkim(table.table("dkim"), folder) if table.has("dkim") else None,
    )
    table.known += ["html", *(name for name in ("imap", "archive", "oauth", "dkim") if not table.has(name))]
    table.done()
    return found


def _smtp(table: Table, folder: Path, *, oauth: bool) -> SmtpSettings:
    security = table.choice("security", SECURITY, "starttls")
    found = SmtpSettings(
        host=table.text("host"),
        port=table.whole("port", 465 if security == "tls" else 587, low=1, high=65535),
        security=security,
        username=table.text("username", ""),
        password=secret(table, "password", folder),
        timeout=table.seconds("timeout", 60.0, low=1, high=600),
        connections=table.whole("connections", 2, low=1, high=64),
        letters_per_connection=table.whole("letters_per_connection", 100, low=1, high=1_000_000),
    )
    login(table, found.host, found.security, found.username, found.password, oauth=oauth)
    table.done()
    return found


AFTER: Final = ("nothing", "mark read", "move to FOLDER")


def _imap(table: Table, folder: Path, *, oauth: bool, kept: bool = False) -> ImapSettings:
    """Where a mailbox is read; ``kept``: where copies of what it sends arrive, in one folder."""
    security = table.choice("security", SECURITY, "tls")
    found = ImapSettings(
        host=table.text("host"),
        port=table.whole("port", 993 if security == "tls" else 143, low=1, high=65535),
        security=security,
        username=table.text("username", ""),
        password=secret(table, "password", folder),
        folders=(table.text("folder", "INBOX"),) if kept else table.texts("folders") or ("INBOX",),
        junk=not kept and table.boolean("junk", default=True),
        look_back_days=0 if kept else table.whole("look_back_days", 0, low=0, high=365),
        sent_folder=None if kept else table.text("sent_folder", "") or None,
        after="nothing" if kept else _after(table),
        timeout=table.seconds("timeout", 30.0, low=1, high=600),
    )
    login(table, found.host, found.security, found.username, found.password, oauth=oauth)
    table.done()
    return found


def _after(table: Table) -> str:
    """What becomes of a mail that is recorded: nothing, mark read, or move to a folder."""
    said = table.text("after", "nothing").strip()
    target = said.removeprefix("move to ").strip() if said.startswith("move to ") else ""
    if said not in {"nothing", "mark read"} and not target:
        table.document.errors.append(not_among(said, AFTER, table.where("after")))
    elif target in (table.texts("folders") or ("INBOX",)):
        table.wrong("after", "mails cannot be moved to a folder that is read")
    return said


def _representatives(root: Table, mailboxes: tuple[MailboxSettings, ...]) -> tuple[Representative, ...]:
    tables = root.tables("representatives")
    reps = tuple(_representative(table, root, mailboxes) for table in tables)
    ids = [rep.id for rep in reps]
    for table, rep in zip(tables, reps, strict=True):
        if rep.manager_id == rep.id:
            table.wrong("manager", "nobody is their own manager")
        elif rep.manager_id is not None:
            _known(table, "manager", [rep.manager_id], ids)
        _known(table, "deputies", rep.deputy_ids, ids)
    return reps


def _representative(table: Table, root: Table, mailboxes: tuple[MailboxSettings, ...]) -> Representative:
    mailbox = table.text("mailbox", "")
    if mailbox:
        _known(table, "mailbox", [mailbox], [m.id for m in mailboxes])
    access = table.texts("access") or (AccessRole.REP.value,)
    for role in access:
        _known(table, "access", [role], [str(known) for known in AccessRole])
    if not mailbox and AccessRole.REP in access:
        if len(mailboxes) > 1:
            table.wrong("id", "which mailbox does this representative write from?", hint='add: mailbox = "…"')
        mailbox = mailboxes[0].id if mailboxes else ""
    manager = table.text("manager", "")
    rep = Representative(
        id=RepId(_slug(table)),
        name=table.text("name"),
        email=_address(table, "email"),
        kana=table.text("kana", ""),
        department=table.text("department", ""),
        title=table.text("title", ""),
        phone=table.text("phone", ""),
        mailbox_id=MailboxId(mailbox) if mailbox else None,
        manager_id=RepId(manager) if manager else None,
        deputy_ids=tuple(RepId(deputy) for deputy in table.texts("deputies")),
        access=tuple(AccessRole(role) for role in access if role in set(AccessRole)),
        language=table.choice("language", LANGUAGES, str(root.data.get("language", "ja"))),
        timezone=_timezone(table, str(root.data.get("timezone", "Asia/Tokyo"))),
        active=table.boolean("active", default=True),
    )
    table.done()
    return rep


def _known(table: Table, key: str, named: Iterable[str], known: Collection[str]) -> None:
    for word in named:
        if word not in known:
            guess = nearest(word, known)
            table.wrong(
                key,
                "found {found}, expected one of {expected}",
                hint="did you mean {guess}?" if guess else None,
                found=word,
                expected=", ".join(known),
                guess=guess,
            )


def _web(table: Table, mailboxes: tuple[MailboxSettings, ...], folder: Path) -> Web:
    login = table.text("login_mailbox", "")
    if login:
        _known(table, "login_mailbox", [login], [m.id for m in mailboxes])
    url = table.text("public_url", "").rstrip("/")
    parts = urlsplit(url)
    if url and not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)):
        table.wrong(
            "public_url",
            "found {found}, expected an address that begins with https://",
            hint="the desk is reached through a web server with a certificate; see docs/operations.md",
            found=url,
        )
    web = Web(
        host=table.text("host", "127.0.0.1"),
        port=table.whole("port", 8025, low=0, high=65535),
        public_url=url,
        login_mailbox=MailboxId(login) if login else None,
        approve_by_mail=table.boolean("approve_by_mail", default=True),
        session_hours=table.whole("session_hours", 12, low=1, high=24 * 90),
        oidc=read_oidc(table.table("oidc"), folder) if table.has("oidc") else None,
    )
    if web.oidc is not None and not url:
        table.wrong("oidc", "a provider sends people back to public_url, and there is none")
    table.known.append("oidc")
    table.done()
    return web


def _times(table: Table, key: str, default: str) -> str:
    text = table.text(key, default)
    if text and not cron.is_time(text):
        table.wrong(
            key,
            "{text} is no time as cron writes it",
            hint='minute, hour, day, month, weekday: "30 7 * * mon-fri" is half past seven on working days',
            text=repr(text),
        )
    return text


def _work(table: Table) -> Work:
    default = Work()
    work = Work(
        draft_days=table.whole("draft_days", default.draft_days, low=0, high=30),
        freshness_seconds=table.whole("freshness_seconds", default.freshness_seconds, low=10, high=3600),
        tolerance_minutes=table.whole("tolerance_minutes", default.tolerance_minutes, low=15, high=1440),
        undo_seconds=table.whole("undo_seconds", default.undo_seconds, low=0, high=3600),
        beat_seconds=table.whole("beat_seconds", default.beat_seconds, low=1, high=86_400),
        poll_seconds=table.whole("poll_seconds", default.poll_seconds, low=30, high=86_400),
        claim_batch=table.whole("claim_batch", default.claim_batch, low=1, high=1000),
        feed_hours=table.whole("feed_hours", default.feed_hours, low=1, high=168),
        confirm_opt_out=table.boolean("confirm_opt_out", default=default.confirm_opt_out),
        farewell=table.text("farewell", default.farewell),
        introduction=table.text("introduction", default.introduction),
        digest=_times(table, "digest", default.digest),
        report=_times(table, "report", default.report),
        html=table.boolean("html", default=default.html),
    )
    table.done()
    return work


def _database(table: Table, settings: Settings) -> str:
    """The URL with an absolute path; SQLite in the data folder when nothing is said."""
    url = table.text("url", "")
    table.done()
    if not url:
        return f"sqlite:///{(settings.data or settings.folder) / 'nurture.sqlite'}"
    if url.startswith("sqlite:///"):
        return f"sqlite:///{settings.folder / url.removeprefix('sqlite:///')}"
    try:
        parts = urlsplit(url)
        password = parts.password or dict(parse_qsl(parts.query)).get("password")
    except ValueError:
        parts, password = urlsplit(""), None
    if parts.scheme.partition("+")[0] not in {"postgresql", "postgres"}:
        table.wrong(
            "url",
            "found {found}, expected sqlite:///file or postgresql://host/database",
            found=url.partition("@")[2] or url,
        )
    elif password:
        table.wrong(
            "url",
            "a password must not stand in this file",
            hint="leave it out of the address and give it as PGPASSWORD or in the file that PGPASSFILE names",
        )
    return url


def _folder(table: Table, key: str, folder: Path) -> Path:
    return Path(os.path.normpath(folder / Path(table.text(key, key)).expanduser()))


def _slug(table: Table) -> str:
    value = table.text("id")
    if value and not _SLUG.fullmatch(value):
        table.wrong(
            "id",
            "found {found}, expected a short name of small letters, digits, - and _",
            found=value,
        )
    return value


def _address(table: Table, key: str) -> str:
    value = table.text(key)
    if not value:
        return value
    try:
        return check_address(value)
    except UserError as error:
        table.wrong(key, error.text, hint=error.hint, **error.values)
        return value


def _pattern(table: Table, key: str) -> str:
    """An address with a place for a token; empty when absent."""
    value = table.text(key, "")
    if not value:
        return ""
    try:
        return check_pattern(value)
    except UserError as error:
        table.wrong(key, error.text, hint=error.hint, **error.values)
        return ""


def _timezone(table: Table, default: str) -> str:
    value = table.text("timezone", default)
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        if table.has("timezone"):  # else the file's own default is to blame, and noted there
            table.wrong("timezone", "found {found}, expected a time zone such as Asia/Tokyo", found=value)
        return "Asia/Tokyo"
    return value


def _country(table: Table) -> str:
    value = table.text("country", "JP")
    if not re.fullmatch(r"[A-Z]{2}", value):
        table.wrong("country", "found {found}, expected a country code of two letters such as JP", found=value)
    return value


def _unique(root: Table, key: str, name: str, values: Sequence[tuple[str, str]]) -> None:
    """Ids and addresses name one thing each; the second one is at fault. ``name`` is the address's key."""
    seen: set[tuple[str, str]] = set()
    for at, (slug, address) in enumerate(values):
        for mark, said in (("id", slug), (name, address.lower())):
            if said and (mark, said) in seen:
                root.document.errors.append(
                    UserError("{found} is there twice", where=root.where(key, at, mark), found=said)
                )
            seen.add((mark, said))
    if not values:
        root.document.errors.append(
            UserError(
                "there is no [[{key}]] table",
                where=Where(file=root.document.file),
                hint="see config.example.toml: at least one mailbox and one representative are needed",
                key=key,
            )
        )
