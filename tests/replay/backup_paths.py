"""The ways of a backup: the month's own, those ordered before and after its night, an order refused."""

from collections.abc import Callable
from datetime import UTC, datetime

from models.messages_admin import AdministrationStart, BackupStart, ReconciliationRun
from tests.replay.player import Path, Player, acts, until_end
from tests.replay.script import AUTHORITY, OTHER, Script, told
from workflows.administration import AdministrationWorkflow
from workflows.backup import BackupWorkflow
from workflows.reconciliation import ReconciliationWorkflow


async def _ordered_meanwhile(player: Player) -> None:
    await player.asked("plan_backup")
    await player.handle.signal("order", OTHER)
    await player.asked("record_backup", 2)
    await player.ends()


async def _compared(player: Player) -> None:
    """Refused, ordered, and ordered again by the time the first is done."""
    for _ in range(3):
        await player.says("order_reconciliation")
    await player.ends()


async def _orders(player: Player) -> None:
    """Refused, then two: the second finds the month's workflow at work or gone."""
    for _ in range(3):
        await player.says("order_backup")
    await player.ends()


SERVICE = ("pause_party", "resume_party", "announce_maintenance", "lift_maintenance")


async def _serves(player: Player) -> None:
    """Each once, in one run."""
    for verb in SERVICE:
        await player.says(verb)
    await player.ends()


async def _tried(player: Player) -> None:
    """Refused, then recorded."""
    for _ in range(2):
        await player.says("check_escrow")
    await player.ends()


async def _tree(player: Player) -> None:
    """Every act on the tree of agencies, one after another."""
    for verb in ("create_agency", "change_agency", "set_quota", "withdraw_agency_change", "end_agency"):
        await player.says(verb)
    await player.handle.signal("mend_tree")
    await player.ends()


NOW = datetime(2098, 12, 1, tzinfo=UTC)
PATHS: dict[str, Callable[[], Path]] = {
    "backup/by_its_night": lambda: Path(
        BackupWorkflow, BackupStart(month="2098-12"), Script(backups=1.0), until_end
    ),
    "backup/ordered_meanwhile": lambda: Path(
        BackupWorkflow, BackupStart(month="2098-11"), Script(backups=4.0), _ordered_meanwhile
    ),
    "backup/only_ordered": lambda: Path(
        BackupWorkflow, BackupStart(month="2098-10", order=OTHER), Script(), until_end
    ),
    "administration/reconciliation_ordered": lambda: Path(
        AdministrationWorkflow,
        AdministrationStart(authority_id=AUTHORITY),
        acts(
            told("administration", 0, status=409),
            told("administration", 0, status=201),
            told("administration", 0, status=201),
        ),
        _compared,
    ),
    "reconciliation/whole": lambda: Path(
        ReconciliationWorkflow,
        ReconciliationRun(authority_id=AUTHORITY, reconciliation_id=OTHER, now=NOW),
        Script(),
        until_end,
    ),
    "reconciliation/in_shares": lambda: Path(
        ReconciliationWorkflow,
        ReconciliationRun(authority_id=AUTHORITY, reconciliation_id=OTHER, now=NOW),
        Script(),
        until_end,
    ),
    "administration/backups_ordered": lambda: Path(
        AdministrationWorkflow,
        AdministrationStart(authority_id=AUTHORITY),
        acts(
            told("administration", 0, status=403),
            told("administration", 0, status=201),
            told("administration", 0, status=201),
        ),
        _orders,
    ),
    "administration/service": lambda: Path(
        AdministrationWorkflow,
        AdministrationStart(authority_id=AUTHORITY),
        acts(*(told("administration", 0, status=201) for _ in SERVICE)),
        _serves,
    ),
    "administration/escrow_tried": lambda: Path(
        AdministrationWorkflow,
        AdministrationStart(authority_id=AUTHORITY),
        acts(told("administration", 0, status=409), told("administration", 0, status=201)),
        _tried,
    ),
    "administration/tree_changed": lambda: Path(
        AdministrationWorkflow,
        AdministrationStart(authority_id=AUTHORITY),
        acts(
            *(told("administration", 0, status=201) for _ in range(5)),
            mend_tree=[told("administration", 0)],
        ),
        _tree,
    ),
}
