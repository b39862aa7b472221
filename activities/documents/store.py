"""The store of documents, which the API reads and writes too: see ``models.documents``."""

from models.documents import (
    MAXIMUM_BYTES,
    MEDIA_TYPES,
    DocumentStore,
    MediaType,
    Stored,
    StoreError,
    detect,
    documents_of,
)

__all__ = [
    "MAXIMUM_BYTES",
    "MEDIA_TYPES",
    "DocumentStore",
    "MediaType",
    "StoreError",
    "Stored",
    "detect",
    "documents_of",
]
