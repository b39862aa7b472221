"""What the members of requests are called in Vietnamese, for who reads the description or a refusal."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

_PARTS = ("anyOf", "oneOf", "allOf")


@cache
def words() -> Mapping[str, str]:
    """Name of a member → its word."""
    packaged = files("api").joinpath("request_words.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(packaged))


@cache
def titles() -> Mapping[str, str]:
    """Name of a member → the title that its schema gives it, where that is one and the same everywhere."""
    found: dict[str, set[str]] = {}
    for name, schema in members(json.loads(files("api").joinpath("openapi.json").read_bytes())):
        found.setdefault(name, set()).add("" if unnamed(name, schema) else schema["title"])
    return {name: only.pop() for name, only in found.items() if len(only) == 1}


def word(name: str) -> str | None:
    """What a member is called; nothing for a name that no request of ours has."""
    return words().get(name) or titles().get(name)


def with_words(document: dict[str, Any]) -> dict[str, Any]:
    """The same OpenAPI document where each member of a request that had no word of its own has one."""
    for name, schema in members(document):
        if unnamed(name, schema) and (found := words().get(name)) is not None:
            schema["title"] = found
    return document


def unnamed(name: str, schema: Mapping[str, Any]) -> bool:
    """Whether a member has no title but the one pydantic makes of its name."""
    plain = name.replace("_", " ").casefold()
    return schema.get("title", "").replace("-", " ").casefold() in ("", plain.replace("-", " "))


def members(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and schema of everything a client may send: parameters and members of bodies, nested ones too."""
    schemas, seen = document["components"]["schemas"], set[str]()
    for item in document["paths"].values():
        for operation in item.values():
            for parameter in operation.get("parameters", ()):
                yield parameter["name"], parameter["schema"]
            for content in operation.get("requestBody", {}).get("content", {}).values():
                yield from _of(content.get("schema", {}), schemas, seen)


def _of(
    schema: dict[str, Any], schemas: Mapping[str, Any], seen: set[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    name = schema.get("$ref", "").rpartition("/")[2]
    if name:
        if name not in seen:
            seen.add(name)
            yield from _of(schemas[name], schemas, seen)
        return
    for part in _PARTS:
        for one in schema.get(part, ()):
            yield from _of(one, schemas, seen)
    if "items" in schema:
        yield from _of(schema["items"], schemas, seen)
    for member, inner in schema.get("properties", {}).items():
        if "$ref" not in inner:
            yield member, inner
        yield from _of(inner, schemas, seen)
