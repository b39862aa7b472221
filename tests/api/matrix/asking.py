"""A request for every route, from the OpenAPI document: the path's ids by position, a body of its schema."""

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid4

from models.calendar import legal_date
from tests.api.matrix.fresh import POSITIONS_OF, Made
from tests.api.matrix.papers import KINDS, PAPER, PAPER_SHA, PICTURE_SHA
from tests.api.matrix.stage import NOW, Stage

NOTHING = UUID(int=1)
"""An id of nothing, where who asks is judged before what is named in a body is looked for."""
TODAY = legal_date(NOW).isoformat()
DIGEST = "0" * 64
WORDS: dict[str, Any] = {
    "digest": DIGEST,
    "plan_hash": DIGEST,
    "confirmed_form": DIGEST,
    "prepared": DIGEST,
    "certificate": "A" * 100,
    "personal_id_number": "000190000001",
    "login": "thu.nt",
    "content": "id: moi",
    "file": "moi.yaml",
    "regulation": "khong_co",
    "code": "000000",
    "role": "approver",
    "code_list": "religion",
    "fields": [{"path": "gender", "reason": "sai giới"}],
    "paths": ["gender"],
    "story": "Mất một thẻ nhớ của đơn vị.",
    "measures": "Đã tìm lại được thẻ nhớ.",
}
"""What a string of this name looks like, where its schema does not say."""
PLAN: dict[str, Any] = {
    "title": "Đổi tên",
    "decision": {"number": "1/QĐ", "signed_on": TODAY, "issuer": "UBND"},
    "effective_on": "2027-01-01",
    "operations": [{"op": "rename", "unit": "H26.02.01", "name": "Bảo tàng mới"}],
}
NOBODY_PLACED = {"op": "place", "unit": "H26.02.01", "to": "H26.02", "people": ["nobody"]}
BODIES: dict[str, dict[str, Any]] = {
    "draftReorganisation": {"plan": PLAN},
    # Judged after who asks is, and refused: nobody's plan becomes another.
    "amendReorganisation": {"plan": {**PLAN, "operations": [*PLAN["operations"], NOBODY_PLACED]}},
    "previewReorganisation": PLAN,
    "decideCodeList": {"decision": "refuse", "reason": "chưa đúng văn bản"},
    "searchProfiles": {"name": "Nguyễn"},
    "simulateLaw": {"simulate": ["nd27_2026"]},
    "amendSubmission": {"content": {"gender": "female"}},
    "changeFields": {"content": {"staff_number": "1"}},
    "announceMaintenance": {"starts_at": "2027-01-01T00:00:00Z", "ends_at": "2027-01-01T05:00:00Z"},
    "restrictGrant": {"valid_to": "2027-01-01"},
    "changeAgency": {"kind": "unit"},
    "createAgency": {"code": "H26.02.77"},
    "delegate": {"valid_to": (legal_date(NOW) + timedelta(days=20)).isoformat()},
}
"""What a schema cannot say of a body: fields put over the sample."""
UPLOAD = {"Tus-Resumable": "1.0.0", "Upload-Length": "8", "Upload-Offset": "0"}
QUERIES: dict[str, dict[str, Any]] = {"downloadFields": {"field": "staff_number"}}
STANDS_FOR = {
    "acceptTransfer": {"transfer_id": "incoming_id"},
    "refuseTransfer": {"transfer_id": "incoming_id"},
    "askForProfile": {"transfer_id": "incoming_id"},
    "getRound": {"command_id": "round_id"},
    "dropUpload": {"upload_id": "dropped_id"},
    **{f"getDocument {kind}": {"sha256": f"{kind}_sha256"} for kind in KINDS},
}
"""Routes whose path names something else than their like: a move that arrives, an upload that may go."""


NOTHING_ELSE: Mapping[str, Iterable[str]] = MappingProxyType({})


class Route:
    """One operation of the document, about one ``kind`` of thing where it is about several."""

    def __init__(
        self, document: dict[str, Any], path: str, method: str, operation: dict[str, Any], kind: str = ""
    ) -> None:
        self.document, self.path, self.method, self.operation = document, path, method.upper(), operation
        self.operation_id: str = operation["operationId"]
        self.kind = kind
        self.id = f"{self.operation_id} {kind}".strip()
        self.parameters = re.findall(r"{(\w+)}", path)

    def positions(self, stage: Stage) -> str:
        """Where what it is about may stand; ``-`` if it is about nothing in the tree."""
        if self.id in POSITIONS_OF:
            return POSITIONS_OF[self.id]
        named = self._target()
        return "".join(sorted(stage.targets[named], key="osufz".index)) if named in stage.targets else "-"

    def request(self, stage: Stage, position: str, made: Made | None = None) -> dict[str, Any]:
        """Arguments for ``httpx``; the expected revision is of the future, so nobody's profile changes."""
        fresh = made or Made()
        spot = {name: places.get(position, NOTHING) for name, places in stage.targets.items()} | fresh.named
        path = self.path
        for name in self.parameters:
            held = spot.get(self._stands_for(name), _other(name, self.id))
            path = path.replace(f"{{{name}}}", str(held))
        headers = {"Idempotency-Key": uuid4().hex, "Hoso-Purpose": "kiem%20tra", "If-Match": '"r999"'}
        headers |= UPLOAD if "uploads" in path else {}
        if made is not None:
            del headers["If-Match"]  # what is done to it takes nothing from the next cell
        asked: dict[str, Any] = {"method": self.method, "url": path, "headers": headers}
        log = {"first": stage.head, "second": stage.head}
        asked["params"] = log if self.id == "getLogGrowth" else QUERIES.get(self.id)
        if self.id == "readLawInForce":
            asked["params"] = {"agency_id": str(stage.targets["agency_id"]["s"])}
        if self.id == "previewMerge":  # beside itself: looked at, and told that it is one
            asked["params"] = {"survivor_id": str(spot["profile_id"])}
        content = self.operation.get("requestBody", {}).get("content", {})
        if "application/json" in content:
            sample = self._sample("", content["application/json"]["schema"], spot)
            asked["json"] = (sample if isinstance(sample, dict) else {}) | BODIES.get(self.id, {})
            if self.id == "claimTransfer":  # somebody who is there to be claimed, in other hands
                asked["json"]["personal_id_number"] = _number(stage.targets["profile_id"]["f"])
        elif "multipart/form-data" in content:
            asked["files"] = {"uploadfile" if "signing-agent" in path else "file": ("a.pdf", PAPER)}
        elif content:
            asked["content"], headers["Content-Type"] = b"%PDF-1.4", next(iter(content))
        fresh.into(asked)
        return asked

    def _target(self) -> str | None:
        if self.parameters:
            return self._stands_for(self.parameters[0])
        content = self.operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        required = self._schema(content.get("schema", {})).get("required", [])
        if {"to_agency_id", "agency_id", "parent_id"} & set(required):
            return "agency_id"
        return "profile_id" if "profiles" in required else None

    def _stands_for(self, name: str) -> str:
        return STANDS_FOR.get(self.id, {}).get(name, name)

    def _schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        if schema.get("anyOf") and {"type": "null"} in schema["anyOf"]:  # a body that may be left out
            schema = next(one for one in schema["anyOf"] if one != {"type": "null"})
        if "$ref" in schema:
            found: dict[str, Any] = self.document["components"]["schemas"][schema["$ref"].split("/")[-1]]
            return found
        return schema

    def _sample(self, name: str, schema: dict[str, Any], spot: dict[str, UUID]) -> Any:
        """The least that this schema takes, words from ``WORDS``, ids from the position."""
        schema = self._schema(schema)
        if schema.get("type") == "object" and name == "content":
            return {}
        if name in WORDS:
            return WORDS[name]
        if "enum" in schema or "const" in schema:
            return schema.get("const", schema.get("enum", [None])[0])
        match schema.get("type"):
            case "object":
                inner = schema.get("properties", {})
                return {one: self._sample(one, inner[one], spot) for one in schema.get("required", [])}
            case "array" if name == "profiles":
                return [str(spot["profile_id"])]
            case "array":
                return [self._sample("", schema["items"], spot)]
            case "boolean":
                return True
            case "integer":
                return schema.get("minimum", 1)
        match schema.get("format"):
            case "uuid":
                known = {"delegate_id": "account_id", "parent_id": "agency_id"}
                named = known.get(name, name.removeprefix("to_"))
                return str(spot.get(named, NOTHING))
            case "date":
                return TODAY
            case "date-time":
                return NOW.isoformat()
        return "12/QĐ thử"


def _number(profile: UUID) -> str:
    """The personal ID number that ``World.employ`` gives."""
    return f"000{profile.int % 10**9:09d}"


OPENED = ("previewAttachment", "attachmentSignatures")
"""Routes that open the file: asked about a picture; test_attachments.py beside asks about PDF files."""


def _other(name: str, route: str) -> str:
    """A parameter that stands for nothing in the tree."""
    if route in OPENED:
        return PICTURE_SHA
    known = {
        "sha256": PAPER_SHA,
        "number": "1",
        "code": "not-found",
        "register": "requests",
        "name": "religion",
        "what": "people",
    }
    return known.get(name, str(NOTHING))


def routes(document: dict[str, Any], kinds: Mapping[str, Iterable[str]] = NOTHING_ELSE) -> list[Route]:
    """Every operation, in the order of the document: once for each of its kinds, if ``kinds`` names any."""
    return [
        Route(document, path, method, operation, kind)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        for kind in kinds.get(operation["operationId"], ("",))
    ]
