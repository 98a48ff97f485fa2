"""Word to our own people in a chat: how each service wants it.

A chat is read by more people than a mailbox. So what is said there names nobody at a hospital, and has no word
that somebody there wrote: what it is, for whom of us, and a link to the page, which asks who is there.

Sources: Slack, "Sending messages using incoming webhooks" and "Block Kit" (a header has at most 150 characters, a
section 3000; & < > are escaped); Microsoft, "Create incoming webhooks with Workflows for Microsoft Teams" (a
message with an Adaptive Card as its attachment; the connectors of Office 365 and their MessageCard are retired);
LINE WORKS Developers, "Incoming Webhook" (title, body.text, button.label, button.url).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PREFIX: Final = "chat:"
"""What the kind of a dispatch to a chat begins with; the chat's id follows."""
URGENT: Final = "urgent"
DIGEST: Final = "digest"
NOTICES: Final = (URGENT, DIGEST)
TITLE: Final = 150
LINES: Final = 2000


@dataclass(frozen=True, slots=True)
class Said:
    """What is said: plain texts, and where it leads."""

    title: str
    lines: tuple[str, ...] = ()
    link: str = ""  # a whole address, or none
    label: str = ""  # what the link says


def slack(said: Said) -> dict[str, Any]:
    """Block Kit; ``text`` is what a notification shows."""
    title = _cut(said.title, TITLE)
    parts = [*map(_slack, said.lines), *([f"<{said.link}|{_slack(said.label)}>"] if said.link else [])]
    blocks: list[dict[str, Any]] = [{"type": "header", "text": {"type": "plain_text", "text": title}}]
    if parts:
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": "\n".join(parts)}})
    return {"text": _slack(title), "blocks": blocks}


def teams(said: Said) -> dict[str, Any]:
    """An Adaptive Card, as the workflow "when a Teams webhook request is received" takes it."""
    body = [
        {
            "type": "TextBlock",
            "text": _teams(_cut(said.title, TITLE)),
            "weight": "Bolder",
            "size": "Medium",
            "wrap": True,
        },
        *({"type": "TextBlock", "text": _teams(line), "wrap": True, "spacing": "Small"} for line in said.lines),
    ]
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
    }
    if said.link:
        card["actions"] = [{"type": "Action.OpenUrl", "title": said.label, "url": said.link}]
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def line_works(said: Said) -> dict[str, Any]:
    """Title, text and one button; a text there must be."""
    found: dict[str, Any] = {
        "title": _cut(said.title, TITLE),
        "body": {"text": _cut("\n".join(said.lines), LINES) or said.title},
    }
    if said.link:
        found["button"] = {"label": said.label, "url": said.link}
    return found


SERVICES: Final[Mapping[str, Callable[[Said], dict[str, Any]]]] = {
    "slack": slack,
    "teams": teams,
    "line_works": line_works,
}
"""Service → what is sent there."""


def payload(service: str, said: Said) -> dict[str, Any]:
    """What is sent to a service, as JSON; bounded, and nothing in it is markup that a name could make."""
    lines = _cut("\n".join(" ".join(line.split()) for line in said.lines), LINES).splitlines()
    tidy = Said(" ".join(said.title.split()), tuple(line for line in lines if line), said.link, said.label)
    return SERVICES[service](tidy)


def _slack(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _teams(text: str) -> str:
    """Markdown's own signs as they are written; a list, a heading or a link is none."""
    return re.sub(r"([\\`*_\[\]]|^[#>+-])", r"\\\1", text)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
