"""A file that is not taken: the code of the published catalogue, said by the process that looked at it."""


class FileRefusedError(Exception):
    """``code`` is one of the catalogue's ``attachment-…``; ``found`` names what is in it, if anything.

    Not a HosoError: the catalogue behind those takes the process longer to load than most files to judge.
    """

    def __init__(self, code: str, found: tuple[str, ...] = ()) -> None:
        super().__init__(code)
        self.code, self.found = code, found
