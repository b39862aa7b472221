"""Posts of somebody who moves or leaves: they stay with the agency, vacant until somebody is put in them."""

from models.lifecycle.life import Life
from models.lifecycle.outcome import Notice, Outcome
from models.lifecycle.scene import Scene


def leave_posts(life: Life, out: Outcome, scene: Scene) -> None:
    """End the person's roles in the old agency at once and tell who must fill them (R3, R27).

    Steps and duties are addressed to the post, so none of them is lost; past decisions keep the name.
    """
    if not life.posts:
        return
    rule = scene.rule("decentralised_accounts")
    out.insert("posts_left", on=scene.today)
    out.happened("posts.left", rule, posts=life.posts)
    out.notices.append(
        Notice(
            "posts_vacant",
            scene.managing_agency_id,
            role="head",
            citation=rule.citation if rule else None,
            facts={"agency": str(life.agency_id), "posts": life.posts},
        )
    )
