"""Files kept under their SHA-256, sealed at rest: in a folder or in a bucket. See README.md."""

from models.documents.blobs import Blobs, FolderBlobs
from models.documents.bucket import BucketBlobs, BucketPlace
from models.documents.errors import StoreAwayError, StoreError, StoreLockedError
from models.documents.kinds import MEDIA_TYPES, MediaType, detect, is_heif
from models.documents.places import blobs_of, documents_of
from models.documents.store import MAXIMUM_BYTES, DocumentStore, Stored

__all__ = [
    "MAXIMUM_BYTES",
    "MEDIA_TYPES",
    "Blobs",
    "BucketBlobs",
    "BucketPlace",
    "DocumentStore",
    "FolderBlobs",
    "MediaType",
    "StoreAwayError",
    "StoreError",
    "StoreLockedError",
    "Stored",
    "blobs_of",
    "detect",
    "documents_of",
    "is_heif",
]
