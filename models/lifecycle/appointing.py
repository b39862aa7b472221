"""Who holds a post of an agency: appointed, also acting; relieved. The role follows the post, one way. Pure.

A post gives its role (``grants``) for as long as it is held; a deputy's gives none, a deputy acts by
delegation. Whoever leaves the agency leaves its posts (``posts``); here a decision says so.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from models.command_accounts import Appoint, ExtendGrant, GrantRole, Relieve, RestrictGrant
from models.lifecycle import granting
from models.lifecycle.guard import refuse
from models.lifecycle.managed import HeldPost, Managed, PostSeen, told
from models.lifecycle.outcome import Insert, Notice, Outcome
from models.lifecycle.scene import Scene

DEPUTY = "deputy"
SOLE = ("head", "hr_head", "department_head")
"""Posts that one person holds at a time; others may act beside."""
POSTS = (
    *SOLE,
    DEPUTY,
    "hr_officer",
    "approver",
    "sync_agent",
    "archivist",
    "department_officer",
)


def appoint(account: Managed, body: Appoint, scene: Scene) -> Outcome:
    """The account holds the post, and has its role, from a day on.

    Raises:
        RefusedError: ``unknown-role``, ``post-held``, and what `granting.grant` refuses.
    """
    if body.role not in POSTS:
        refuse("unknown-role", "Không có vị trí này.", "There is no such post.", role=body.role)
    if body.role == DEPUTY:
        out = _deputy(account, body, scene)
        given: dict[str, Any] = {
            "id": None,
            "role": DEPUTY,
            "agency_id": body.agency_id,
            "valid_from": granting.starts(body, scene),
            "valid_to": body.valid_to,
            "document": body.document,
        }
    else:
        out = granting.grant(account, body, scene)
        given = _given(out)
    post, holding = _hold(out, account, given, scene, acting=body.acting, title=body.title)
    out.answer |= {"holder_id": str(holding), "post_id": str(post)}
    rule = scene.rule("decentralised_accounts")
    told(out, account, "post.appointed", rule, body, post=str(post), role=body.role, holder=str(holding))
    return out


def grant(account: Managed, body: GrantRole, scene: Scene) -> Outcome:
    """A role from a day on; one that is a post's puts the account into that post.

    Raises:
        RefusedError: ``post-held``, and what `granting.grant` refuses.
    """
    out = granting.grant(account, body, scene)
    if body.role in POSTS:
        _hold(out, account, _given(out), scene)
    return out


def restrict(account: Managed, body: RestrictGrant, scene: Scene) -> Outcome:
    """As `granting.restrict`; a role that goes to an agency below is that agency's post.

    Raises:
        RefusedError: ``post-held``, and what `granting.restrict` refuses.
    """
    out = granting.restrict(account, body, scene)
    if "former_grant_id" in out.answer and _given(out)["role"] in POSTS:
        _hold(out, account, _given(out), scene)
    return out


def extend(account: Managed, body: ExtendGrant, scene: Scene) -> Outcome:
    """As `granting.extend`: not beyond the day on which somebody else holds the post.

    Raises:
        RefusedError: ``post-held``, and what `granting.extend` refuses.
    """
    out = granting.extend(account, body, scene)
    held = next(one for one in account.grants if one.id == body.grant_id)
    if held.role in SOLE and account.post is not None and held.valid_to is not None:
        _vacant(account.post, held.valid_to, body.valid_to)
    return out


def _given(out: Outcome) -> dict[str, Any]:
    """The grant an outcome writes."""
    return next(one.values for one in out.writes if isinstance(one, Insert) and one.table == "grants")


def _hold(
    out: Outcome,
    account: Managed,
    given: Mapping[str, Any],
    scene: Scene,
    *,
    acting: bool = False,
    title: str | None = None,
) -> tuple[UUID, UUID]:
    """The account holds the post that a grant is of; answers post and holding.

    Raises:
        RefusedError: ``post-held``.
    """
    seen = account.post or PostSeen(None)
    if given["role"] in SOLE and not acting:
        _vacant(seen, given["valid_from"], given["valid_to"])
    post, holding = seen.id or scene.new_id("post"), scene.new_id("holding")
    if seen.id is None:
        out.insert(
            "agency_posts",
            id=post,
            agency_id=given["agency_id"],
            kind=given["role"],
            title=title,
            valid_from=given["valid_from"],
            document=given["document"],
        )
    out.insert(
        "post_holders",
        id=holding,
        post_id=post,
        account_id=account.id,
        acting=acting,
        valid_from=given["valid_from"],
        valid_to=given["valid_to"],
        document=given["document"],
        grant_id=given["id"],
    )
    return post, holding


def _deputy(account: Managed, body: Appoint, scene: Scene) -> Outcome:
    """A post without a role of its own."""
    if not account.place:
        refuse("unknown-agency", "Không có cơ quan này.", "There is no such agency.")
    granting.future(granting.starts(body, scene), body.valid_to, scene)
    return Outcome(status=201)


def _vacant(post: PostSeen, start: date, end: date | None) -> None:
    for since, until in post.held:
        if (until is None or start < until) and (end is None or since < end):
            refuse(
                "post-held",
                "Vị trí đang có người giữ trong thời gian đó; miễn nhiệm trước, hoặc giao quyền, phụ trách.",
                "Somebody holds the post at that time; relieve them first, or appoint somebody acting.",
            )


def relieve(account: Managed, body: Relieve, scene: Scene) -> Outcome:
    """The post is given up from a day on, and its role with it; whoever must fill it hears.

    Raises:
        RefusedError: ``not-found``, ``period-invalid``.
    """
    held = _held(account, body, scene.today)
    if body.relieved_on < scene.today or (held.valid_to is not None and body.relieved_on > held.valid_to):
        refuse("period-invalid", "Ngày thôi giữ không hợp lệ.", "Not a day on which it can end.")
    end = max(held.valid_from, body.relieved_on)
    out = Outcome(answer={"holder_id": str(held.id)})
    if held.grant_id is not None:
        out.update("grants", {"id": held.grant_id}, valid_to=end)  # the holding follows its grant
    else:
        out.update("post_holders", {"id": held.id}, valid_to=end)
    rule = scene.rule("decentralised_accounts")
    told(
        out, account, "post.relieved", rule, body, holder=str(held.id), role=held.role, until=end.isoformat()
    )
    if held.role in SOLE and not held.acting:
        out.notices.append(
            Notice(
                "posts_vacant",
                scene.managing_agency_id,
                role="head",
                citation=rule.citation if rule else None,
                facts={"agency": str(held.agency_id), "posts": [held.role], "on": end.isoformat()},
            )
        )
    return out


def _held(account: Managed, body: Relieve, today: date) -> HeldPost:
    found = account.holding
    if found is None or (found.valid_to is not None and found.valid_to <= today):
        refuse("not-found", "Tài khoản không giữ vị trí này.", "The account does not hold this post.")
    return found
