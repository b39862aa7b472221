"""What a person with a profile does in every chapter: draft, submit, be approved; the proof of it is kept."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from api.cli.demo.calls import Answer, Caller
from api.cli.demo.papers import paper
from api.cli.demo.problems import StoryError
from api.cli.demo.stage import Stage
from models.regulations import Obligation

PASSWORD = "con đường lụa 1010"  # noqa: S105 — of people who exist for a minute

CATEGORY = "public_employee"


@dataclass
class Person:
    """Somebody with a profile, named ``role`` in the cast."""

    stage: Stage
    role: str
    title: str
    title_en: str
    content: dict[str, Any]
    at: str
    """The agency that holds the profile, by its name in the world."""
    origin: str = "recruited"
    profile_id: str = ""
    login: str = ""
    documents: list[bytes] = field(default_factory=list)
    """The signed files, in the order of their approval."""

    @property
    def path(self) -> str:
        """The profile's address below the API's root."""
        return f"/profiles/{self.profile_id}"

    @property
    def desk(self) -> str:
        """The agency whose officers act for this person."""
        return self.stage.world.desk(self.at)

    @property
    def hr(self) -> str:
        """The HR officer of that agency, by the name in the cast."""
        return self.stage.world.holder("hr_officer", self.desk)

    @property
    def facts(self) -> dict[str, str]:
        """What the law may ask about the person."""
        return {**self.stage.world.facts(self.at), "category": CATEGORY, "origin": self.origin}

    async def rule(self, slot: str, **facts: str) -> Obligation | None:
        """What the law of today asks for a purpose about this person."""
        return await self.stage.rule(slot, **{**self.facts, **facts})

    async def chain(self) -> tuple[Obligation, ...]:
        """The signatures a submission of today needs, the approval last."""
        approved = (await self.stage.cast["department"].get(self.path)).body["approved_revision_id"]
        subject = "first" if approved is None else "change"
        return (await self.stage.law()).chain(**self.facts, subject=subject)

    async def opened(self, vi: str, en: str) -> None:
        """HR opens the profile."""
        today = await self.stage.today()
        body = {
            "agency_id": self.stage.agencies[self.at],
            "full_name": self.content["birth_full_name"].title(),
            "personal_id_number": self.content["citizen_id_number"],
            "category": CATEGORY,
            "origin": self.origin,
            "event_on": today.isoformat(),
            "document": f"01/QĐ/{today.year}",
        }
        # The duty that opens is told with the step, so the story follows the profile from its first event.
        answer = await self.stage.act(self.hr, "/profiles", body, event="profile.opened", vi=vi, en=en)
        self.profile_id = answer.result["profile_id"]
        self.stage.subjects.append(self.profile_id)

    async def asks_for_account(self) -> None:
        """HR asks whoever issues accounts for one, naming the decision."""
        today = await self.stage.today()
        await self.stage.act(
            self.hr,
            f"{self.path}/account/requests",
            {"document": f"02/YC/{today.year}"},
            event="account.requested",
            vi="Yêu cầu tạo tài khoản cho người có hồ sơ",
            en="Requests the account",
        )

    async def given_account(self, by: str, login: str, vi: str, en: str) -> None:
        """The account is created; its one-time password is said once, in this answer."""
        body = {"login": login, "email": f"{login}@example.invalid"}
        answer = await self.stage.act(by, f"{self.path}/account", body, event="account.created", vi=vi, en=en)
        http = self.stage.cast[by].http
        password = answer.body["one_time_password"]
        self.login = login
        self.stage.cast[self.role] = Caller(http, login, password, self.title, self.title_en)

    async def changes_password(self, vi: str, en: str) -> None:
        """Nothing may be done with the default password but to change it."""
        me = self.stage.cast[self.role]
        await me.refused("password-change-required", "GET", "/me")
        body = {"old_password": me.password, "new_password": PASSWORD}
        await self.stage.act(
            self.role, "/session/password", body, method="PUT", event="account.activated", vi=vi, en=en
        )
        me.password = PASSWORD

    async def draft(
        self, changes: dict[str, Any], evidence: str | None = None, by: str | None = None
    ) -> dict[str, Any]:
        """Save the form with the changes, the person unless ``by`` says who; answers the draft.

        Raises:
            StoryError: something in it is still wrong.
        """
        me = self.stage.cast[by or self.role]
        profile = await me.get(self.path)
        has_draft = profile.body["draft_revision_id"] is not None
        tag = (await me.get(f"{self.path}/form", draft=True)).etag if has_draft else profile.etag
        self.content |= changes
        body: dict[str, Any] = {"content": self.content, "on_behalf": by is not None}
        if evidence is not None:
            files = {"file": ("decision.pdf", paper(evidence), "application/pdf")}
            day = (await self.stage.today()).isoformat()
            told = {"kind": "decision", "certified_by": "UBND phường Ba Đình", "certified_on": day}
            sent = await me.call("POST", f"{self.path}/attachments", files=files, data=told)
            body["evidence"] = [sent.body["sha256"]]
        saved: dict[str, Any] = (await me.call("PUT", f"{self.path}/draft", match=tag, json=body)).body
        if saved["remaining"]:
            raise StoryError(f"bản khai còn lỗi / the form is not complete: {saved['remaining']}")
        return saved

    async def submits(
        self,
        changes: dict[str, Any],
        vi: str,
        en: str,
        *,
        evidence: str | None = None,
        changed_on: date | None = None,
        answers: tuple[str, ...] = (),
    ) -> Answer:
        """Save and submit."""
        saved = await self.draft(changes, evidence)
        body = {
            "revision_id": saved["id"],
            "digest": saved["digest"],
            "changed_on": changed_on.isoformat() if changed_on else None,
            "answers": list(answers),
        }
        return await self.stage.act(
            self.role,
            f"{self.path}/submissions",
            body,
            match=f'"r{saved["number"]}"',
            event="declaration.submitted",
            vi=vi,
            en=en,
        )

    async def entered(self, changes: dict[str, Any], vi: str, en: str) -> Answer:
        """HR enters what the person supplied on a form confirmed by the competent authority."""
        saved = await self.draft(changes, "Confirmed form", by=self.hr)
        body = {
            "revision_id": saved["id"],
            "digest": saved["digest"],
            "confirmed_form": saved["evidence"][0],
        }
        return await self.stage.act(
            self.hr,
            f"{self.path}/entries",
            body,
            match=f'"r{saved["number"]}"',
            event="declaration.entered",
            vi=vi,
            en=en,
        )

    async def pending(self, reader: str) -> dict[str, Any]:
        """The revision that waits for approval."""
        caller = self.stage.cast[reader]
        wanted = (await caller.get(self.path)).body["pending_revision_id"]
        revisions = (await caller.get(f"{self.path}/revisions")).body
        found: dict[str, Any] = next(r for r in revisions if r["id"] == wanted)
        return found

    async def signed_by(self, who: str, vi: str, en: str, *, event: str = "approval.signed") -> None:
        """One signature; after the last one, which approves, the signed file is kept."""
        waiting = await self.pending(who)
        body = {"revision_id": waiting["id"], "digest": waiting["digest"]}
        tag = f'"r{waiting["number"]}"'
        path = f"{self.path}/approvals"
        await self.stage.act(who, path, body, match=tag, event=event, vi=vi, en=en)
        if event == "approval.signed":
            await self.keep_document(who)

    async def keep_document(self, who: str) -> None:
        """Fetch the newest signed file as its reader would.

        Raises:
            StoryError: there is none.
        """
        caller = self.stage.cast[who]
        signed = [s for s in (await caller.get(f"{self.path}/documents")).body if s["document_sha256"]]
        if not signed:
            raise StoryError("không có tệp đã ký / there is no signed file")
        newest = max(signed, key=lambda one: one["signed_at"])
        self.documents.append((await caller.get(f"/documents/{newest['document_sha256']}")).body)

    def moved_to(self, unit: str, on: date) -> dict[str, Any]:
        """The work history after a move."""
        rows = [dict(row) for row in self.content["work_history"]]
        month = f"{on:%Y-%m}"
        rows[-1]["to_month"] = month
        rows.append({"from_month": month, "unit_text": unit, "title": "Viên chức"})
        return {"work_history": rows}
