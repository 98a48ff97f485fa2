"""Who sees what."""

from __future__ import annotations

from nurture.core.ids import RepId
from nurture.core.people import AccessRole, Representative
from nurture.core.sight import Sight


def _rep(key: str, *access: AccessRole, manager: str | None = None) -> Representative:
    return Representative(
        RepId(key),
        key,
        f"{key}@minato.example",
        manager_id=RepId(manager) if manager else None,
        access=access or (AccessRole.REP,),
    )


BOSS, OPS, ADMIN = (
    _rep("boss", AccessRole.MANAGER),
    _rep("ops", AccessRole.OPERATIONS),
    _rep("admin", AccessRole.ADMINISTRATOR),
)
SATO, ITO = _rep("sato", manager="boss"), _rep("ito")
EVERYBODY = {rep.id: rep for rep in (BOSS, OPS, ADMIN, SATO, ITO)}


def test_numbers_are_of_what_one_sees_or_of_all_for_who_keeps_the_scenarios() -> None:
    """A representative counts the own mail, a manager the team's, operations and administrators everybody's."""
    counted = {rep.id: Sight(rep, EVERYBODY).counted for rep in EVERYBODY.values()}

    assert {
        BOSS.id: (BOSS.id, SATO.id),
        OPS.id: None,
        ADMIN.id: None,
        SATO.id: (SATO.id,),
        ITO.id: (ITO.id,),
    } == counted


def test_operations_see_no_mail_of_anybody() -> None:
    """Numbers are all that the role adds: rows are asked for as before."""
    assert {"rep_id": (OPS.id,)} == Sight(OPS, EVERYBODY).where
    assert not Sight(OPS, EVERYBODY).sees(SATO.id)
