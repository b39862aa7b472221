"""What is asked of the installation as a whole, by those who administer it."""

from typing import ClassVar

from pydantic import Field

from models.command_shapes import Body, Text


class OrderBackup(Body):
    """Have a backup taken now, beside the month's own (hanoi.art11.1)."""

    verb: ClassVar[str] = "order_backup"
    subject: ClassVar[str] = "administration"
    document: Text = Field(description="Văn bản hoặc lý do / the document or the reason it stands on")
