"""The tree of units as partners tell it: a unit from a day on, with its code, its parent, and its end."""

import re
from typing import Any

from activities.national.emulator.checking import day_of
from activities.national.emulator.formats import Format, value_at
from activities.national.emulator.store import Store

__all__ = ["Units"]

# QĐ 20/2020/QĐ-TTg, read again on this side.
_CODE = re.compile(r"[A-Z][0-9]{2}(\.[A-Z0-9]+)*")


class Units:
    """Takes units in, each answered at once."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def take_in(self, form: Format, sender: str, body: dict[str, Any]) -> dict[str, Any]:
        """accepted, accepted as SAME, or rejected with the field at fault."""
        key = str(value_at(body, form.units["item_key"]))
        said = {name: value_at(body, path) for name, path in form.units.items()}
        fault = self._fault(form, sender, said)
        if fault:
            code, name = fault
            return {"item_key": key, "status": "rejected", "code": code, "field": form.units[name]}
        unit = key.partition(".")[0]
        starts, ends = (_day(form, said[name]) if said[name] else None for name in ("starts_on", "ends_on"))
        row = (form.service, unit, starts, said["code"], said["name"], said["parent"], ends, _top(sender))
        known = self._store.row(
            "select code, name, parent, ends from units where service = %s and unit = %s and starts = %s",
            *row[:3],
        )
        if known and [*known.values()] == [said["code"], said["name"], said["parent"], ends]:
            return {"item_key": key, "status": "accepted", "code": "SAME"}
        self._store.write(
            "insert into units (service, unit, starts, code, name, parent, ends, holder)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict (service, unit, starts) do update"
            " set code = excluded.code, name = excluded.name, parent = excluded.parent, ends = excluded.ends,"
            " writes = units.writes + 1",
            *row,
        )
        return {"item_key": key, "status": "accepted"}

    def _fault(self, form: Format, sender: str, said: dict[str, Any]) -> tuple[str, str] | None:
        code, parent = said["code"], said["parent"]
        if not isinstance(code, str) or len(code) > 35 or not _CODE.fullmatch(code):
            return "CODE_INCORRECT", "code"
        if _top(code) != _top(sender):
            return "NOT_HOLDER", "code"
        if not isinstance(said["name"], str) or not said["name"]:
            return "REQUIRED", "name"
        for name in ("starts_on", "ends_on"):
            if (said[name] or name == "starts_on") and _day(form, said[name]) is None:
                return "DATE_INCORRECT", name
        if parent is not None and not self._store.row(
            "select 1 from units where service = %s and code = %s", form.service, parent
        ):
            return "PARENT_UNKNOWN", "parent"
        return None


def _day(form: Format, value: Any) -> str | None:
    day = day_of(value, form.unit_date) if isinstance(value, str) else None
    return day.isoformat() if day is not None else None


def _top(code: str) -> str:
    return code.partition(".")[0]
