"""The hands behind the curtain: faults, keys and a summary. For this machine only."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ValidationError

from activities.national.emulator.faults import Faults, FaultSettings
from activities.national.emulator.partners import Partners
from activities.national.emulator.records import Records
from activities.national.emulator.store import Store

__all__ = ["Admin"]


class Correction(BaseModel):
    """Whose record, and packet paths with their new values."""

    service: str
    profile_id: str
    fields: dict[str, Any] = {}
    silent: bool = False
    """As a restored backup changes a record: nothing says that it did."""


class Admin:
    """`/admin/…`; JSON bodies only, so that no web page elsewhere can press these buttons."""

    def __init__(self, store: Store, partners: Partners, faults: Faults, records: Records) -> None:
        self._store, self._partners, self._faults, self._records = store, partners, faults, records
        self.router = APIRouter(prefix="/admin")
        for path, work, method in (
            ("/faults", self.faults, "GET"),
            ("/faults", self.set_faults, "POST"),
            ("/faults", self.reset_faults, "DELETE"),
            ("/keys", self.new_keys, "POST"),
            ("/tokens", self.withdraw_tokens, "DELETE"),
            ("/records", self.correct, "PATCH"),
            ("/records", self.forget, "DELETE"),
            ("/summary", self.summary, "GET"),
        ):
            self.router.add_api_route(path, work, methods=[method], response_model=None)

    async def faults(self) -> FaultSettings:
        """The switches as they stand."""
        return self._faults.now

    async def set_faults(self, changes: dict[str, Any]) -> FaultSettings | JSONResponse:
        """Set some switches; 422 with the names of those not understood."""
        try:
            return self._faults.change(changes)
        except ValidationError as refused:
            wrong = sorted({str(one["loc"][0]) for one in refused.errors()})
            return JSONResponse({"not_understood": wrong}, 422)

    async def reset_faults(self) -> FaultSettings:
        """All switches off."""
        return self._faults.reset()

    async def new_keys(self, _confirm: dict[str, Any]) -> dict[str, str]:
        """Cancel the key pair and issue a new one; the answer says where it lies, not what it is."""
        return {"file": str(self._partners.rotate())}

    async def withdraw_tokens(self) -> dict[str, str]:
        """End all sessions; the pair stays good."""
        self._partners.withdraw_tokens()
        return {"tokens": "withdrawn"}

    async def correct(self, asked: Correction) -> dict[str, bool]:
        """This side corrects fields of a record by itself."""
        with self._store.transaction():
            return {
                "corrected": self._records.correct(
                    asked.service, asked.profile_id, asked.fields, silent=asked.silent
                )
            }

    async def forget(self, asked: Correction) -> dict[str, bool]:
        """This side loses a record."""
        with self._store.transaction():
            return {"forgotten": self._records.forget(asked.service, asked.profile_id)}

    async def summary(self) -> dict[str, Any]:
        """Counts of everything, and the last packets by opaque keys."""
        store = self._store
        items: Counter[str] = Counter()
        for row in store.rows("select status, code, count(*) as n from items group by status, code"):
            items[row["status"]] += row["n"]
        packets = store.rows(
            "select tran_code, service, kind, sender, receiver, arrived, sendings, polls,"
            " c.items, c.accepted, c.rejected from (select * from packets order by arrived desc limit 20) p,"
            " lateral (select count(*) as items, count(*) filter (where i.status = 'accepted') as accepted,"
            "   count(*) filter (where i.status = 'rejected') as rejected"
            "   from items i where i.tran_code = p.tran_code) c order by arrived desc"
        )
        statuses = store.rows("select status, count(*) as n from records group by status")
        # Codes and packet paths say what was wrong, of nobody; a line of a table is not told from its others.
        refused = store.rows(
            "select code, regexp_replace(coalesce(field, ''), '\\[\\d+\\]', '', 'g') as field, count(*) as n"
            " from items where status = 'rejected' group by 1, 2 order by n desc, code, field limit 20"
        )
        held = store.rows(
            "select service, held_by, status, count(*) as n, sum(writes) as writes,"
            " count(*) filter (where corrected <> '[]') as corrected, max(changed) as changed"
            " from records group by service, held_by, status order by service, held_by, status"
        )
        closed = self._faults.closed_until(datetime.now(UTC))
        return {
            "packets": store.count("select count(*) from packets where kind <> 'units'"),
            "sendings": store.count("select coalesce(sum(sendings), 0) from packets where kind <> 'units'"),
            "items": dict(items),
            "records": {row["status"]: row["n"] for row in statuses},
            "writes": store.count("select coalesce(sum(writes), 0) from records"),
            "units": store.count("select count(*) from units"),
            "lookups": store.count("select count(*) from lookups"),
            "tokens_issued": store.setting("tokens_issued", 0),
            "fault_counts": self._faults.counts,
            "last_packets": [dict(row) for row in packets],
            "refused": [dict(row) for row in refused],
            "held": [{**row, "writes": int(row["writes"])} for row in held],
            "closed_until": closed.isoformat() if closed else None,
        }
