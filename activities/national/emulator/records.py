"""The national record itself: what becomes of an item, and how one stands to what is recorded."""

import json
import time
from typing import Any

from activities.national.emulator.checking import Fault, check_item
from activities.national.emulator.faults import Faults
from activities.national.emulator.formats import Format, value_at
from activities.national.emulator.store import Row, Store

__all__ = ["Records"]

IN_SERVICE = "in_service"
MOVED_OUT = "moved_out"


class Records:
    """Decides items when their time has come, answers differences, lookups and status changes."""

    def __init__(self, store: Store, faults: Faults, known: dict[str, Format]) -> None:
        self._store, self._faults, self._formats = store, faults, known

    def first_answer(self, form: Format, sender: str, body: dict[str, Any]) -> tuple[str, Fault | None]:
        """Said at once: rejected for its form, accepted as SAME, or pending for the later check."""
        fault = check_item(form, body)
        fault = fault or self._withdrawn(body)
        if fault:
            return "rejected", fault
        record = self._record(form, value_at(body, form.profile_id))
        if record and _is(record, value_at(body, form.digest)) and record["held_by"] == _top(sender):
            return "accepted", Fault("SAME", "", "Không có thay đổi")
        return "pending", None

    def _withdrawn(self, body: dict[str, Any]) -> Fault | None:
        """A code that the lists of this side no longer know: "path=code" of the switch."""
        for one in self._faults.now.withdrawn_codes:
            path, _, code = one.partition("=")
            if value_at(body, path) == code:
                return Fault("CODE_UNKNOWN", path, f"Mã không còn dùng: {code}")
        return None

    def settle(self, tran_code: str | None = None) -> None:
        """Decide every waiting item that has been polled often enough, or has waited long enough."""
        now = self._faults.now
        waiting = self._store.rows(
            "select i.position, i.tran_code, i.item_key, i.body, p.service, p.sender"
            " from items i join packets p using (tran_code)"
            " where i.status = 'pending' and (i.arrived <= %s or (p.tran_code = %s and p.polls >= %s))"
            " order by i.arrived, i.position",
            *(time.time() - now.settle_seconds, tran_code, now.settle_polls),
        )
        if waiting:
            with self._store.transaction():
                for item in waiting:
                    self._settle_one(item)

    def _settle_one(self, item: Row) -> None:
        form, body = self._formats[item["service"]], json.loads(item["body"])
        refused = self._faults.refuses(item["item_key"])
        fault = (
            Fault("REFUSED", "", "Từ chối theo yêu cầu thử nghiệm")
            if refused
            else self._apply(form, item["sender"], body)
        )
        status = "rejected" if fault else "accepted"
        said = (fault.code, fault.field, fault.message) if fault else ("", None, "")
        self._store.write(
            "update items set status = %s, code = %s, field = %s, message = %s"
            " where tran_code = %s and position = %s",
            *(status, *said, item["tran_code"], item["position"]),
        )

    def _apply(self, form: Format, sender: str, body: dict[str, Any]) -> Fault | None:
        """Write the record, unless the person is somebody else's or another profile's."""
        profile, person = value_at(body, form.profile_id), value_at(body, form.person)
        row = self._store.row(
            "select * from records where service = %s and person = %s", form.service, person
        ) or self._record(form, profile)
        if row:
            fault = _not_yours(row, form, sender, profile)
            if fault:
                return fault
            self._store.write(
                "delete from records where service = %s and profile_id = %s", form.service, row["profile_id"]
            )
        same = row is not None and _is(row, value_at(body, form.digest))
        # A late correction does not bring the retired back; taking in who moved out does.
        status = row["status"] if row and row["status"] != MOVED_OUT else IN_SERVICE
        writes = (row["writes"] if row else 0) + (0 if same else 1)
        self._store.write(
            "insert into records"
            " (service, profile_id, person, digest, body, held_by, status, changed, writes)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            *(form.service, profile, person, value_at(body, form.digest), json.dumps(body, sort_keys=True)),
            *(_top(sender), status, time.time(), writes),
        )
        return None

    def standing(self, form: Format, item_key: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """new, changed (with the fields, if content was shown), unchanged, or pending."""
        profile, _, digest = item_key.partition(".")
        record = self._record(form, profile)
        if record and _is(record, digest):
            return {"item_key": item_key, "state": "unchanged"}
        if self._store.row("select 1 from items where item_key = %s and status = 'pending'", item_key):
            return {"item_key": item_key, "state": "pending"}
        if record is None:
            return {"item_key": item_key, "state": "new"}
        fields = [] if body is None else sorted(_differing(json.loads(record["body"]), body))
        return {"item_key": item_key, "state": "changed", "fields": fields}

    def held(self, form: Format, holder: str, after: str, most: int) -> dict[str, Any]:
        """A page of what is recorded for a holder, by profile; with what this side corrected."""
        rows = self._store.rows(
            "select * from records where service = %s and held_by = %s and profile_id > %s"
            " order by profile_id limit %s",
            *(form.service, _top(holder), after, most),
        )
        found = [
            {
                "profile_id": row["profile_id"],
                "revision_digest": row["digest"],
                "status": row["status"],
                "corrected": json.loads(row["corrected"]),
                "item": json.loads(row["body"]),
            }
            for row in rows
        ]
        return {"records": found, "next": rows[-1]["profile_id"] if len(rows) == most else ""}

    def correct(self, service: str, profile: str, changes: dict[str, Any], *, silent: bool) -> bool:
        """This side corrects fields of a record by itself, as a ministry may; null empties one."""
        row = self._store.row(
            "select * from records where service = %s and profile_id = %s", service, profile
        )
        if row is None:
            return False
        body, corrected = json.loads(row["body"]), json.loads(row["corrected"])
        for path, value in changes.items():
            _set(body, path, value)
        corrected = corrected if silent else sorted({*corrected, *changes})
        digest = "" if silent else row["digest"]
        self._store.write(
            "update records set body = %s, corrected = %s, digest = %s, changed = %s"
            " where service = %s and profile_id = %s",
            *(json.dumps(body, sort_keys=True), json.dumps(corrected), digest, time.time(), service, profile),
        )
        return True

    def forget(self, service: str, profile: str) -> bool:
        """A record is lost over here, as a restored backup may lose it."""
        known = self._store.row(
            "select 1 from records where service = %s and profile_id = %s", service, profile
        )
        self._store.write("delete from records where service = %s and profile_id = %s", service, profile)
        return known is not None

    def lookup(self, form: Format, person: str) -> dict[str, Any]:
        """The record of a person, by the number that identifies him or her."""
        row = self._store.row(
            "select * from records where service = %s and person = %s", form.service, person
        )
        if row is None:
            return {"found": False}
        return {
            "found": True,
            "matches": self._faults.now.lookup_matches,
            "profile_id": row["profile_id"],
            "held_by": row["held_by"],
            "status": row["status"],
            "revision_digest": row["digest"],
            "item": json.loads(row["body"]),
        }

    def change_status(self, form: Format, sender: str, body: dict[str, Any]) -> dict[str, Any]:
        """Move out or close a record; SAME when that was already told."""
        key, names = value_at(body, form.status["item_key"]), form.status
        kind = form.statuses.get(str(value_at(body, names["kind"])))
        record = self._record(form, value_at(body, names["profile_id"]))
        answer = {"item_key": key, "status": "rejected", "field": names["profile_id"]}
        if kind is None:
            return answer | {"code": "CODE_UNKNOWN", "field": names["kind"]}
        if not value_at(body, names["effective_on"]):
            return answer | {"code": "REQUIRED", "field": names["effective_on"]}
        if record is None:
            return answer | {"code": "RECORD_UNKNOWN"}
        if record["status"] == kind:
            return {"item_key": key, "status": "accepted", "code": "SAME"}
        if record["held_by"] != _top(sender):
            return answer | {"code": "NOT_HOLDER"}
        receiver = value_at(body, names["to_agency"])
        held_by = _top(receiver or "") if kind == MOVED_OUT else record["held_by"]
        self._store.write(
            "update records set status = %s, held_by = %s, changed = %s"
            " where service = %s and profile_id = %s",
            *(kind, held_by, time.time(), form.service, record["profile_id"]),
        )
        return {"item_key": key, "status": "accepted"}

    def _record(self, form: Format, profile: Any) -> Row | None:
        sql = "select * from records where service = %s and profile_id = %s"
        return self._store.row(sql, form.service, str(profile))


def _is(record: Row, digest: Any) -> bool:
    """Whether a record is the very revision of a digest, with nothing corrected by this side since."""
    return bool(record["digest"] == digest and record["corrected"] == "[]")


def _set(body: dict[str, Any], path: str, value: Any) -> None:
    *groups, name = path.split(".")
    for group in groups:
        body = body.setdefault(group, {})
    if value is None:
        body.pop(name, None)
    else:
        body[name] = value


def _not_yours(row: Row, form: Format, sender: str, profile: str) -> Fault | None:
    """Who moved out may be taken in by the named receiver, or anyone if none was named, under any profile."""
    if row["status"] == MOVED_OUT and row["held_by"] in ("", _top(sender)):
        return None
    if row["profile_id"] != profile:
        return Fault("DUPLICATE_PERSON", form.person, f"Trùng số định danh {row['person']}")
    if row["held_by"] != _top(sender):
        return Fault("NOT_HOLDER", form.profile_id, "Hồ sơ do cơ quan khác quản lý")
    return None


def _top(agency: str) -> str:
    """The level-1 code: a province, a city or a ministry."""
    return agency.partition(".")[0]


def _differing(before: Any, after: Any, path: str = "") -> set[str]:
    """Dotted paths of the leaves that differ; a list counts as one leaf, a missing group as an empty one."""
    if isinstance(before, dict) or isinstance(after, dict):
        before, after = (one if isinstance(one, dict) else {} for one in (before, after))
        names = before.keys() | after.keys()
        return {
            found
            for name in names
            for found in _differing(before.get(name), after.get(name), f"{path}.{name}" if path else name)
        }
    return set() if before == after else {path}
