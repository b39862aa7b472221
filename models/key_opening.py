"""The key ring and the master key where the settings say they are."""

from pathlib import Path

from models.key_changes import MasterPlace, ensure_keyring
from models.key_files import read_private
from models.key_ring import KeyRing, MasterKey
from models.key_token import TokenPlace
from models.settings import Settings


def token_place(settings: Settings) -> TokenPlace | None:
    """The token that unwraps the master key; None where none is set."""
    if settings.token_module is None or settings.token_label is None:
        return None

    def pin() -> str:
        if settings.token_pin is not None:
            return settings.token_pin.get_secret_value()
        return read_private(settings.token_pin_file).decode().strip()

    return TokenPlace(settings.token_module, settings.token_label, pin)


def master_place(settings: Settings) -> MasterPlace:
    """Where the master key is found."""
    text = settings.master_key.get_secret_value() if settings.master_key else None
    return MasterPlace(text, settings.master_key_file, token_place(settings))


def master_in(settings: Settings, file: Path) -> MasterKey:
    """A master key brought in a file, in the open or wrapped by a key of the token that the settings name.

    Raises:
        KeyRingMissingError, KeyRingDamagedError: no such file, not private, none of ours; or no such token.
    """
    return MasterPlace(None, file, token_place(settings)).find()


def open_ring(settings: Settings) -> KeyRing:
    """The ring, made on a first run; errors as `ensure_keyring`."""
    place = master_place(settings)
    return ensure_keyring(settings.key_ring, place.text, place.file, place.token)
