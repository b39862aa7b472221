"""The OpenAPI document: what the framework writes, and the one shape of whatever is no success.

The framework documents a 422 of its own that no route of ours answers, and none of the refusals that all do.
"""

from typing import Any

from fastapi import FastAPI

from api.request_words import with_words

MEDIA_TYPE = "application/problem+json"
_LINE = {"type": "string"}
_FIELD = {
    "type": "object",
    "title": "ProblemField",
    "required": ["path", "label"],
    "properties": {
        "path": {"type": "string", "description": "Chỗ trong nội dung đã gửi / place in what was sent"}
    },
}
_ALWAYS = ("type", "code", "title", "title_en", "detail", "detail_en", "remedy", "remedy_en")
PROBLEM: dict[str, Any] = {
    "type": "object",
    "title": "ProblemDocument",
    "description": "RFC 9457; mã ở /problems / codes at /problems",
    "required": [*_ALWAYS, "status", "instance"],
    "properties": {
        **dict.fromkeys(_ALWAYS, _LINE),
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "instance": {"type": "string", "description": "Mã của lần này / of this one occurrence"},
        "citation": {"type": "string", "description": "Điều luật / the article"},
        "errors": {"type": "array", "items": _FIELD},
    },
}
"""A problem document; a code may add members of its own (RFC 9457, 3.2)."""

_CONTENT = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}
_OTHERWISE = {"$ref": "#/components/responses/Problem"}


class DescribedAPI(FastAPI):
    """An application whose document tells its refusals, and what members are called."""

    def openapi(self) -> dict[str, Any]:
        """The document, made once."""
        if self.openapi_schema is None:
            with_words(with_problems(super().openapi()))  # which keeps what it answers
        return super().openapi()


def with_problems(document: dict[str, Any]) -> dict[str, Any]:
    """The same document where each operation answers otherwise with a problem."""
    for item in document["paths"].values():
        for operation in item.values():
            answers = operation["responses"]
            for status in [one for one in answers if one[0] in "45"]:
                if "HTTPValidationError" in str(answers[status]):
                    del answers[status]
                else:
                    examples = answers[status].get("content", {}).get(MEDIA_TYPE, {})
                    answers[status]["content"] = {MEDIA_TYPE: examples | _CONTENT[MEDIA_TYPE]}
            answers["default"] = _OTHERWISE
    parts = document["components"]
    parts["schemas"]["ProblemDocument"] = PROBLEM
    for name in ("HTTPValidationError", "ValidationError"):
        parts["schemas"].pop(name, None)
    told = "Từ chối hoặc sự cố / a refusal or an accident"
    parts["responses"] = {"Problem": {"description": told, "content": _CONTENT}}
    return document
