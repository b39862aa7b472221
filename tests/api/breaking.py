"""What in a newer OpenAPI document would break a client of an older one. Shares no code with the API."""

from collections.abc import Iterator
from typing import Any

METHODS = ("get", "put", "post", "delete", "patch")


def breaking(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Every change between two documents that a client written for the old one may trip over."""
    return list(_operations(old, new))


def _operations(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    for path, item in old["paths"].items():
        for method in METHODS:
            before = item.get(method)
            if before is None:
                continue
            after = new["paths"].get(path, {}).get(method)
            name = f"{method.upper()} {path}"
            if after is None:
                yield f"{name}: gone"
                continue
            if before["operationId"] != after["operationId"]:
                yield f"{name}: operationId {before['operationId']} became {after['operationId']}"
            yield from _parameters(name, before, after)
            yield from _body(name, before, after, old, new)
            yield from _answers(name, before, after, old, new)


def _parameters(name: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    known = {(p["in"], p["name"]): p for p in before.get("parameters", [])}
    offered = {(p["in"], p["name"]): p for p in after.get("parameters", [])}
    for key in known:
        if key not in offered:
            yield f"{name}: parameter {key[1]} gone"
    for key, parameter in offered.items():
        if parameter.get("required") and not known.get(key, {}).get("required"):
            yield f"{name}: parameter {key[1]} is now required"


def _body(
    name: str, before: dict[str, Any], after: dict[str, Any], old: dict[str, Any], new: dict[str, Any]
) -> Iterator[str]:
    sent, taken = _schema(before.get("requestBody"), old), _schema(after.get("requestBody"), new)
    if sent is None and taken is not None and after["requestBody"].get("required"):
        yield f"{name}: a body is now required"
    if sent is None or taken is None:
        return
    for field in set(taken.get("required", [])) - set(sent.get("required", [])):
        yield f"{name}: body field {field} is now required"
    for field in set(sent.get("properties", {})) - set(taken.get("properties", {})):
        yield f"{name}: body field {field} gone"
    for field, shape in sent.get("properties", {}).items():
        now = taken.get("properties", {}).get(field, {})
        lost = set(shape.get("enum", [])) - set(now.get("enum", shape.get("enum", [])))
        if lost:
            yield f"{name}: body field {field} no longer takes {sorted(lost)}"


def _answers(
    name: str, before: dict[str, Any], after: dict[str, Any], old: dict[str, Any], new: dict[str, Any]
) -> Iterator[str]:
    for status, answer in before.get("responses", {}).items():
        if not status.startswith("2"):
            continue
        if status not in after.get("responses", {}):
            yield f"{name}: answer {status} gone"
            continue
        given, now = _schema(answer, old), _schema(after["responses"][status], new)
        for field in set((given or {}).get("properties", {})) - set((now or {}).get("properties", {})):
            yield f"{name}: answer field {field} gone"


def _schema(holder: dict[str, Any] | None, document: dict[str, Any]) -> dict[str, Any] | None:
    """The JSON schema of a body or an answer, one reference deep."""
    schema = (holder or {}).get("content", {}).get("application/json", {}).get("schema")
    if schema and "$ref" in schema:
        return dict(document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    return schema
