"""Word to our own people and programs, and the confirmation of an opt-out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from nurture.config import Chat, Webhook
    from nurture.core.change import Dispatch
    from nurture.core.chat import Said
    from nurture.core.ids import MessageId
    from nurture.core.people import Representative


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that one of us should know. ``link`` is a path of the desk."""

    kind: str
    subject: str
    text: str
    link: str = ""
    message_id: MessageId | None = None
    key: str = ""  # names the mail: tried again, it is the same one


class Notifier(Protocol):
    """Word to our own people; never to a customer."""

    async def notify(self, to: Representative, notice: Notice) -> bool | None:
        """Tell one of us, by mail; whether it was taken (None: unknown). Failure is logged, not raised."""
        ...


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of an event: taken, or not, and what is known about trying again."""

    taken: bool = False
    gone: bool = False  # the endpoint says that it will take no more
    wait: int = 0  # seconds that it asks for
    error: str = ""


class Herald(Protocol):
    """Word to other programs that something happened."""

    async def tell(self, endpoint: Webhook, key: str, event: Mapping[str, Any], now: datetime) -> Heard:
        """Send one event, signed. Never raises for what an endpoint says or does: that is the answer.

        Args:
            endpoint: where to.
            key: names the event: sent again, it is the same one.
            event: type, timestamp and data.
            now: when it is sent.
        """
        ...


class Chatter(Protocol):
    """Word to our own people in a chat."""

    async def say(self, chat: Chat, said: Said) -> Heard:
        """Say something there. Never raises for what the service says or does: that is the answer."""
        ...


class Replier(Protocol):
    """The one thing that is said to a customer by itself: an opt-out is confirmed, once."""

    async def confirm(self, said: Dispatch) -> bool:
        """Send it; whether a server took it. Failure is logged, not raised."""
        ...
