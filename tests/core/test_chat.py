"""Word in chats: the exact form that each service takes, and nothing in it that a name could make."""

from __future__ import annotations

import pytest

from nurture.core.chat import LINES, SERVICES, TITLE, Said, payload

SAID = Said(
    "3件の対応, 11/26(木)", ("佐藤 さん宛", "■ 承認待ち (2)"), "https://desk.example/?a=1&b=2", "画面で開く"
)


def test_slack() -> None:
    """Block Kit: header, section in mrkdwn, the link as Slack writes links; ``text`` for the notification."""
    assert {
        "text": "3件の対応, 11/26(木)",
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": "3件の対応, 11/26(木)"}},
            {
                "type": "section",
                "text": {
                    "type": "mrkdwn",
                    "text": "佐藤 さん宛\n■ 承認待ち (2)\n<https://desk.example/?a=1&b=2|画面で開く>",
                },
            },
        ],
    } == payload("slack", SAID)


def test_teams() -> None:
    """A message whose one attachment is an Adaptive Card, as a workflow takes it; the link is a button."""
    assert {
        "type": "message",
        "attachments": [
            {
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": None,
                "content": {
                    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                    "type": "AdaptiveCard",
                    "version": "1.4",
                    "body": [
                        {
                            "type": "TextBlock",
                            "text": "3件の対応, 11/26(木)",
                            "weight": "Bolder",
                            "size": "Medium",
                            "wrap": True,
                        },
                        {"type": "TextBlock", "text": "佐藤 さん宛", "wrap": True, "spacing": "Small"},
                        {"type": "TextBlock", "text": "■ 承認待ち (2)", "wrap": True, "spacing": "Small"},
                    ],
                    "actions": [
                        {"type": "Action.OpenUrl", "title": "画面で開く", "url": "https://desk.example/?a=1&b=2"}
                    ],
                },
            }
        ],
    } == payload("teams", SAID)


def test_line_works() -> None:
    """Title, text and button; without a link no button, and never an empty text."""
    assert {
        "title": "3件の対応, 11/26(木)",
        "body": {"text": "佐藤 さん宛\n■ 承認待ち (2)"},
        "button": {"label": "画面で開く", "url": "https://desk.example/?a=1&b=2"},
    } == payload("line_works", SAID)
    assert {"title": "x", "body": {"text": "x"}} == payload("line_works", Said("x"))


EVIL = "<!channel> *x* [a](http://b.example) & <http://c.example|d>\n# y\u2028z"


def test_a_name_makes_no_markup() -> None:
    """Slack calls nobody together, Teams makes no link; line ends are blanks."""
    slack, teams = (payload(name, Said("t", (EVIL,))) for name in ("slack", "teams"))
    text = slack["blocks"][1]["text"]["text"]

    assert "<" not in text.replace("&lt;", "")
    assert "&lt;!channel&gt;" in text
    assert r"\[a\](http" in teams["attachments"][0]["content"]["body"][1]["text"]
    assert "\n" not in text


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_nothing_is_too_long(service: str) -> None:
    """Titles and texts are bounded, however long a subject is."""
    found = str(payload(service, Said("題" * 10_000, ("字" * 10_000,))))

    assert found.count("題") <= 2 * TITLE
    assert found.count("字") <= LINES
