"""Whose signature approves: read from the rule's party and signature, never from a name of a jurisdiction."""

from models.lifecycle.guard import refuse
from models.lifecycle.scene import Scene
from models.regulations import Obligation

BY_PARTY = {
    "approver": ("approver", "head"),
    "approver_or_agency": ("approver", "head", "department_head"),
    "head": ("head",),
    "hr_head": ("hr_head",),
    "top_agency": ("head", "approver"),
    "department": ("department_officer", "department_head"),
    "managing_authority": ("department_officer", "department_head"),
    "agency": ("hr_officer", "approver", "head"),
    "operator": ("administrator",),
    "ict_department": ("administrator",),
}
"""Roles that act for a party when it approves; others only where the rule names post and signature."""

BY_SIGNATURE = {
    "head_digital": ("head", "department_head"),
    "hr_head_digital": ("hr_head",),
    "officer_digital": ("hr_officer", "data_officer", "department_officer"),
    "individual_digital": ("official",),
}
"""Roles whose own signature the rule asks for; other kinds of signature leave the choice to the party."""


def signers(obligation: Obligation) -> tuple[str, ...]:
    """Roles whose signature the rule accepts, the one it names first; empty where none of them signs."""
    acting: tuple[str, ...] = BY_PARTY.get(obligation.party, ())
    wanted = BY_SIGNATURE.get(obligation.signature)
    if wanted is None:
        return acting
    named = (obligation.post,) if obligation.post is not None and obligation.post not in acting else ()
    return tuple(role for role in (*named, *acting) if role in wanted)


def competent(obligation: Obligation | None, scene: Scene) -> None:
    """Refuse a signature by somebody the rule does not name.

    Raises:
        RefusedError: ``not-competent``, with the article.
    """
    if obligation is None or scene.actor_role in signers(obligation):
        return
    refuse(
        "not-competent",
        "Vai trò này không có thẩm quyền ký phê duyệt theo quy định đang có hiệu lực.",
        "Under the rule in force this role may not sign the approval.",
        citation=obligation.citation,
        party=obligation.party,
        signature=obligation.signature,
    )


def signing_role(obligation: Obligation, otherwise: str) -> str:
    """The role whose signature the rule asks for among those that act for its party; else ``otherwise``."""
    acting = BY_PARTY.get(obligation.party, ())
    asked = [role for role in BY_SIGNATURE.get(obligation.signature, ()) if role in acting]
    return asked[0] if asked else otherwise
