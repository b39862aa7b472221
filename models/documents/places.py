"""Where an installation's documents lie, by its settings."""

from models.documents.blobs import Blobs, FolderBlobs
from models.documents.store import DocumentStore
from models.keys import FieldCipher
from models.settings import Settings


def blobs_of(settings: Settings) -> Blobs:
    """The folder of documents."""
    return FolderBlobs(settings.documents)


def documents_of(settings: Settings, cipher: FieldCipher) -> DocumentStore:
    """The store of documents."""
    return DocumentStore(blobs_of(settings), cipher)
