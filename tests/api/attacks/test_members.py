"""Mass assignment: no request takes a member that it does not ask for, wherever in its body it stands."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

import api
from tests.api.reading.world import PASSWORD, Caller, code_of

Json = dict[str, Any]
DOCUMENT: Json = json.loads((Path(api.__file__).parent / "openapi.json").read_text(encoding="utf-8"))
NOBODY = "nobody_asked_for"

PARTS = "parts of a form are taken by their names, and no others are looked at: the test of uploads below"
OPEN = {
    "getAccessToken": "RFC 6749, 3.2: the server must ignore parameters it does not know",
    "oidcBackChannelLogout": "OpenID Connect Back-Channel Logout 1.0, 2.5: the same",
    "Body_importWorkbook": PARTS,
    "Body_orderBulkWorkbook": PARTS,
    "Body_readCodeListFile": PARTS,
    "Body_readPlanFile": PARTS,
    "Body_uploadAttachment": PARTS,
    "Body_giveSignedFile": PARTS,
    "DraftBody.content": "the form itself: what the catalogue does not know is told when it is saved",
    "NewKey.jwk": "RFC 7517, 4: members not understood are ignored; a private key is refused",
    "CodeRow.columns": "further columns of a published list, texts under names of their own",
}
"""Bodies, or members of bodies, that take more than they name, and why."""
BEHIND_A_TOKEN = {"giveSignature"}
"""Asked by the token of a signing session: refused before the body is read; their shape is tried above."""


def operations() -> Iterator[tuple[str, str, Json]]:
    """Method, path and operation of everything with a body."""
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            if "requestBody" in operation:
                yield method, path, operation


def opened(schema: Json, where: str, seen: set[str]) -> Iterator[str]:
    """Where a schema, or whatever it holds, lets a client add members."""
    if name := schema.get("$ref", "").rpartition("/")[2]:
        if name not in seen:
            seen.add(name)
            yield from opened(DOCUMENT["components"]["schemas"][name], name, seen)
        return
    # Names that do not fit the pattern are refused though the description does not say so: tried below.
    closed = schema.get("additionalProperties") is False or "patternProperties" in schema
    if schema.get("type") == "object" and not closed:
        yield where
    for member, inner in {**schema.get("properties", {}), **schema.get("patternProperties", {})}.items():
        yield from opened(inner, f"{where}.{member}", seen)
    inside = [schema.get(one) for one in ("items", "additionalProperties", "contains")]
    inside += [one for kind in ("anyOf", "oneOf", "allOf", "prefixItems") for one in schema.get(kind, ())]
    for one in inside:
        if isinstance(one, dict):
            yield from opened(one, where, seen)


def test_mass_assignment_every_body_is_closed_down_to_its_last_member() -> None:
    found: set[str] = set()
    count = 0
    for _, _, operation in operations():
        for content in operation["requestBody"]["content"].values():
            found |= set(opened(content.get("schema", {}), operation["operationId"], set()))
            count += 1
    assert count > 130
    assert found == set(OPEN), "close it (extra='forbid'), or say above why it has to be open"


async def test_mass_assignment_a_member_nobody_asked_for_is_refused_everywhere(caller: Caller) -> None:
    """Every JSON body there is, sent with one member too many, by somebody who may much."""
    await caller.login("admin")
    taken: dict[str, str] = {}
    tried = 0
    for method, path, operation in operations():
        if "application/json" not in operation["requestBody"]["content"]:
            continue
        name = operation["operationId"]
        if name in BEHIND_A_TOKEN:
            continue
        at = re.sub(r"\{(\w+)\}", lambda _: str(uuid4()), path.removeprefix("/api/v1"))
        headers = {"Idempotency-Key": uuid4().hex, "If-Match": '"r1"'}
        answer = await caller.request(method, at, json={NOBODY: "administrator"}, headers=headers)
        told = {one["path"] for one in answer.json().get("errors", ())}
        if code_of(answer)[1] != "malformed-request" or not {one for one in told if one.endswith(NOBODY)}:
            taken[name] = answer.text[:300]
        assert "administrator" not in answer.text
        tried += 1
    assert taken == {}
    assert tried > 120


@pytest.mark.parametrize("member", ["role", "kind", "authority_id", "state", "account_id", "expires_at"])
async def test_mass_assignment_nobody_logs_in_as_more_than_they_are(caller: Caller, member: str) -> None:
    body = {"login": "hr.a", "password": PASSWORD, member: "administrator"}
    for path in ("/session", "/session/browser"):
        answer = await caller.post(path, json=body)
        assert code_of(answer) == (400, "malformed-request")
        assert "administrator" not in answer.text


async def test_mass_assignment_names_beside_the_pattern_are_no_members(caller: Caller) -> None:
    await caller.login("hr.a")
    for wrong in ("__class__", "Role", "a.b", "a-b", ""):
        body = {"verb": "separate", "dry_run": True, "common": {wrong: "x"}, "items": []}
        answer = await caller.post("/bulk", json=body, headers={"Idempotency-Key": uuid4().hex})
        told = {one["path"] for one in answer.json().get("errors", ())}
        assert {one for one in told if one.startswith("body.common")}, (wrong, answer.text)
