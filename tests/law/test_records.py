"""Every record of the source is in its file, once: the ids of each document against a list kept apart."""

from pathlib import Path

import pytest

from models.regulations import Regulation, seed

LISTS = Path(__file__).parent / "records"


def listed(document: str) -> list[str]:
    return (LISTS / f"{document}.txt").read_text(encoding="utf-8").split()


def test_every_document_has_its_list_and_every_list_its_document() -> None:
    assert {path.stem for path in LISTS.glob("*.txt")} == {regulation.id for regulation in seed()}


@pytest.mark.parametrize("regulation", seed(), ids=lambda one: one.id)
def test_every_record_is_there_once_in_the_order_of_the_document(regulation: Regulation) -> None:
    found = [rule.id for rule in regulation.rules]
    assert found == listed(regulation.id)
    assert len(found) == len(set(found))
