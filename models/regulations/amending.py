"""What a load of law changes: from which days on which rule set is another, beside what is loaded already.

What was loaded is the running truth: a document is read back from the rule sets in which it stands. Of the
packaged files only drafts and documents known from reports are beside it; what is in force comes by a load.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from models.regulations.in_force import MissingSlots, NoLawInForce
from models.regulations.loader import seed
from models.regulations.ruleset import RuleSet
from models.regulations.schema import Regulation
from models.regulations.trial import Trial, law_of

Laws = Sequence[tuple[date, RuleSet]]
"""Rule sets with the day from which each stands; of one day the later prevails."""
REPORTED = "known_from_reports"


@dataclass(frozen=True, slots=True)
class Story:
    """All that led to the law of an authority: documents, what it adopted and since when, a trial."""

    authority: str
    regulations: tuple[Regulation, ...]
    adopted: Mapping[str, date]
    trial: Trial | None

    def with_document(self, given: Regulation) -> "Story":
        """The same with one document more, in place of an older version of itself."""
        others = tuple(one for one in self.regulations if one.id != given.id)
        return Story(self.authority, (*others, given), self.adopted, self.trial)

    def adopting(self, regulation: str, starts: date) -> "Story":
        """The same with a document known from reports adopted."""
        return Story(self.authority, self.regulations, {**self.adopted, regulation: starts}, self.trial)


def in_story(authority: str, laws: Laws) -> Story:
    """The documents behind what is loaded, and those packaged that somebody may yet decide upon."""
    known = {one.id: one for one in seed() if one.status != "in_force"}
    adopted: dict[str, date] = {}
    drafts: tuple[tuple[str, ...], date] | None = None
    for start, rules in laws:
        for header in rules.regulations:
            own = tuple(rule for rule in rules.rules if rule.regulation == header.id)
            fields = {name: getattr(header, name) for name in type(header).model_fields}
            known[header.id] = Regulation(**fields, rules=own)
            if header.status == REPORTED:
                adopted[header.id] = min(start, adopted.get(header.id, start))
        if rules.drafts and drafts is None:
            drafts = rules.drafts, start
    trial = Trial(drafts=drafts[0], document="–", starts=drafts[1]) if drafts else None
    return Story(authority, tuple(known.values()), adopted, trial)


def of_another(code: str, own: Laws, loaded: Laws, trial: Trial | None = None) -> Story:
    """The documents behind another regulation's law in a part of the tree: its local ones as they were
    loaded, else as packaged; the national ones and what was adopted as the authority itself has them.

    ``own`` is the law of the authority, ``loaded`` what was loaded of the other before; ``trial`` names the
    drafts it is to run on.
    """
    story, before = in_story(code, (*own, *loaded)), in_story(code, loaded)
    known = {one.id for one in story.regulations}
    packaged = tuple(one for one in seed() if one.authority == code and one.id not in known)
    return Story(code, (*story.regulations, *packaged), story.adopted, trial or before.trial)


def amended(story: Story, laws: Laws, since: date) -> list[tuple[date, RuleSet]]:
    """The loads by which the law from ``since`` on becomes what the story says; empty where it is so.

    A day after which nothing is in force keeps what stood: law is replaced, never merely taken away.
    Raises NoLawInForce, MissingSlots or OverlappingRegulations where there is no law on ``since`` itself.
    """
    stack = list(laws)
    found: list[tuple[date, RuleSet]] = []
    for day in [since, *_days(story, laws, since)]:
        try:
            wanted = law_of(story.authority, day, story.trial, story.regulations, adopted=story.adopted)
        except (NoLawInForce, MissingSlots):
            if day == since:
                raise
            continue
        stands = _on(stack, day)
        if stands is None or stands.hash != wanted.hash:
            found.append((day, wanted))
            stack.append((day, wanted))
    return found


def _days(story: Story, laws: Laws, since: date) -> list[date]:
    """Days after ``since`` on which the law may be another."""
    days = {start for start, _ in laws} | set(story.adopted.values())
    for one in story.regulations:
        days |= {one.valid_from} if one.valid_from else set()
        days |= {one.valid_to + timedelta(days=1)} if one.valid_to else set()
    return sorted(day for day in days if day > since)


def _on(laws: Laws, day: date) -> RuleSet | None:
    """The law of a day: the newest day that has come, and of one day what was loaded last."""
    stood = [(start, place) for place, (start, _) in enumerate(laws) if start <= day]
    return laws[max(stood)[1]][1] if stood else None
