"""``hoso demo``: a working life from account to archive, in under a minute, on throw-away servers."""

from api.cli.demo.command import command

__all__ = ["command"]
