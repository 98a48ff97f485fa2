"""What stands still until a person decides: a mailbox or a scenario that was stopped, a beat that was too big.

All of it is kept as settings of the installation (``core.change.Setting``), so it survives any restart, and
what happened stands in the journal. The first use of a mailbox, from which its warm-up counts, is kept beside it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from nurture.core.change import Change, Setting
from nurture.core.ids import MailboxId
from nurture.core.limits import Wait
from nurture.core.messages import Entry
from nurture.core.people import AccessRole, Representative
from nurture.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

KINDS: Final = ("mailbox", "scenario")
VALVE: Final = "valve"
_FIRST: Final = "first-use/"
_HALT: Final = "halt/"
_STEERING: Final = frozenset({AccessRole.ADMINISTRATOR, AccessRole.OPERATIONS, AccessRole.MANAGER})


@dataclass(frozen=True, slots=True)
class Halt:
    """A mailbox or scenario that sends nothing, or did so once: ``lifted_at`` says when a person resumed it."""

    kind: str  # mailbox | scenario
    id: str
    at: datetime
    by: str  # a RepId, or "nurture"
    reason: str  # refusals | person
    refused: int = 0  # so many refusals
    sent: int = 0  # beside so many that were taken
    hours: int = 0  # within so many hours
    lifted_at: datetime | None = None
    lifted_by: str = ""
    version: int = field(default=0, compare=False)

    @property
    def wait(self) -> Wait:
        """As a reason why something does not leave."""
        return Wait(f"{self.kind}_stopped", self.id)


@dataclass(frozen=True, slots=True)
class Held:
    """A beat that was too big: letters planned up to ``through`` wait, until a person has ``decided``.

    Those that are planned later pass it by, as long as they are not too many themselves.
    """

    at: datetime
    through: datetime
    count: int
    people: int  # of all that are known, when it was held
    decided: str = ""  # released | held | ""
    decided_at: datetime | None = None
    decided_by: str = ""
    version: int = field(default=0, compare=False)

    @property
    def mark(self) -> str:
        """What a person names who decides on exactly this."""
        return f"{self.count}-{self.through:%m%d%H%M%S}"


@dataclass(frozen=True, slots=True)
class Gates:
    """All of it, as it stands."""

    halts: tuple[Halt, ...] = ()
    valve: Held | None = None
    first: Mapping[MailboxId, date] = field(default_factory=dict)

    @property
    def mailboxes(self) -> frozenset[str]:
        """Those that are stopped."""
        return frozenset(h.id for h in self.stopped if h.kind == "mailbox")

    @property
    def scenarios(self) -> frozenset[str]:
        """Those that are stopped."""
        return frozenset(h.id for h in self.stopped if h.kind == "scenario")

    @property
    def stopped(self) -> tuple[Halt, ...]:
        """All that is stopped now."""
        return tuple(halt for halt in self.halts if halt.lifted_at is None)

    @property
    def held(self) -> Held | None:
        """The beat that waits for a person, if one does."""
        return self.valve if self.valve is not None and not self.valve.decided else None

    @property
    def counted_after(self) -> datetime | None:
        """Letters planned up to here have been seen by the valve."""
        return self.valve.through if self.valve is not None else None

    def halt(self, kind: str, key: str) -> Halt | None:
        """The last halt of a mailbox or scenario, lifted or not."""
        return next((h for h in self.halts if (h.kind, h.id) == (kind, key)), None)

    def since(self, kind: str, key: str, start: datetime) -> datetime:
        """From when refusals count: not before a person has looked at those that came earlier."""
        found = self.halt(kind, key)
        return max(start, found.lifted_at) if found is not None and found.lifted_at is not None else start


def read(settings: Iterable[Setting]) -> Gates:
    """What the settings of the installation say."""
    halts: list[Halt] = []
    valve: Held | None = None
    first: dict[MailboxId, date] = {}
    for row in settings:
        if row.id.startswith(_HALT):
            halts.append(Halt(**_decoded(row)))
        elif row.id == VALVE:
            valve = Held(**_decoded(row))
        elif row.id.startswith(_FIRST):
            first[MailboxId(row.id.removeprefix(_FIRST))] = date.fromisoformat(row.value)
    return Gates(tuple(sorted(halts, key=lambda h: (h.kind, h.id))), valve, first)


def after(gates: Gates, change: Change) -> Gates:
    """As they stand when a change of theirs has been written."""
    puts = [replace(put, version=put.version + 1) for put in change.puts if isinstance(put, Setting)]
    new = read(puts)
    kept = [halt for halt in gates.halts if new.halt(halt.kind, halt.id) is None]
    halts = tuple(sorted((*kept, *new.halts), key=lambda h: (h.kind, h.id)))
    return Gates(halts, new.valve or gates.valve, {**gates.first, **new.first})


def merged(known: Gates, read: Gates) -> Gates:
    """As they stand by what was read; but what was decided here and could not be written down yet holds too."""
    kept = [h for h in known.halts if (r := read.halt(h.kind, h.id)) is None or r.version < h.version]
    others = [h for h in read.halts if all((h.kind, h.id) != (k.kind, k.id) for k in kept)]
    halts = tuple(sorted((*kept, *others), key=lambda h: (h.kind, h.id)))
    return replace(read, halts=halts, first={**known.first, **read.first})


def used(mailbox: MailboxId, on: date) -> Change:
    """Note the day on which a mailbox sends for the first time."""
    return Change((Setting(f"{_FIRST}{mailbox}", on.isoformat()),))


def stop(
    gates: Gates,
    kind: str,
    key: str,
    *,
    by: str,
    reason: str,
    now: datetime,
    refused: int = 0,
    sent: int = 0,
    hours: int = 0,
) -> Change:
    """Stop a mailbox or scenario; nothing if it stands already."""
    before = gates.halt(kind, key)
    if before is not None and before.lifted_at is None:
        return Change()
    halt = Halt(kind, key, now, by, reason, refused, sent, hours, version=before.version if before else 0)
    data = {"id": key, "reason": reason, "refused": refused, "sent": sent, "hours": hours}
    return Change((_setting(f"{_HALT}{kind}/{key}", halt),), (Entry(now, f"{kind}.stopped", by, data),))


def resume(gates: Gates, kind: str, key: str, *, by: str, now: datetime) -> Change:
    """Let it send again; what was refused before counts no more.

    Raises:
        UserError: it is not stopped.
    """
    halt = gates.halt(kind, key)
    if halt is None or halt.lifted_at is not None:
        raise UserError("{id} is not stopped", id=key)
    lifted = replace(halt, lifted_at=now, lifted_by=by)
    return Change((_setting(f"{_HALT}{kind}/{key}", lifted),), (Entry(now, f"{kind}.resumed", by, {"id": key}),))


def hold(gates: Gates, count: int, people: int, now: datetime) -> Change:
    """The valve closes before what is due up to now; what it held already stays held with it."""
    before = gates.held
    total = count + (before.count if before is not None else 0)
    version = gates.valve.version if gates.valve is not None else 0
    held = Held(now, now, total, people, version=version)
    return Change(
        (_setting(VALVE, held),), (Entry(now, "valve.closed", "nurture", {"count": total, "people": people}),)
    )


def decide(gates: Gates, decision: str, *, seen: str, by: str, now: datetime) -> Change:
    """A person releases what the valve holds, or keeps it back.

    Args:
        gates: as they stand.
        decision: released | held.
        seen: the mark of what this person looked at.
        by: who.
        now: UTC.

    Raises:
        UserError: nothing is held, or it is not what was seen any more.
    """
    held = gates.held
    if held is None:
        raise UserError("the safety valve holds nothing back")
    if held.mark != seen:
        raise UserError("meanwhile it holds back something else: look again", hint="nurture queue release")
    done = replace(held, decided=decision, decided_at=now, decided_by=by)
    return Change((_setting(VALVE, done),), (Entry(now, f"valve.{decision}", by, {"count": held.count}),))


def may_steer(by: Representative, reps: Iterable[Representative], kind: str = "", key: str = "") -> bool:
    """Whether this person may stop, resume and release: administrators, operations and managers; for a mailbox
    those who write from it too; everybody where nobody has such a role.
    """
    if not by.active:
        return False
    if _STEERING & set(by.access) or (kind == "mailbox" and by.mailbox_id == key):
        return True
    return not any(rep.active and _STEERING & set(rep.access) for rep in reps)


def concerned(reps: Iterable[Representative], kind: str, key: str) -> tuple[Representative, ...]:
    """Whom it concerns that something stands still: the owner and the administrators, else everybody.

    A mailbox belongs to those who write from it, a scenario and the valve to marketing operations.
    """
    active = [rep for rep in reps if rep.active]

    def is_concerned(rep: Representative) -> bool:
        """Owner or administrator."""
        owns = rep.mailbox_id == key if kind == "mailbox" else AccessRole.OPERATIONS in rep.access
        return owns or AccessRole.ADMINISTRATOR in rep.access

    return tuple(rep for rep in active if is_concerned(rep)) or tuple(active)


def _setting(key: str, value: Halt | Held) -> Setting:
    data = {name: x.isoformat() if isinstance(x, datetime) else x for name, x in asdict(value).items()}
    del data["version"]
    return Setting(key, json.dumps(data), value.version)


def _decoded(row: Setting) -> dict[str, Any]:
    data = json.loads(row.value)
    instants = {"at", "through", "lifted_at", "decided_at"}
    given = {name: datetime.fromisoformat(x) if name in instants and x else x for name, x in data.items()}
    return {**given, "version": row.version}
