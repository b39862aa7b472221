"""Making, changing and opening the key ring's file. Each change is written whole, one after the other."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from models.errors import KeyRingMissingError, KeyUnknownError
from models.key_files import alone, read_private, write_private
from models.key_ring import DataKey, KeyRing, MasterKey, Purpose, current_of, unwrap, unwrap_by_any, wrap
from models.key_token import TokenPlace, is_wrapped, unwrap_master


@dataclass(frozen=True, slots=True)
class MasterPlace:
    """Where the master key is: the environment's text, else a file; either may hold it wrapped by a token's
    key, and then the token is asked."""

    text: str | None
    file: Path
    token: TokenPlace | None = None

    @property
    def following(self) -> Path:
        """Where the next master key stands while it is changed: whichever opens the ring counts."""
        return self.file.with_name(f"{self.file.name}.next")

    def find(self) -> MasterKey:
        """The master key; KeyRingMissingError where there is none, KeyRingDamagedError for anything else."""
        if self.text is not None:
            return self._read(self.text)
        return self._read(read_private(self.file).decode("ascii", "replace"))

    def candidates(self) -> tuple[MasterKey, ...]:
        """The master key, and the next one while it is being changed."""
        found = self.find()
        if self.text is None and self.following.exists():
            try:
                return (found, self._read(read_private(self.following).decode("ascii", "replace")))
            except KeyRingMissingError:  # the change came to its end meanwhile
                return (self.find(), found)
        return (found,)

    def _read(self, text: str) -> MasterKey:
        return unwrap_master(text, self.token) if is_wrapped(text) else MasterKey.from_text(text)


def create_keyring(path: Path, master: MasterKey) -> KeyRing:
    """Make a new ring with one key per purpose; FileExistsError if there is a file already."""
    keys = [DataKey.make(purpose) for purpose in Purpose]
    write_private(path, wrap(keys, master), replace=False)
    return KeyRing(path, master)


def rotate(path: Path, master: MasterKey, purpose: Purpose, authority_id: UUID | None = None) -> DataKey:
    """Add a new current key; what older keys sealed stays readable.

    With an authority the key is that authority's own. After rotating `BLIND_INDEX` the stored indexes must be
    computed again; `BlindIndex.candidates` finds rows under old keys until then.
    """
    with alone(path.parent):
        keys = unwrap(read_private(path), master)
        before = current_of(keys, purpose, authority_id)
        made = DataKey.make(purpose, authority_id, follows=before.id if before else None)
        write_private(path, wrap([*keys, made], master), replace=True)
    return made


def remove(path: Path, master: MasterKey, key_id: str) -> DataKey:
    """Take a key out of the ring for ever: what it sealed opens no more.

    Raises:
        KeyUnknownError: the ring has no such key, or nothing else would be current in its place.
    """
    with alone(path.parent):
        keys = unwrap(read_private(path), master)
        gone = next((key for key in keys if key.id == key_id), None)
        if gone is None:
            raise KeyUnknownError(f"chùm khoá không có khoá {key_id[:40]!r} / the ring has no such key")
        kept = [key for key in keys if key is not gone]
        if gone.authority_id is None and not any(
            key.purpose is gone.purpose and key.authority_id is None for key in kept
        ):
            raise KeyUnknownError(f"khoá cuối cùng của / the last key for {gone.purpose}")
        write_private(path, wrap(kept, master), replace=True)
    return gone


def rewrap(path: Path, master: MasterKey, new_master: MasterKey) -> None:
    """Wrap the same keys with another master key; what is sealed stays as it is."""
    with alone(path.parent):
        write_private(path, wrap(unwrap(read_private(path), master), new_master), replace=True)


def change_master(
    path: Path, place: MasterPlace, keep: Callable[[MasterKey], str], former: Path | None = None
) -> None:
    """Put a new master key in the place of the one in a file; a crash at any point leaves a ring that opens.

    The new one is written beside the old before the ring is wrapped with it, and takes its name afterwards.
    ``keep`` makes the text of the file: the key itself, or wrapped by a token's key. ``former`` is where the
    present one is kept: the ring in every backup made so far is wrapped with it.

    Raises:
        KeyRingMissingError, KeyRingDamagedError: the present one does not open the ring.
    """
    with alone(path.parent):
        master, keys = unwrap_by_any(read_private(path), place.candidates())
        if place.following.exists():  # an earlier change did not come to its end
            if master != place.find():
                place.following.replace(place.file)
            else:
                place.following.unlink()
        made = MasterKey.make()
        text = keep(made)
        if former is not None:
            write_private(former, read_private(place.file), replace=False)
        write_private(place.following, text.encode() + b"\n", replace=False)
        write_private(path, wrap(keys, made), replace=True)
        place.following.replace(place.file)


def find_master(text: str | None, file: Path) -> MasterKey:
    """The master key from the environment if set there, else from its file; KeyRingMissingError if none."""
    return MasterPlace(text, file).find()


def ensure_keyring(path: Path, text: str | None, file: Path, token: TokenPlace | None = None) -> KeyRing:
    """Open the ring, or on a first run make it, with a master key file unless the environment gives one.

    Where a ring exists a missing master key is an error: a new one would open nothing.
    """
    place = MasterPlace(text, file, token)
    if not path.exists():
        try:
            master = place.find()
        except KeyRingMissingError:
            master = MasterKey.create(file)
        create_keyring(path, master)
    return KeyRing(path, place.candidates)
