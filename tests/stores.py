"""Stores of documents for tests: a folder, under the world's own keys."""

from pathlib import Path

from models.documents import DocumentStore, FolderBlobs
from models.record.tools import Tools


def store_in(folder: Path, tools: Tools) -> DocumentStore:
    """The store of documents in a folder."""
    return DocumentStore(FolderBlobs(folder), tools.cipher)
