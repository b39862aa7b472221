"""What is asked of an authority's law as a whole: load, adopt, proclaim, open the campaign it asks for."""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field, StringConstraints

from models.command_shapes import Body, Day, Text

LAW_FILE = 2_000_000
"""Characters of a regulation or calendar file; the largest packaged one has 120,000."""
FileName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_.-]{1,80}$")]


class LawAct(Body):
    """What every act on the law stands on."""

    subject: ClassVar[str] = "law"
    document: Text = Field(description="Số, ngày văn bản làm căn cứ / the document it stands on")
    approver_id: UUID | None = Field(default=None, description="Người phê duyệt / account of who approved it")


class LoadLaw(LawAct):
    """Load a regulation, or a newer version of one; refused with file and line where it is no good law."""

    verb: ClassVar[str] = "load_law"
    file: FileName = Field(description="Tên tệp, để nêu dòng lỗi / the file's name, for telling the line")
    content: str = Field(min_length=1, max_length=LAW_FILE, description="Nội dung YAML / the YAML")


class AdoptLaw(LawAct):
    """Adopt a document that is known from reports only, from a day on."""

    verb: ClassVar[str] = "adopt_law"
    regulation: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,80}$")]
    starts: Day


class ProclaimYear(LawAct):
    """Proclaim a year: its days off, the days worked in exchange (Labour Code 2019 art. 111–112)."""

    verb: ClassVar[str] = "proclaim_year"
    file: FileName = Field(description="Tên tệp, để nêu dòng lỗi / the file's name, for telling the line")
    content: str = Field(min_length=1, max_length=LAW_FILE, description="Nội dung YAML / the YAML")


class OpenCampaign(LawAct):
    """Open the first approval of the whole stock that the rule in force asks for (phu_yen.art6.1)."""

    verb: ClassVar[str] = "open_campaign"
    again: bool = Field(
        default=False,
        description="Cả hồ sơ đã được phê duyệt trước đó: ký lại theo quy định này"
        " / also profiles approved before: they are signed again under this rule",
    )
