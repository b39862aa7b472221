"""The ways of a month's end, of one agency's list, of the morning message and of an import."""

import asyncio
from collections.abc import Callable
from uuid import uuid5

from models.messages import AgencyMonthStart, BatchResult, DigestStart, ImportStart, MonthStart
from tests.replay.player import Path, Player, acts, plays, until_end
from tests.replay.script import AUTHORITY, OTHER, SUBJECT, Script, soon, told
from workflows.agency_month import AgencyMonthWorkflow
from workflows.digest import DigestWorkflow
from workflows.month_end import MonthEndWorkflow
from workflows.workbook_import import ImportWorkflow

FIRST, SECOND, THIRD = (uuid5(SUBJECT, f"round:{n}") for n in (1, 2, 3))


OPEN_END = 73 * 365 * 86400.0
"""Seconds to an end that stands for none."""


def _list(closes: float = 3600, limit: int = 1000, name: str = "2025-03") -> AgencyMonthStart:
    return AgencyMonthStart(
        authority_id=AUTHORITY,
        agency_id=OTHER,
        agency_month_id=SUBJECT,
        month=name,
        closes_at=soon(closes),
        limit=limit,
    )


async def _by_list(player: Player) -> None:
    await player.says("approve_list")
    await player.asked("receipts", 2)
    await player.says("send_back_items")
    await player.says("release_month")
    await player.ends()


async def _one_list(player: Player) -> None:
    await player.says("cut_list")
    await player.asked("look", 2)
    await player.says("approve_by_list")
    await player.asked("look", 3)
    await player.says("hold_items")
    await player.asked("look", 4)
    await player.says("lift_hold")
    await player.ends()


async def _gate_first(player: Player) -> None:
    await player.says("approve_list")
    await player.asked("gate_opens", 1)
    await player.says("release_month")
    await player.ends()


async def _late_joiner(player: Player) -> None:
    await player.hears()
    await player.asked("look", 3)
    await player.says("approve_list")
    await player.ends()


async def _joined_while_closing(player: Player) -> None:
    await player.asked("look", 2)
    await player.hears()
    await player.ends()


async def _one_by_one(player: Player) -> None:
    for n in range(3):
        await player.hears()
        await player.asked("look", n + 2)


async def _list_many(player: Player) -> None:
    for n in range(12):
        await player.hears()
        await player.asked("look", n + 2)


async def _mornings(player: Player) -> None:
    await asyncio.sleep(2)


async def _next_run(player: Player) -> None:
    first = (await player.handle.describe()).run_id
    while (await player.handle.describe()).run_id == first:  # noqa: ASYNC110 — the server tells
        await asyncio.sleep(0.2)


PATHS: dict[str, Callable[[], Path]] = {
    "agency_month/by_list": lambda: Path(
        AgencyMonthWorkflow,
        _list(),
        acts(
            told("open", 2, left=2, status=202),
            told("gate", 6, left=1),
            told("open", 7, left=0),
            look=[
                told("open", 1, left=2),
                told("open", 1, left=2),
                told("gate", 5, left=2),
                told("gate", 6, left=1),
                told("open", 7),
            ],
            approvals_done=[told("open", 3, left=2, to_send=2)],
            submitted=[told("submitting", 4, left=2, awaiting=2)],
            receipts=[told("gate", 5, left=2)],
            close_month=[told("closed", 8)],
        ),
        _by_list,
    ),
    "agency_month/one_list": lambda: Path(
        AgencyMonthWorkflow,
        _list(),
        acts(
            told("open", 2, left=2, status=202, round=FIRST, rounds=1),
            told("open", 4, left=2, status=202, round=SECOND, rounds=1),
            told("open", 6, left=2, rounds=0),
            told("open", 7, left=2, rounds=0),
            look=[
                told("open", 1, left=2, rounds=0),
                told("open", 3, left=2, rounds=0),
                told("open", 5, left=2, rounds=0),
                told("open", 6, left=2, rounds=0),
                told("open", 7, left=2, to_send=2, rounds=0),
            ],
            approvals_done=[told("open", 3, left=2, rounds=0), told("open", 5, left=2, rounds=0)],
            submitted=[told("submitting", 8, left=2, awaiting=2, rounds=0)],
            receipts=[told("open", 9, left=0, rounds=0)],
            close_month=[told("closed", 10)],
        ),
        _one_list,
    ),
    "agency_month/gate_first": lambda: Path(
        AgencyMonthWorkflow,
        _list(),
        acts(
            told("open", 2, left=2, status=202),
            told("open", 5, left=2, to_send=2),
            look=[
                told("open", 1, left=2),
                told("open", 1, left=2),
                told("open", 5, left=2, to_send=2),
                told("open", 5, left=2, to_send=2),
            ],
            approvals_done=[told("open", 3, left=2, at_gate=2)],
            gate_opens=[told("gate", 4, left=2)],
            submitted=[told("submitting", 6, left=2, awaiting=2)],
            receipts=[told("open", 7, left=0)],
            close_month=[told("closed", 8)],
        ),
        _gate_first,
    ),
    "agency_month/rounds_of_rows": lambda: Path(
        AgencyMonthWorkflow,
        _list(),
        acts(
            told("open", 4, left=3, status=202, round=FIRST, rounds=3),
            look=[told("open", 3, left=3, round=FIRST, rounds=2)],
            approvals_done=[
                told("open", 5, left=3, to_send=2, round=SECOND, rounds=2),
                told("open", 7, left=2, round=THIRD, rounds=1),
                told("open", 8, left=0, rounds=0),
            ],
            submitted=[told("submitting", 6, left=3, round=SECOND, rounds=2)],
            close_month=[told("closed", 9)],
        ),
        plays("approve_list"),
    ),
    "agency_month/whole_stock": lambda: Path(
        AgencyMonthWorkflow,
        _list(OPEN_END, name="2025-03-stock"),
        acts(
            told("open", 3, left=3, status=202, round=FIRST, rounds=1),
            look=[
                told("open", 1, left=2),
                told("open", 1, left=2),
                told("open", 2, left=3),
                told("open", 3, left=3, round=FIRST, rounds=1),
            ],
            approvals_done=[told("open", 4, left=3, to_send=3)],
            submitted=[told("submitting", 5, left=3, awaiting=3)],
            receipts=[told("open", 6, left=0)],
            close_month=[told("closed", 7)],
        ),
        _late_joiner,
    ),
    "agency_month/running_list": lambda: Path(
        AgencyMonthWorkflow,
        _list(OPEN_END, name="2025-03-event"),
        acts(
            told("open", 1),
            look=[told("open", 1, left=1, to_send=1)] * 2 + [told("open", 5, left=1, to_send=1)] * 2,
            submitted=[told("submitting", 2, left=1, awaiting=1)],
            receipts=[told("open", 3)],
            close_month=[told("closed", 4)],
        ),
        _joined_while_closing,
    ),
    "agency_month/one_by_one": lambda: Path(
        AgencyMonthWorkflow,
        _list(),
        acts(
            told("open", 1),
            look=[
                told("open", 1, left=3),
                told("open", 2, left=3, to_send=1),
                told("open", 3, left=3),
                told("open", 4, left=3, to_send=1),
            ],
            submitted=[told("submitting", 3, left=3, awaiting=1)],
            receipts=[told("gate", 4, left=3)],
        ),
        _one_by_one,
    ),
    "agency_month/over_and_chased": lambda: Path(
        AgencyMonthWorkflow,
        _list(closes=2.5),
        Script(
            acts={
                "look": [lambda: told("open", 1, left=2, wake=0.5)],
                "wake": [lambda: told("open", 2, left=2, wake=0.5), lambda: told("open", 3, left=2, wake=-1)],
                "close_month": [told("closed", 4)],
            }
        ),
        until_end,
    ),
    "agency_month/resumed": lambda: Path(
        AgencyMonthWorkflow,
        _list(),
        Script(
            acts={
                "look": [told("submitting", 4, left=2, awaiting=2)],
                "receipts": [told("gate", 5, left=0)],
                "close_month": [told("closed", 6)],
            }
        ),
        until_end,
    ),
    "agency_month/shares": lambda: Path(
        AgencyMonthWorkflow,
        _list(),
        Script(
            acts={
                "look": [told("open", 3, left=3, round=FIRST, rounds=1)],
                "approvals_done": [told("open", 4, left=3, to_send=3)],
                "submitted": [told("submitting", 5, left=0)],
                "close_month": [told("closed", 6)],
            },
            batches={
                "approve": [BatchResult(more=True), BatchResult(done=3)],
                "submit": [
                    BatchResult(done=2, tran_code="T1", more=True),
                    BatchResult(done=3, tran_code="T2"),
                ],
            },
        ),
        until_end,
    ),
    "agency_month/receipts_beside_shares": lambda: Path(
        AgencyMonthWorkflow,
        _list(),
        Script(
            acts={
                "look": [told("open", 3, left=3, round=FIRST, rounds=1)],
                "approvals_done": [told("open", 4, left=3, to_send=3)],
                "submitted": [told("submitting", 5, left=0)],
                "receipts": [told("submitting", 6, left=0)],
                "close_month": [told("closed", 7)],
            },
            batches={
                "submit": [
                    BatchResult(done=2, tran_code="T1", more=True),
                    BatchResult(done=3, tran_code="T2", more=True),
                    BatchResult(done=0),
                ],
                "receipts": [BatchResult(done=2), BatchResult(done=1)],
            },
        ),
        until_end,
    ),
    "agency_month/nothing_sent": lambda: Path(
        AgencyMonthWorkflow,
        _list(),
        Script(
            acts={
                "look": [
                    told("open", 1, left=1, to_send=1),
                    told("open", 1, left=1, to_send=1),
                    told("open", 2),
                ],
                "close_month": [told("closed", 3)],
            },
            batches={"submit": [BatchResult(refused=1)]},
        ),
        until_end,
    ),
    "agency_month/next_run": lambda: Path(
        AgencyMonthWorkflow,
        _list(limit=30),
        acts(told("open", 1, left=9), look=[told("open", 1, left=9)]),
        _list_many,
    ),
    "agency_month/nobody": lambda: Path(
        AgencyMonthWorkflow, _list(), Script(acts={"look": [told("account", 0)]}), until_end
    ),
    "month_end/one_month": lambda: Path(
        MonthEndWorkflow, MonthStart(authority_id=AUTHORITY, month="2098-12"), Script(), until_end
    ),
    "month_end/windows_of_two_laws": lambda: Path(
        MonthEndWorkflow,
        MonthStart(authority_id=AUTHORITY, month="2098-12"),
        Script(window=(0.5, 3.0), windows=[0.5, 0.5]),
        until_end,
    ),
    "month_end/next_runs_already": lambda: Path(
        MonthEndWorkflow,
        MonthStart(authority_id=AUTHORITY, month="2098-12"),
        Script(),
        until_end,
        ids={"before": f"month-end/{AUTHORITY}/2099-01"},
    ),
    "digest/two_mornings": lambda: Path(
        DigestWorkflow, DigestStart(authority_id=AUTHORITY), Script(mornings=[0.5, 3600]), _mornings
    ),
    "digest/next_run": lambda: Path(
        DigestWorkflow,
        DigestStart(authority_id=AUTHORITY),
        Script(mornings=[0.1] * 2 + [-1] * 28 + [3600]),
        _next_run,
    ),
    "workbook_import/done": lambda: Path(
        ImportWorkflow, ImportStart(authority_id=AUTHORITY, import_id=SUBJECT), Script(), until_end
    ),
}
