"""A file that is not taken: the code of the published catalogue, said by the process that looked at it."""

from models.errors import HosoError


class FileRefusedError(HosoError):
    """``code`` is one of the catalogue's ``attachment-…``; ``found`` names what is in the file, if anything."""

    def __init__(self, code: str, found: tuple[str, ...] = ()) -> None:
        super().__init__(code)
        self.code, self.found = code, found
