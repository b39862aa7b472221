"""What the law says of an account to whoever is logged in by it: whose it is, what for, where to log in."""

from collections.abc import Mapping
from types import MappingProxyType

from pydantic import BaseModel, Field

from api.scope import Reading
from models.record.law_of import LawOf
from models.regulations import Slot

_ADDRESS = (Slot.SOFTWARE_ADDRESS, Slot.DATABASE_OWNER)
_BY_KIND: Mapping[str, tuple[Slot, ...]] = MappingProxyType(
    {
        "personal": (Slot.PERSONAL_ACCOUNT_USE, Slot.DEFAULT_PASSWORD, Slot.PERSONAL_LOGIN, *_ADDRESS),
        "agency": (Slot.AGENCY_ACCOUNT_HOLDER, Slot.AGENCY_ACCOUNT_SECRECY, Slot.AGENCY_LOGIN, *_ADDRESS),
        "service": (Slot.EXCHANGE_DIRECTIONS, Slot.CONNECTION_KEYS, Slot.DATABASE_OWNER),
    }
)
_BY_ROLE: Mapping[str, tuple[Slot, ...]] = MappingProxyType(
    {
        "administrator": (
            Slot.ADMIN_ACCOUNT, Slot.ORG_LIST, Slot.ORG_OPERATIONS, Slot.CONNECTION_KEYS, Slot.BACKUP_CHECK,
        ),
        "auditor": (Slot.EXPLOITATION_OPERATIONS,),
        "department_officer": (Slot.EXPLOITATION_OPERATIONS,),
    }
)  # fmt: skip


class AccountRule(BaseModel):
    """One provision that is about this account or the work done by it."""

    rule_id: str = Field(title="Mã quy định")
    citation: str = Field(title="Căn cứ")
    citation_en: str = Field(title="Căn cứ (tiếng Anh)")
    text: str = Field(title="Nội dung")
    text_en: str = Field(title="Nội dung (tiếng Anh)")
    quote: str | None = Field(title="Nguyên văn")
    address: str | None = Field(title="Địa chỉ truy cập")


class AccountRules(BaseModel):
    """In the order in which they concern whoever has logged in: the account first, then its roles."""

    kind: str = Field(title="Loại tài khoản", description="personal, agency, service")
    items: list[AccountRule] = Field(title="Quy định về tài khoản này")


async def account_rules(read: Reading) -> AccountRules:
    """The provisions in force today where the account's agency is, by its kind and the roles it holds."""
    who = read.who
    law, _ = await read.tools.law(read.connection, LawOf.unit(who.authority_id, who.agency_id), who.today)
    slots = [*_BY_KIND[who.kind], *(slot for role, _ in who.held for slot in _BY_ROLE.get(role, ()))]
    rules = {rule.id: rule for slot in slots for rule in law.every(slot)}
    return AccountRules(
        kind=who.kind,
        items=[
            AccountRule(
                rule_id=rule.id,
                citation=rule.citation,
                citation_en=rule.citation_en,
                text=rule.text_vi,
                text_en=rule.text_en,
                quote=rule.quote,
                address=rule.address,
            )
            for rule in rules.values()
        ],
    )
