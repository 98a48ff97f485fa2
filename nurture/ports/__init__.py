"""The doors. Flows reach the world through these and nothing else; each speaks verbs of the domain.

One module a side of the world; whoever needs a door asks here.
"""

from nurture.ports.doors import Doors
from nurture.ports.files import Attachments, Feeds, Library, NoAttachments, NoShelf, Shelf, Writer
from nurture.ports.identity import Identity, Question
from nurture.ports.machine import Chance, Clock, Resolver, Seeker
from nurture.ports.mail import Access, Fetched, Mailbox, Place, RawMail, Sender, Trace
from nurture.ports.store import Holding, Matches, Span, Store
from nurture.ports.word import Chatter, Heard, Herald, Notice, Notifier, Replier

__all__ = [
    "Access",
    "Attachments",
    "Chance",
    "Chatter",
    "Clock",
    "Doors",
    "Feeds",
    "Fetched",
    "Heard",
    "Herald",
    "Holding",
    "Identity",
    "Library",
    "Mailbox",
    "Matches",
    "NoAttachments",
    "NoShelf",
    "Notice",
    "Notifier",
    "Place",
    "Question",
    "RawMail",
    "Replier",
    "Resolver",
    "Seeker",
    "Sender",
    "Shelf",
    "Span",
    "Store",
    "Trace",
    "Writer",
]
