"""Two profiles of one person: one is closed into the other, proposed by one and decided by another. Pure.

Nothing is copied and nothing is lost: the closed profile keeps its revisions, files and events, its custodian
is from then on whoever holds the one that goes on, and each chain of events names the other.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from models.command_merging import ApproveProfileMerge, ProposeProfileMerge, WithdrawProfileMerge
from models.command_shapes import Body
from models.errors import Refusal, RefusedError
from models.identifiers import profile_workflow
from models.lifecycle.duties import void_duty
from models.lifecycle.guard import changes_hands, no_open_case, refuse
from models.lifecycle.life import AccountState, Case, Chapter, Duty, Life, Status
from models.lifecycle.outcome import Beside, Notice, Outcome
from models.lifecycle.scene import Scene
from models.regulations import Obligation

KIND = "merge"
PROPOSED, CARRIED_OUT, WITHDRAWN = "proposed", "carried_out", "withdrawn"
CARRIED = "update_after_change"
"""Slot of a duty that stands on a fact about the person, not about the file: it goes on with the survivor."""
MOVE_OUT = ("move_out_report", "national_transfer")

UNSETTLED_VI = {
    "posts": "đang giữ chức vụ, vai trò",
    "secondment": "đang biệt phái",
    "signing": "đang mở phiên ký bản xuất",
    "move_out": "còn phải báo cáo, điều chuyển dữ liệu vì chuyển ra ngoài",
    "requests": "có yêu cầu, khiếu nại chưa trả lời",
    "proposals": "có điều chỉnh của CSDL quốc gia chưa trả lời",
    "at_national": "có dữ liệu đã gửi CSDL quốc gia chưa có phản hồi",
}
"""What must be settled on the profile that closes before it can be closed, in words."""


@dataclass(frozen=True, slots=True)
class Merging:
    """The other profile and what is known of the two together."""

    survivor: Life | None
    """None where the actor reaches no such profile in this authority."""
    same: str | None = None
    """Why both are one person: ``index`` (one number), ``form`` (a form of one names the other's)."""
    unsettled: tuple[str, ...] = ()
    """What still runs about the profile that closes and is in no ``Life`` (keys of `UNSETTLED_VI`)."""
    proposer_profile_id: UUID | None = None
    """The person behind the account that proposed it, where it is known."""
    events: int = 0
    end: str = ""
    """How long the closing profile's chain of events is, and its last hash: what the survivor's names."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a merge does with the open duties of the profile that closes."""

    carried: tuple[Duty, ...]
    settled: tuple[Duty, ...]


def plan(life: Life, survivor: Life) -> Plan:
    """A fact about the person is owed on by the survivor, unless it owes the same already; the rest ends."""
    owed = {(duty.slot, duty.event_on) for duty in survivor.duties}
    carried = tuple(
        duty
        for duty in life.duties
        if duty.slot == CARRIED and not duty.returned and (duty.slot, duty.event_on) not in owed
    )
    return Plan(carried, tuple(duty for duty in life.duties if duty not in carried))


def hindrances(life: Life, merging: Merging, identity_document: str | None) -> Iterator[Refusal]:
    """Everything that stands in the way now, not only the first: for the preview."""
    for check in _CHECKS:
        try:
            check(life, merging, identity_document)
        except RefusedError as refused:
            yield refused.refusal
            if merging.survivor is None:
                return


def propose(life: Life, merging: Merging, body: ProposeProfileMerge, scene: Scene) -> Outcome:
    """Both stay as they are until somebody else decides."""
    no_open_case(life)
    survivor = _judged(life, merging, body.identity_document)
    case = Case(
        id=scene.new_id("merge"),
        kind=KIND,
        profile_id=life.profile_id,
        from_agency_id=life.agency_id,
        to_agency_id=survivor.agency_id,
        mode=KIND,
        effective_on=scene.today,
        document=body.document,
        state=PROPOSED,
        version=1,
        facts={
            "survivor": str(survivor.profile_id),
            "number_from": body.number_from,
            "identity_document": body.identity_document,
            "same": merging.same or "document",
            "proposal": body.document,
            "reason": body.reason,
            "proposed_by": str(scene.actor_id),
        },
    )
    out = Outcome(status=201, answer={"merge_id": str(case.id), "survivor_id": str(survivor.profile_id)})
    columns = ("id", "kind", "profile_id", "from_agency_id", "to_agency_id", "mode", "effective_on")
    more = ("document", "state", "version", "facts")
    out.insert("cases", **{name: getattr(case, name) for name in columns + more}, opened_at=scene.now)
    out.subject = {"case_id": case.id}
    told, role = _decides(life, survivor, scene)
    rule = _rule(scene)
    cited = rule.citation if rule else None
    out.notices.append(Notice("merge_proposed", told, role=role, citation=cited))
    return out.happened("merge.proposed", rule, case=str(case.id), survivor=str(survivor.profile_id))


def withdraw(life: Life, _merging: Merging | None, body: WithdrawProfileMerge, scene: Scene) -> Outcome:
    """By whoever may propose."""
    case = _proposed(life, body.merge_id)
    out = Outcome(answer={"merge_id": str(case.id), "state": WITHDRAWN})
    facts = {**case.facts, "withdrawn": body.reason}
    _close(out, case, WITHDRAWN, scene, facts=facts)
    return out.happened("merge.withdrawn", _rule(scene), case=str(case.id))


def approve(life: Life, merging: Merging, body: ApproveProfileMerge, scene: Scene) -> Outcome:
    """By another person than who proposed it; all is judged again, for both have lived on meanwhile."""
    case = _proposed(life, body.merge_id)
    _another_person(case, merging, scene)
    survivor = _judged(life, merging, case.facts["identity_document"])
    found = plan(life, survivor)
    out = Outcome(
        answer={
            "merge_id": str(case.id),
            "state": CARRIED_OUT,
            "survivor_id": str(survivor.profile_id),
            "settled": len(found.settled),
            "carried": len(found.carried),
        }
    )
    _close(out, case, CARRIED_OUT, scene, document=body.document)
    out.subject |= {
        "chapter": Chapter.ARCHIVE,
        "status": Status.MERGED,
        "merged_into": survivor.profile_id,
        "foretold": [],
    }
    _off_the_lists(out, life)
    for duty in found.settled:
        void_duty(out, scene, duty, "merged")
    _end_account(out, life, scene)
    _to_the_survivor(out, life, survivor, case, scene)
    out.happened(
        "profile.merged",
        _rule(scene),
        case=str(case.id),
        survivor=str(survivor.profile_id),
        proposed_by=case.facts["proposed_by"],
        settled=len(found.settled),
        carried=[str(duty.id) for duty in found.carried],
    )
    _tell(out, life, survivor, scene)
    out.beside = _goes_on(life, survivor, merging, case, found.carried, scene)
    return out


DECISIONS: dict[type[Body], Callable[[Life, Any, Any, Scene], Outcome]] = {
    ProposeProfileMerge: propose,
    ApproveProfileMerge: approve,
    WithdrawProfileMerge: withdraw,
}


def _close(out: Outcome, case: Case, state: str, scene: Scene, **more: Any) -> None:
    out.update("cases", {"id": case.id}, state=state, version=case.version + 1, closed_at=scene.now, **more)
    out.subject = {"case_id": None}


def _off_the_lists(out: Outcome, life: Life) -> None:
    """What waited for approval or for sending goes no further; a draft stays, nobody submits it any more."""
    if life.pending is not None:
        back = [{"reason": "merged"}]
        out.update("revisions", {"id": life.pending.id}, state="returned", returned_fields=back)
        out.subject["pending_revision_id"] = None
    out.insert("off_lists", reason="merged")


def _end_account(out: Outcome, life: Life, scene: Scene) -> None:
    """The survivor's account is the person's; this one opens nothing any more, nor does what it lent."""
    if life.account is None or life.account.state is AccountState.CANCELLED:
        return
    out.update("accounts", {"id": life.account.id}, state=AccountState.CANCELLED)
    out.insert("sessions_ended", account_id=life.account.id)
    out.insert("posts_left", on=scene.today)
    out.happened("access.cancelled", _rule(scene), account=str(life.account.id), policy=True)


def _to_the_survivor(out: Outcome, life: Life, survivor: Life, case: Case, scene: Scene) -> None:
    """Whoever holds the survivor holds what was merged into it, and what had been merged into that."""
    if survivor.agency_id != life.agency_id:
        changes_hands(life, scene)
        out.subject["agency_id"] = survivor.agency_id
        out.insert(
            "custody_moved",
            id=scene.new_id("custody"),
            to_agency=survivor.agency_id,
            on=scene.today,
            case_id=case.id,
        )
    out.update("profiles", {"merged_into": life.profile_id}, merged_into=survivor.profile_id)


def _tell(out: Outcome, life: Life, survivor: Life, scene: Scene) -> None:
    """The person, the agency that loses a file, and who must have the national record closed by hand.

    The contract with the national database knows reasons of leaving and none of having been recorded twice;
    to send one of those would be false. So people are told, and a reconciliation names the record while it
    is there.
    """
    account = survivor.account
    if account is not None:
        out.notices.append(Notice("profile_merged", survivor.agency_id, account_id=account.id))
    out.notices.append(Notice("profile_merged", life.agency_id, role="hr_officer"))
    if life.synced_revision_id is not None:
        facts = {"profile": str(life.profile_id), "survivor": str(survivor.profile_id)}
        told = scene.department_id or scene.managing_agency_id
        role = "department_officer" if scene.department_id is not None else "hr_officer"
        out.notices.append(Notice("national_record_to_close", told, role=role, facts=facts))
    out.tell.append((profile_workflow(survivor.profile_id), {}))


def _goes_on(
    life: Life, survivor: Life, merging: Merging, case: Case, carried: tuple[Duty, ...], scene: Scene
) -> Beside:
    """What is written of the profile that goes on."""
    out = Outcome()
    held = [
        replace(
            duty,
            profile_id=survivor.profile_id,
            agency_id=survivor.agency_id if duty.agency_id == life.agency_id else duty.agency_id,
        )
        for duty in carried
    ]
    for duty in held:
        out.update("duties", {"id": duty.id}, profile_id=duty.profile_id, agency_id=duty.agency_id)
    if case.facts["number_from"] == "duplicate" and merging.same != "index":
        out.insert("number_taken", duplicate=life.profile_id)
    out.happened(
        "profile.merged_in",
        _rule(scene),
        case=str(case.id),
        duplicate=str(life.profile_id),
        number_from=case.facts["number_from"],
        carried=len(held),
        events=merging.events,
        end=merging.end,
    )
    return Beside(replace(survivor, duties=(*survivor.duties, *held)), out)


def _judged(life: Life, merging: Merging, identity_document: str | None) -> Life:
    for check in _CHECKS:
        check(life, merging, identity_document)
    assert merging.survivor is not None
    return merging.survivor


def _two(life: Life, merging: Merging, _document: str | None) -> None:
    if merging.survivor is None:
        refuse(
            "merge-elsewhere",
            "Không có hồ sơ giữ lại trong phạm vi của người đề nghị.",
            "There is no such profile to go on with within the actor's reach.",
        )
    if merging.survivor.profile_id == life.profile_id:
        refuse("merge-itself", "Hai hồ sơ là một.", "Both profiles are the same one.")
    if merging.survivor.status is Status.MERGED or merging.survivor.disposed:
        refuse("profile-merged", "Hồ sơ giữ lại đã đóng.", "The profile to go on with is closed itself.")


def _one_person(_life: Life, merging: Merging, document: str | None) -> None:
    if merging.same is None and document is None:
        refuse(
            "different-persons",
            "Hai số định danh khác nhau và không có gì xác nhận là của một người.",
            "The personal ID numbers differ and nothing says that they are one person's.",
        )


def _no_other_case(life: Life, merging: Merging, _document: str | None) -> None:
    if life.case is not None and life.case.kind != KIND:
        no_open_case(life)
    if merging.survivor is not None:
        no_open_case(merging.survivor)


def _not_being_signed(life: Life, merging: Merging, _document: str | None) -> None:
    for one in (life, merging.survivor):
        if one is not None and one.approval is not None:
            refuse("in-flight", "Một bản khai đang được ký.", "A submission is being signed.")


def _not_into_the_archive(life: Life, merging: Merging, _document: str | None) -> None:
    """Whoever works goes on with a profile that is open; what was archived is kept behind it."""
    survivor = merging.survivor
    gone = (Chapter.SEPARATION, Chapter.ARCHIVE)
    if survivor is not None and survivor.chapter in gone and life.chapter not in gone:
        refuse(
            "merge-into-archived",
            "Hồ sơ giữ lại đã lưu trữ, hồ sơ sẽ đóng còn đang dùng.",
            "The profile to go on with is archived, the one to be closed is in use.",
        )


def _the_right_way(life: Life, merging: Merging, _document: str | None) -> None:
    survivor = merging.survivor
    if survivor is not None and life.approved_revision_id and not survivor.approved_revision_id:
        refuse(
            "merge-wrong-way",
            "Hồ sơ sẽ đóng đã được phê duyệt, hồ sơ giữ lại thì chưa.",
            "The profile to be closed has approved data, the one to go on with has none.",
        )


def _settled(life: Life, merging: Merging, _document: str | None) -> None:
    own = {
        "posts": life.posts,
        "secondment": life.share,
        "signing": life.export_sessions,
        "move_out": life.owed(*MOVE_OUT),
    }
    found = [name for name, has in own.items() if has] + list(merging.unsettled)
    if found:
        words = "; ".join(UNSETTLED_VI[name] for name in found)
        refuse(
            "merge-unsettled",
            f"Hồ sơ sẽ đóng {words}.",
            f"The profile to be closed has unsettled matters: {', '.join(found)}.",
            unsettled=", ".join(found),
        )


_CHECKS = (
    _two,
    _one_person,
    _no_other_case,
    _not_being_signed,
    _not_into_the_archive,
    _the_right_way,
    _settled,
)


def _another_person(case: Case, merging: Merging, scene: Scene) -> None:
    """Two persons: neither the same account nor two accounts of one person, nor one acting for the other."""
    names, person = {str(scene.actor_id), str(scene.on_behalf_of)}, merging.proposer_profile_id
    if case.facts["proposed_by"] in names or (person is not None and person == scene.actor_profile_id):
        refuse(
            "same-person",
            "Người đề nghị không được tự quyết định việc hợp nhất hồ sơ.",
            "Whoever proposed the merge may not decide it.",
        )


def _proposed(life: Life, merge_id: UUID) -> Case:
    case = life.case
    if case is None or case.kind != KIND or case.id != merge_id:
        refuse("not-found", "Không có đề nghị hợp nhất này.", "There is no such proposal.")
    return case


def _rule(scene: Scene) -> Obligation | None:
    """One dossier for a person, where a rule says so (nd27.art16.3); else the rule on entering data."""
    return scene.rule("dossier_code") or scene.rule("data_entry")


def _decides(life: Life, survivor: Life, scene: Scene) -> tuple[UUID, str]:
    """The agency's head where it holds both; else the department's, whose reach holds both."""
    gone = Chapter.ARCHIVE in (life.chapter, survivor.chapter)
    if life.agency_id == survivor.agency_id and not gone:
        return life.agency_id, "head"
    return scene.department_id or scene.managing_agency_id, "department_head"
