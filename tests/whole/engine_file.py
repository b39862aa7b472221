"""What lies on disk of a persistent engine, and what its neighbours logged, looked through for people."""

from models.identifiers import profile_workflow
from tests.whole.leftovers import found
from tests.whole.rig import Rig

OURS = ("Người Thử", "Thị Thử", "000190000001", "0900000001", "Quản lý hiện vật")
"""Everybody's name in a rig, and what one of them declares."""
_DECLARED = "SELECT DISTINCT stream_id AS id FROM events WHERE kind = 'declaration.submitted'"


def holds_nobody(rig: Rig) -> None:
    """Whatever was ever written stands in the engine's file or its write-ahead log; nobody is in either."""
    files = {path.name: path.read_bytes() for path in rig.folder.glob("engine.sqlite*")}
    engine = b"".join(files.values())
    assert "engine.sqlite-wal" in files
    assert len(engine) > 500_000
    assert b"binary/encrypted" in engine
    declared = [profile_workflow(row["id"]) for row in rig.rows(_DECLARED)]
    assert declared, "somebody's form went through"
    assert all(one.encode() in engine for one in declared)
    logs = {path.name: path.read_bytes() for path in rig.folder.glob("*.log")}
    looked = {name: found(OURS, data) for name, data in (files | logs).items()}
    assert {name: hits for name, hits in looked.items() if hits} == {}
    tokens = {rig.token, *rig.cases["tokens"].values()}
    assert not [name for name, data in logs.items() if any(one.encode() in data for one in tokens)]
    names = " ".join(row["full_name"] for row in rig.rows("SELECT full_name FROM profiles"))
    assert found(OURS[:1], names.encode()) == ["Người Thử"], "they stand where they may"
