"""What people may ask for on paper: an export that stands for the original, a print of one's own data."""

from typing import ClassVar

from pydantic import Field

from models.command_shapes import Body, Day, Text

_AS_OF = "Như đã phê duyệt đến hết ngày; bỏ trống là hôm nay / as approved by the end of this day"


class Taking(Body):
    """What is said of an export that stands for the original, whoever's key signs it."""

    verb: ClassVar[str] = ""
    purpose: Text = Field(description="Mục đích khai thác / what it is for")
    recipient: Text = Field(description="Cơ quan, người nhận / who receives it")
    as_of: Day | None = Field(default=None, description=_AS_OF)


class ExportDossier(Taking):
    """Export the approved dossier, signed (hanoi.art8.4, phu_yen.art7.4, moha.art9.4)."""

    verb: ClassVar[str] = "export_dossier"


class PrintDossier(Body):
    """Print one's own approved data, without the legal value of an original (moha.art9.2.b, 9.5)."""

    verb: ClassVar[str] = "print_dossier"
    purpose: Text = Field(
        default="Rà soát, cập nhật thông tin cá nhân", description="Mục đích / what it is for"
    )
    as_of: Day | None = Field(default=None, description=_AS_OF)
