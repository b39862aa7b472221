"""What lies under a name, opened and proven by that name; needs no store, so backups use it too."""

from models.documents.errors import StoreError
from models.documents.names import Place
from models.errors import SealBrokenError
from models.keys import FieldCipher, Purpose, Sealed

BOUND_TO = ("documents", "", "file")
"""Table, row and field of the seal. No row: a document is proven by its hash, which the name is a code of."""


def opened(cipher: FieldCipher, name: str, packed: bytes) -> tuple[Place, bytes]:
    """The place a name tells of, and the document that lies there.

    Raises:
        StoreError: attachment-damaged: altered, or of another name.
        KeyUnknownError: it was sealed under a key this ring does not hold.
    """
    place = Place.parse(name)
    if place is None:
        raise StoreError("attachment-damaged", f"{name[:120]}: no name of a sealed document")
    try:
        sealed = Sealed.unpack(packed)
        if sealed.key_id != place.key_id:
            raise SealBrokenError("sealed under another key than its name says")
        data = cipher.open(place.authority_id, *BOUND_TO, sealed)
    except SealBrokenError as error:
        raise StoreError("attachment-damaged", f"{name}: {error}") from error
    if not place.holds(cipher.ring.find(Purpose.FIELDS, place.key_id), data):
        raise StoreError("attachment-damaged", f"{name}: another document lies there")
    return place, data
