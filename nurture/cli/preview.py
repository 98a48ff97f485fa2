"""``nurture preview``: a mail as it will look, or as the raw message that a server would get.

A template needs no database: it is written for an invented meeting. A mail's id shows what would leave.
"""

from __future__ import annotations

from datetime import datetime, time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from nurture.cli.terminal import Terminal, by_option, terminal
from nurture.core.people import ROLES
from nurture.errors import UserError
from nurture.i18n import LANGUAGES, mark

if TYPE_CHECKING:
    from pathlib import Path

    from nurture.config import Settings
    from nurture.core.content import ContentItem
    from nurture.core.draft import Draft
    from nurture.core.messages import Message
    from nurture.core.people import Representative
    from nurture.ports import Doors
    from nurture.render import TemplateWriter


@click.command(
    help=mark(
        "Show a mail as it will look. A template is written for an invented meeting, without a database; the id "
        "of a mail shows what would leave."
    )
)
@click.argument("what", metavar="TEMPLATE|MESSAGE")
@click.option(
    "--role",
    type=click.Choice((*ROLES, "none")),
    metavar="ROLE",
    default="clinician",
    show_default=True,
    help=mark("The reader's role: clinician, nursing, executive, it …; none: nobody noted it."),
)
@click.option(
    "--stance",
    type=click.Choice(("sceptical", "neutral", "supportive")),
    default="neutral",
    show_default=True,
    help=mark("How the reader felt in the meeting."),
)
@click.option(
    "--reader-language",
    type=click.Choice(LANGUAGES),
    default="ja",
    show_default=True,
    help=mark("The reader's language."),
)
@click.option("--raw", is_flag=True, help=mark("The raw message: header and encoded text."))
@by_option
def preview(what: str, role: str, stance: str, reader_language: str, raw: bool, by: str | None) -> None:
    """A template if there is one of that name, else a mail."""
    t = terminal()
    settings = _settings(t)
    writer = _writer(settings)
    if what in writer.ids() or not _may_be_id(what):
        message = _example(t, settings, writer, what, role, stance, reader_language, by)
    else:
        message = t.run(lambda doors: _stored(doors, what))
    if raw:
        from nurture.mail.compose import compose  # noqa: PLC0415

        zone = ZoneInfo(settings.timezone)
        at = (
            message.planned_at.astimezone(zone) if message.planned_at else datetime(2027, 4, 5, 16, 0, tzinfo=zone)
        )
        url = settings.web.public_url
        data = compose(
            message,
            date=at,
            unsubscribe_mail=message.from_address,
            unsubscribe_url=f"{url}/u/{message.unsubscribe_token}" if url.startswith("https://") else None,
        )
        click.echo(data, nl=False)
        return
    _show(t, message)


def _may_be_id(what: str) -> bool:
    from nurture.cli.find import SHORTEST  # noqa: PLC0415

    return len(what) >= SHORTEST and all(sign in "0123456789abcdef" for sign in what.lower())


def _settings(t: Terminal) -> Settings:
    """The reader's configuration; without one, the example that ships."""
    from pathlib import Path  # noqa: PLC0415

    from nurture.files import config  # noqa: PLC0415
    from nurture.files.shipped import EXAMPLE, shipped  # noqa: PLC0415

    try:
        config.find(t.config, t.environ, Path.cwd())
    except UserError:
        if t.config is not None or t.environ.get(config.VARIABLE):
            raise
        return config.load(shipped() / EXAMPLE)
    return t.settings()


def _writer(settings: Settings) -> TemplateWriter:
    from nurture.files.shipped import shipped  # noqa: PLC0415
    from nurture.render import TemplateWriter  # noqa: PLC0415

    own = settings.templates if settings.templates and settings.templates.is_dir() else shipped() / "templates"
    return TemplateWriter(own, settings.company, shipped() / "templates")


def _content(folder: Path | None) -> tuple[ContentItem, ...]:
    from nurture.files.content import read_content  # noqa: PLC0415

    return read_content(folder / "content") if folder and (folder / "content").is_dir() else ()


def _representative(t: Terminal, settings: Settings, by: str | None) -> Representative:
    if by:
        return t.reader(by)
    named = t.environ.get("NURTURE_BY")
    return next((r for r in settings.representatives if r.id == named), settings.representatives[0])


def _example(
    t: Terminal,
    settings: Settings,
    writer: TemplateWriter,
    template: str,
    role: str,
    stance: str,
    language: str,
    by: str | None,
) -> Message:
    """A template written for the invented meeting."""
    from nurture.cli import example  # noqa: PLC0415
    from nurture.core.deals import Stance  # noqa: PLC0415
    from nurture.core.ids import MessageId  # noqa: PLC0415
    from nurture.core.messages import Message  # noqa: PLC0415
    from nurture.files.shipped import shipped  # noqa: PLC0415
    from nurture.mail.compose import header_id  # noqa: PLC0415

    rep = _representative(t, settings, by)
    box = settings.mailbox(rep.mailbox_id) or settings.mailboxes[0]
    asked = example.brief(
        template,
        role,
        rep,
        language=language,
        stance=Stance(stance),
        items=_content(settings.templates) or _content(shipped() / "templates"),
        wanted=writer.content(template),
        public_url=settings.web.public_url,
        mailbox=box.address,
    )
    draft: Draft = writer.write(asked)
    return Message(
        id=MessageId("example"),
        person_id=asked.person.id,
        rep_id=rep.id,
        template=template,
        to_address=asked.person.email,
        to_name=asked.person.name,
        from_address=box.address,
        from_name=box.name,
        subject=draft.subject,
        body=draft.body,
        header_id=header_id("example", box.address.rpartition("@")[2]),
        unsubscribe_token="example",  # noqa: S106 - no secret: the mail is never sent
        planned_at=datetime.combine(asked.send_on, time(16), tzinfo=ZoneInfo(settings.timezone))
        if asked.send_on
        else None,
    )


async def _stored(doors: Doors, key: str) -> Message:
    from nurture.cli import find  # noqa: PLC0415

    found = await find.message(doors, key)
    if not found.body:
        raise UserError(
            "this mail has no text yet",
            hint="its text is written some days before its date; see: nurture why {key}",
            key=key,
        )
    return found


def _show(t: Terminal, message: Message) -> None:
    from nurture.cli.tables import one_line, plain  # noqa: PLC0415

    w = t.w
    t.facts(
        (
            (w("from"), one_line(f"{message.from_name} <{message.from_address}>")),
            (w("to"), one_line(f"{message.to_name} <{message.to_address}>")),
            (w("subject"), one_line(message.subject)),
        )
    )
    t.echo()
    t.echo(plain(message.body).rstrip("\n"))
