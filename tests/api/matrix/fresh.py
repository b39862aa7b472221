"""What a cell is about where it is the asker's own, or where whoever is let in uses it up: a row made for it.

It is kept for the next cell about the same until somebody was let in to it.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from api import browsers
from api.scope import token_hash
from models.calendar import legal_date
from models.command_sessions import OpenExportSigning
from models.command_tree import ChangeAgency
from models.database import transaction
from models.identifiers import profile_workflow
from models.record.commands import accept
from tests.api.matrix.objects import consent_about, waiting_at_the_gate
from tests.api.matrix.papers import PAPER_SHA
from tests.api.matrix.stage import NOBODY, NOW, Stage
from tests.world import World

OWN = "o"


@dataclass(frozen=True, slots=True)
class Made:
    """What was made, as a request names it; and what opens the door instead of the asker's own session."""

    named: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    bearer: str | None = None
    cookie: str | None = None
    sent: dict[str, Any] = field(default_factory=dict)
    """What ``httpx`` is told beside: parameters of the address, a form's content."""
    headers: dict[str, str] = field(default_factory=dict)

    def into(self, request: dict[str, Any]) -> None:
        """The body's own part, and the token in a header or a browser's cookie."""
        request |= self.sent
        request["headers"] |= self.headers
        if "json" in request:
            request["json"] = {**request["json"], **self.body}
        if self.bearer is not None:
            request["headers"]["Authorization"] = f"Bearer {self.bearer}"
        if self.cookie is not None:
            request["headers"] |= {
                "Cookie": f"{COOKIE}={self.cookie}",
                browsers.CSRF_HEADER: browsers.csrf_token(self.cookie),
            }


COOKIE = "hoso"
"""Of a browser over http (``browsers.cookie_name``)."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a thing is made: whose it is, in which agency of which authority."""

    stage: Stage
    there: World
    role: str
    position: str

    @property
    def owner(self) -> UUID:
        """The asker, or an account at the position."""
        if self.position in "o-":
            return self.stage.askers[self.role]
        return self.stage.targets["account_id"][self.position]

    @property
    def agency(self) -> UUID:
        """The agency of the position; of what is the asker's own, the asker's post's."""
        return self.stage.targets["agency_id"]["s" if self.position in "o-" else self.position]

    @property
    def profile(self) -> UUID:
        """A file at the position; of what is the asker's own, one of the agency."""
        return self.stage.targets["profile_id"]["s" if self.position in "o-" else self.position]

    async def row(self, table: str, **values: Any) -> UUID:
        """Written as the worker; its id."""
        made = uuid4()
        values = {"id": made, "authority_id": self.there.authority} | values
        bound = [f"CAST(:{n} AS jsonb)" if isinstance(v, list | dict) else f":{n}" for n, v in values.items()]
        await self.there.rows(
            f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join(bound)}) RETURNING 1",
            **{n: json.dumps(v) if isinstance(v, list | dict) else v for n, v in values.items()},
        )
        return made


Making = Callable[[Spot], Awaitable[Made]]


async def made_for(stage: Stage, route: str, role: str, position: str) -> Made | None:
    """What the cell is about; none of routes that find theirs on the stage, and for nobody where it is one's
    own."""
    making = MAKING.get(route)
    if making is None or (role == NOBODY and position in "o-"):
        return None
    key = _key(route, role, position)
    if key not in stage.kept or route in OF_ALL:
        there = stage.abroad if position == "z" else stage.world
        stage.kept[key] = await making(Spot(stage, there, role, position))
    found: Made = stage.kept[key]
    return found


def used(stage: Stage, route: str, role: str, position: str) -> None:
    """Somebody was let in: the next cell has another."""
    stage.kept.pop(_key(route, role, position), None)


def _key(route: str, role: str, position: str) -> tuple[str, ...]:
    return (route, position, role) if position in "o-" else (route, position)


async def _token(spot: Spot) -> tuple[str, UUID]:
    token = uuid4().hex
    ends = NOW + timedelta(hours=8)
    made = await spot.row(
        "sessions", token_hash=token_hash(token), account_id=spot.owner, created_at=NOW, expires_at=ends
    )
    return token, made


async def _session(spot: Spot) -> Made:
    return Made({"session_id": (await _token(spot))[1]})


async def _leaving(spot: Spot) -> Made:
    return Made(bearer=(await _token(spot))[0])


async def _browser(spot: Spot) -> Made:
    return Made(cookie=(await _token(spot))[0])


async def _notice(spot: Spot) -> Made:
    """To the asker; or to the heads of an agency, of that very one."""
    to = {"account_id": spot.owner} if spot.position == OWN else {"role": "head"}
    made = await spot.row("notices", **to, agency_id=spot.agency, kind="month_end", facts={}, created_at=NOW)
    return Made({"notice_id": made})


async def _certificate(spot: Spot, account: UUID) -> UUID:
    return await spot.row(
        "certificates", account_id=account, sha256=uuid4().hex * 2, certificate=b"x", chain=[],
        subject="x", issuer="x", serial_number="1", key_kind="ec", key_bits=256,
        valid_from=NOW - timedelta(days=1), valid_to=NOW + timedelta(days=1), document="1/GCN",
        registered_by=spot.there.accounts["admin"], registered_at=NOW,
    )  # fmt: skip


async def _registered(spot: Spot) -> Made:
    """Of an account of its own: who hands another over withdraws its certificates."""
    account = await _account(spot, "agency")
    return Made({"account_id": account, "certificate_id": await _certificate(spot, account)})


async def export_given_out(spot: Spot, how: str = "digest") -> tuple[str, UUID]:
    """An export given out to be signed elsewhere, as ``openExportSigning`` leaves it."""
    certificate, token, session = await _certificate(spot, spot.owner), uuid4().hex, uuid4()
    body = OpenExportSigning(certificate_id=certificate, purpose="kiểm tra", recipient="Sở Nội vụ")
    opened = await _accepted(spot, body, profile_workflow(spot.profile))
    revision = await spot.there.one(
        "SELECT approved_revision_id AS id FROM profiles WHERE id = :p", p=spot.profile
    )
    export = await spot.row(
        "exports", profile_id=spot.profile, revision_id=revision.id, command_id=opened, legal=True,
        purpose="kiểm tra", recipient="Sở Nội vụ", as_of=legal_date(NOW), digest="0" * 64,
        asked_by=spot.owner, asked_role="head", places=["authority"], rule_ids=[], rule_set_hash="h",
        state="making", asked_at=NOW,
    )  # fmt: skip
    await spot.row(
        "signing_sessions", id=session, kind="export", subject_id=spot.profile, document_id=export,
        account_id=spot.owner, certificate_id=certificate, how=how, mechanism="ecdsa", state="open",
        token_hash=token_hash(token), prepared=PAPER_SHA, attributes=b"x", opened_by=opened, opened_at=NOW,
        expires_at=NOW + timedelta(minutes=30),
    )  # fmt: skip
    return token, session


async def _own_signing(spot: Spot) -> Made:
    return Made({"session_id": (await export_given_out(spot))[1]})


async def _agent(spot: Spot) -> Made:
    """A session's token in the asker's hands; at no position the token of the asker's own login, which is no
    signing session's."""
    if spot.position != OWN:
        return Made()
    token, _ = await export_given_out(spot)
    return Made(bearer=token, body={"prepared": PAPER_SHA, "value": "AAAA"})


async def _agent_of_files(spot: Spot) -> Made:
    """The same, of a session that waits for the whole signed file."""
    if spot.position != OWN:
        return Made()
    return Made(bearer=(await export_given_out(spot, "file"))[0])


async def _accepted(spot: Spot, body: Any, workflow: str) -> UUID:
    made = uuid4()
    async with transaction(spot.there.tools.engine, spot.there.scope) as connection:
        await accept(
            connection, spot.there.tools, command_id=made, authority_id=spot.there.authority,
            account_id=spot.owner, body=body, received=b"", workflow_id=workflow, subject_id=spot.profile,
            expected_revision=None, now=NOW,
        )  # fmt: skip
    return made


async def _command(spot: Spot) -> Made:
    body = OpenExportSigning(certificate_id=uuid4(), purpose="kiểm tra", recipient="Sở Nội vụ")
    return Made({"command_id": await _accepted(spot, body, profile_workflow(spot.profile))})


async def _rehearsed(spot: Spot) -> Made:
    return Made({"order_id": await _order(spot, dry_run=True)})


async def _carried_out(spot: Spot) -> Made:
    return Made({"order_id": await _order(spot, dry_run=False)})


async def _order(spot: Spot, *, dry_run: bool) -> UUID:
    return await spot.row(
        "bulk_orders", account_id=spot.owner, verb="separate", dry_run=dry_run, source="items", digest="",
        state="done", created_at=NOW, finished_at=NOW,
    )  # fmt: skip


async def _comparison(spot: Spot) -> Made:
    """One that is over, with what it found."""
    made = await spot.row(
        "reconciliations", state="done", document="1/QĐ", ordered_by=spot.there.accounts["admin"],
        ordered_at=NOW, cursor="", compared=1, ended_at=NOW,
    )  # fmt: skip
    await spot.row(
        "national_differences", reconciliation_id=made, national_id=uuid4(), profile_id=spot.profile,
        kind="fields", fields=["gender"], repair="by_hand", repaired=False, found_at=NOW,
    )  # fmt: skip
    return Made({"reconciliation_id": made})


async def _handed_in(spot: Spot) -> Made:
    """A version of a code list that waits for its decision: one at a time."""
    found = await spot.there.rows("SELECT id FROM code_list_versions WHERE state = 'proposed'")
    made = found[0].id if found else await spot.row(
        "code_list_versions", code_list="religion", valid_from=legal_date(NOW) + timedelta(days=30),
        hash="0" * 64, content=[{"code": "01", "label": "Thử"}], document="1/QĐ", counts={}, state="proposed",
        proposed_by=spot.there.accounts["admin"], proposed_at=NOW,
    )  # fmt: skip
    return Made({"version_id": made})


async def _maintenance(spot: Spot) -> Made:
    starts = NOW + timedelta(days=500)
    made = await spot.row(
        "maintenances", starts_at=starts, ends_at=starts + timedelta(hours=1), document="1/TB",
        announced_at=NOW, announced_by=spot.there.accounts["admin"],
    )  # fmt: skip
    return Made(body={"maintenance_id": str(made)})


async def _change(spot: Spot) -> Made:
    """A new name from a day to come."""
    body = ChangeAgency(
        agency_id=spot.agency, name=f"Tên {uuid4().hex}", effective_on=date(2027, 6, 1), document="1/QĐ"
    )
    done = await spot.there.ask("admin", body, spot.there.authority, subject="administration")
    assert done.status == 201, done.answer
    return Made(body={"change_id": done.answer["change_id"]})


async def _gate(spot: Spot) -> Made:
    """An item that waits for the department, in a list of its own of a month long ago."""
    former = await spot.there.one(
        "SELECT count(*)::int AS n FROM agency_months WHERE agency_id = :g", g=spot.agency
    )
    month = f"{2025 - former.n // 12}-{12 - former.n % 12:02d}"
    found = await waiting_at_the_gate(spot.there, spot.agency, month, spot.profile)
    return Made(body={"decisions": [{"agency_month_id": str(found), "profile_id": str(spot.profile)}]})


async def _consent(spot: Spot, state: str) -> Made:
    file = spot.stage.targets["profile_id"][spot.position]
    return Made(body={"consent_id": str(await consent_about(spot.there, file, state))})


async def _asked(spot: Spot) -> Made:
    return await _consent(spot, "asked")


async def _given(spot: Spot) -> Made:
    return await _consent(spot, "given")


async def _account(spot: Spot, kind: str) -> UUID:
    login = uuid4().hex
    return await spot.row(
        "accounts", kind=kind, login=login, display_name=login, password_hash="x", state="active",
        agency_id=spot.agency, created_at=NOW,
    )  # fmt: skip


async def _somebody(spot: Spot) -> Made:
    return Made({"account_id": await _account(spot, "agency")})


async def _granted(spot: Spot) -> Made:
    account = await _account(spot, "agency")
    grant = await spot.row(
        "grants", account_id=account, agency_id=spot.agency, role="sync_agent", valid_from=legal_date(NOW)
    )
    return Made({"account_id": account, "grant_id": grant})


async def _holding(spot: Spot) -> Made:
    """An approver of the agency, by appointment."""
    account = await _account(spot, "agency")
    post = await spot.row(
        "agency_posts", agency_id=spot.agency, kind="approver", valid_from=legal_date(NOW), document="1/QĐ"
    )
    holder = await spot.row(
        "post_holders", post_id=post, account_id=account, acting=False, valid_from=legal_date(NOW),
        document="1/QĐ",
    )  # fmt: skip
    return Made({"account_id": account}, {"holder_id": str(holder)})


async def _service_key(spot: Spot) -> Made:
    account, kid = await _account(spot, "service"), uuid4().hex
    values = {"a": spot.there.authority, "who": account, "kid": kid, "by": spot.there.accounts["admin"]}
    await spot.there.rows(
        "INSERT INTO service_keys (kid, authority_id, account_id, jwk, document, registered_at,"
        " registered_by, expires_at) VALUES (:kid, :a, :who, '{}', '1/QĐ', :now, :by, :end) RETURNING 1",
        **values, now=NOW, end=NOW + timedelta(days=30),
    )  # fmt: skip
    return Made({"account_id": account}, {"kid": kid})


MAKING: dict[str, Making] = {
    "signOut": _leaving,
    "signOutBrowser": _browser,
    "getBrowserSession": _browser,
    "endMySession": _session,
    "markRead": _notice,
    "withdrawCertificate": _registered,
    "getSigningSession": _own_signing,
    "cancelSigning": _own_signing,
    "getSigningSource": _agent,
    "giveSignature": _agent,
    "giveSignedFile": _agent_of_files,
    "getCommand": _command,
    "getBulk": _rehearsed,
    "listBulkItems": _rehearsed,
    "downloadBulk": _rehearsed,
    "runBulk": _rehearsed,
    "undoBulk": _carried_out,
    "getReconciliation": _comparison,
    "listNationalDifferences": _comparison,
    "decideCodeList": _handed_in,
    "previewProposedCodeList": _handed_in,
    "answerConsent": _asked,
    "withdrawConsent": _given,
    "liftMaintenance": _maintenance,
    "withdrawAgencyChange": _change,
    "decideAtGate": _gate,
    "closeAccount": _somebody,
    "revokeGrant": _granted,
    "relieveOfPost": _holding,
    "withdrawServiceKey": _service_key,
}
OF_ALL = {"decideCodeList", "previewProposedCodeList"}
"""Routes about what there is one of in the authority: looked for anew, whoever used it up."""
POSITIONS_OF = {
    **dict.fromkeys(("markRead", "endMySession", "getSigningSession", "cancelSigning"), "osufz"),
    **dict.fromkeys(
        ("getCommand", "getBulk", "listBulkItems", "downloadBulk", "runBulk", "undoBulk"), "osufz"
    ),
    **dict.fromkeys(("getSigningSource", "giveSignature", "giveSignedFile"), "-o"),
    **dict.fromkeys(("getReconciliation", "listNationalDifferences", "liftMaintenance"), "sz"),
    **dict.fromkeys(("withdrawAgencyChange", "decideAtGate"), "sufz"),
}
"""Where it may stand, of routes whose path does not say."""
