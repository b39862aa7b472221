"""Where an installation's documents lie, by its settings."""

from models.documents.blobs import Blobs, FolderBlobs
from models.documents.bucket import BucketBlobs, BucketPlace
from models.documents.store import DocumentStore
from models.keys import FieldCipher
from models.settings import Settings


def blobs_of(settings: Settings) -> Blobs:
    """The bucket, if the settings name one, else the folder.

    Raises:
        StoreAwayError: the address is none.
    """
    if settings.documents_bucket is None:
        return FolderBlobs(settings.documents)
    secret, endpoint = settings.documents_secret_key, settings.documents_endpoint
    place = BucketPlace(
        settings.documents_bucket,
        str(endpoint).rstrip("/") if endpoint else None,
        settings.documents_region,
        settings.documents_access_key,
        secret.get_secret_value() if secret else None,
        settings.documents_seconds,
    )
    return BucketBlobs(place)


def documents_of(settings: Settings, cipher: FieldCipher) -> DocumentStore:
    """The store of documents."""
    return DocumentStore(blobs_of(settings), cipher)
