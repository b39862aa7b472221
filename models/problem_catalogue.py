"""The published catalogue of problems (RFC 9457), read from problem_catalogue.yaml beside this file."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import yaml


@dataclass(frozen=True)
class Problem:
    """One entry: what a code means and what the reader can do about it."""

    code: str
    status: int
    title_vi: str
    title_en: str
    meaning_vi: str
    meaning_en: str
    remedy_vi: str
    remedy_en: str

    @property
    def uri(self) -> str:
        """The `type` of the problem document, relative to the API's root."""
        return f"/problems/{self.code}"

    @property
    def retry(self) -> bool:
        """Whether the same request, unchanged and with the same key, can succeed later."""
        return self.status >= 500 or self.code in {"in-flight", "rate-limited", "window-not-open"}


_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _OneOfEachLoader(_Loader):  # type: ignore[misc] # libyaml's where it is built in, else Python's
    """YAML lets a later key silently replace an earlier one; a catalogue must not."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value]
        if len(names) != len(set(names)):
            raise ValueError(f"a key is given twice{node.start_mark}")
        found: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return found


def read_catalogue(text: str) -> Mapping[str, Problem]:
    """The catalogue in `text`; ValueError where an entry is incomplete, doubled or no error status."""
    catalogue: dict[str, Problem] = {}
    for code, entry in yaml.load(text, _OneOfEachLoader).items():  # noqa: S506  # a SafeLoader
        words = {f"{part}_{tongue}": entry[tongue][part] for tongue in ("vi", "en") for part in entry[tongue]}
        if not 400 <= entry["status"] <= 599 or not all(words.values()):
            raise ValueError(f"the entry {code!r} needs an error status and words for all its parts")
        try:
            catalogue[code] = Problem(code=code, status=entry["status"], **words)
        except TypeError as wrong:
            raise ValueError(f"the entry {code!r}: {wrong}") from None
    return MappingProxyType(catalogue)


CATALOGUE: Mapping[str, Problem] = read_catalogue(
    files(__package__).joinpath("problem_catalogue.yaml").read_text(encoding="utf-8")
)
