"""What in a newer OpenAPI document would break a client of an older one. Shares no code with the API.

A body may take more and ask for no more than before; an answer may say more and leave out nothing. Both are
followed through references, lists and alternatives to their last member; a schema that several operations
share is told where it is met first.
"""

from collections.abc import Iterator
from typing import Any

METHODS = ("get", "put", "post", "delete", "patch")
Json = dict[str, Any]

_UPPER, _LOWER = ("maxLength", "maximum", "maxItems"), ("minLength", "minimum", "minItems")


def breaking(old: Json, new: Json) -> list[str]:
    """Every change between two documents that a client written for the old one may trip over."""
    return list(_Comparison(old, new).operations())


class _Comparison:
    def __init__(self, old: Json, new: Json) -> None:
        self.old, self.new = old, new
        self.met: set[tuple[str, str, bool]] = set()

    def operations(self) -> Iterator[str]:
        for path, item in self.old["paths"].items():
            for method in METHODS:
                before = item.get(method)
                if before is None:
                    continue
                after = self.new["paths"].get(path, {}).get(method)
                name = f"{method.upper()} {path}"
                if after is None:
                    yield f"{name}: gone"
                    continue
                if before["operationId"] != after["operationId"]:
                    yield f"{name}: operationId {before['operationId']} became {after['operationId']}"
                yield from self._parameters(name, before, after)
                yield from self._body(name, before, after)
                yield from self._answers(name, before, after)

    def _parameters(self, name: str, before: Json, after: Json) -> Iterator[str]:
        known = {(p["in"], p["name"]): p for p in before.get("parameters", [])}
        offered = {(p["in"], p["name"]): p for p in after.get("parameters", [])}
        for key, parameter in known.items():
            if key not in offered:
                yield f"{name}: parameter {key[1]} gone"
            else:
                said = f"{name}: parameter {key[1]}"
                yield from self._taken(said, parameter.get("schema", {}), offered[key].get("schema", {}))
        for key, parameter in offered.items():
            if parameter.get("required") and not known.get(key, {}).get("required"):
                yield f"{name}: parameter {key[1]} is now required"

    def _body(self, name: str, before: Json, after: Json) -> Iterator[str]:
        sent, taken = before.get("requestBody"), after.get("requestBody")
        if taken and taken.get("required") and not (sent or {}).get("required"):
            yield f"{name}: a body is now required"
        for kind, holder in (sent or {}).get("content", {}).items():
            there = (taken or {}).get("content", {}).get(kind)
            if there is None:
                yield f"{name}: a body of {kind} is no longer taken"
            else:
                yield from self._taken(f"{name}: body", holder.get("schema", {}), there.get("schema", {}))

    def _answers(self, name: str, before: Json, after: Json) -> Iterator[str]:
        for status, answer in before.get("responses", {}).items():
            if not status.startswith("2"):
                continue
            if status not in after.get("responses", {}):
                yield f"{name}: answer {status} gone"
                continue
            given = after["responses"][status].get("content", {})
            for kind, holder in answer.get("content", {}).items():
                if kind not in given:
                    yield f"{name}: answer {status} is no longer given as {kind}"
                else:
                    said = f"{name}: answer"
                    yield from self._given(said, holder.get("schema", {}), given[kind].get("schema", {}))

    def _taken(self, name: str, sent: Json, taken: Json) -> Iterator[str]:
        """Whatever fitted ``sent`` must fit ``taken``."""
        sent, taken, again = self._there(sent, taken, given=False)
        if again or not taken:
            return
        lost = _kinds(sent, self.old) - _kinds(taken, self.new)
        if lost and _kinds(taken, self.new):
            yield f"{name} no longer takes {sorted(lost)}"
        values, now = _values(sent, self.old), _values(taken, self.new)
        if now and values - now:
            yield f"{name} no longer takes {sorted(values - now)}"
        yield from _narrower(name, sent, taken)
        fields, offered = _fields(sent, self.old), _fields(taken, self.new)
        for field in sorted(_required(taken, self.new) - _required(sent, self.old)):
            yield f"{name} field {field} is now required"
        for field, shape in fields.items():
            if field not in offered:
                yield f"{name} field {field} gone"
            else:
                yield from self._taken(f"{name} field {field}", shape, offered[field])
        yield from self._within(name, sent, taken, given=False)

    def _given(self, name: str, before: Json, now: Json) -> Iterator[str]:
        """Whoever reads what fits ``before`` must be able to read what fits ``now``."""
        before, now, again = self._there(before, now, given=True)
        if again or not before:
            return
        more = _kinds(now, self.new) - _kinds(before, self.old)
        if more and _kinds(before, self.old):
            yield f"{name} may now be {sorted(more)}"
        fields, offered = _fields(before, self.old), _fields(now, self.new)
        for field, shape in fields.items():
            if field not in offered:
                yield f"{name} field {field} gone"
            else:
                yield from self._given(f"{name} field {field}", shape, offered[field])
        for field in sorted((_required(before, self.old) - _required(now, self.new)) & set(offered)):
            yield f"{name} field {field} may now be left out"
        yield from self._within(name, before, now, given=True)

    def _within(self, name: str, before: Json, now: Json, *, given: bool) -> Iterator[str]:
        follow = self._given if given else self._taken
        for member in ("items", "additionalProperties"):
            if isinstance(before.get(member), dict) and isinstance(now.get(member), dict):
                yield from follow(f"{name} []", before[member], now[member])
        if (
            not given
            and now.get("additionalProperties") is False
            and before.get("additionalProperties", True)
        ):
            yield f"{name} takes no other members any more"

    def _there(self, before: Json, now: Json, *, given: bool) -> tuple[Json, Json, bool]:
        """Both without their references, and whether just these two have been compared already."""
        names = (before.get("$ref", ""), now.get("$ref", ""), given)
        again = bool(names[0]) and names in self.met
        self.met.add(names)
        return _resolved(before, self.old), _resolved(now, self.new), again


def _resolved(schema: Json, document: Json) -> Json:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def _choices(schema: Json, document: Json) -> list[Json]:
    """The alternatives of a schema, itself where it has none."""
    schema = _resolved(schema, document)
    inner = schema.get("anyOf") or schema.get("oneOf")
    return [one for choice in inner for one in _choices(choice, document)] if inner else [schema]


def _kinds(schema: Json, document: Json) -> set[str]:
    found: set[str] = set()
    for one in _choices(schema, document):
        kind = one.get("type")
        if kind is None and not one.get("properties"):
            return set()  # anything
        found |= {kind} if isinstance(kind, str) else set(kind or ["object"])
    return found


def _values(schema: Json, document: Json) -> set[str]:
    """The words a schema is limited to; empty where any of its alternatives takes others."""
    found: set[str] = set()
    for one in _choices(schema, document):
        words = one.get("enum", [one["const"]] if "const" in one else [])
        if not words and one.get("type") != "null":
            return set()
        found |= {str(word) for word in words}
    return found


def _fields(schema: Json, document: Json) -> Json:
    """The members of all alternatives."""
    return {k: v for one in _choices(schema, document) for k, v in one.get("properties", {}).items()}


def _required(schema: Json, document: Json) -> set[str]:
    """The members that every alternative that is an object asks for."""
    shapes = [set(one.get("required", [])) for one in _choices(schema, document) if one.get("properties")]
    return set.intersection(*shapes) if shapes else set()


def _narrower(name: str, sent: Json, taken: Json) -> Iterator[str]:
    for limit in _UPPER:
        if limit in taken and taken[limit] < sent.get(limit, float("inf")):
            yield f"{name} takes at most {taken[limit]} now ({limit})"
    for limit in _LOWER:
        if limit in taken and taken[limit] > sent.get(limit, 0 if limit != "minimum" else float("-inf")):
            yield f"{name} takes at least {taken[limit]} now ({limit})"
    if "pattern" in taken and taken["pattern"] != sent.get("pattern"):
        yield f"{name} is limited by another pattern"
