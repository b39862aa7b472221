"""How a process of ours starts: it reads a thousand modules and keeps them all.

Imported before everything else, this keeps the garbage collector waiting meanwhile: walking again and again
over what only grows is a sixth of a start.
"""

import gc

_collected = gc.isenabled()
gc.disable()


def settled() -> None:
    """All that stays has been imported: it is never walked again, and collecting begins."""
    if _collected:
        gc.freeze()
        gc.enable()
