"""Who holds a post of an agency: appointed, also acting; relieved. The role follows the post, one way. Pure.

A post gives its role (``grants``) for as long as it is held; a deputy's gives none, a deputy acts by
delegation. Whoever leaves the agency leaves its posts (``posts``); here a decision says so.
"""

from datetime import date

from models.command_accounts import Appoint, Relieve
from models.lifecycle import granting
from models.lifecycle.guard import refuse
from models.lifecycle.managed import HeldPost, Managed, PostSeen, told
from models.lifecycle.outcome import Notice, Outcome
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
    out = _deputy(account, body, scene) if body.role == DEPUTY else granting.grant(account, body, scene)
    post = account.post or PostSeen(scene.new_id("post"))
    start = granting.starts(body, scene)
    if body.role in SOLE and not body.acting:
        _vacant(post, start, body.valid_to)
    if account.post is None:
        out.insert(
            "agency_posts",
            id=post.id,
            agency_id=body.agency_id,
            kind=body.role,
            title=body.title,
            valid_from=start,
            document=body.document,
        )
    holding = scene.new_id("holding")
    grant = out.answer.get("grant_id")
    out.insert(
        "post_holders",
        id=holding,
        post_id=post.id,
        account_id=account.id,
        acting=body.acting,
        valid_from=start,
        valid_to=body.valid_to,
        document=body.document,
        grant_id=scene.new_id("grant") if grant is not None else None,
    )
    out.answer |= {"holder_id": str(holding), "post_id": str(post.id)}
    rule = scene.rule("decentralised_accounts")
    told(out, account, "post.appointed", rule, body, post=str(post.id), role=body.role, holder=str(holding))
    return out


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
