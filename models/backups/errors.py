"""What may be wrong with a backup; each says which file, so that it is named and not guessed."""

from models.errors import HosoError


class BackupDamagedError(HosoError):
    """A file of the backup is not what was written: altered, cut short, or sealed under another key."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}")
        self.name, self.why = name, why


class BackupUnknownError(HosoError):
    """No backup of ours, or one made by a newer version than this code."""


class PlaceNotEmptyError(HosoError):
    """Something is there already; a restore never writes over it."""


class BackupRoomError(HosoError):
    """The disk is full, or will be: nothing that counts was left behind."""
