"""A report signed elsewhere, over the API and the engine: by a value, and given up before."""

from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

from models.evidence import verify
from tests.activities.signing import openssl
from tests.activities.signing.desk import issued_to
from tests.api.commands.test_signing import agent_of, registered
from tests.models.evidence import samples
from tests.stores import store_in
from tests.world import World


async def test_a_report_by_value(
    world: World, app: Any, campaign: Any, working: None, log_in: Any, tmp_path: Path
) -> None:
    await campaign()
    issued = issued_to()
    admin, head, stranger = [await log_in(who) for who in ("admin", "culture.head", "health.approver")]
    (review,) = (await head.get("/reviews")).json()["items"]
    (mine,) = (await head.get(f"/reviews/{review['id']}/reports")).json()["items"]
    certificate = await registered(admin, world.accounts["culture.head"], issued)
    path, body = f"/review-reports/{mine['id']}/signing-sessions", {"certificate_id": certificate}
    assert (await stranger.command(path, body)).json()["code"] == "not-found"
    given_up = (await head.command(path, body)).json()["answer"]["session_id"]
    cancelled = await head.command(f"/signing-sessions/{given_up}/cancellations")
    assert cancelled.status_code == 200, cancelled.text
    opened = await head.command(path, body)
    assert opened.status_code == 201, opened.text
    address = f"/signing-sessions/{opened.json()['answer']['session_id']}"
    session = (await head.get(address)).json()
    assert (session["kind"], session["document_id"], session["state"]) == ("report", mine["id"], "open")
    to_sign = session["to_sign"]
    value = openssl.signature(tmp_path, issued, to_sign["mechanism"], b64decode(to_sign["attributes"]))
    async with agent_of(app, opened.json()["token"]) as agent:
        done = await agent.post(
            "/signature", json={"prepared": session["prepared"], "value": b64encode(value).decode()}
        )
    assert done.status_code == 200, done.text
    after = (await head.get(f"/review-reports/{mine['id']}")).json()
    assert (after["state"], after["document_sha256"]) == ("sent", done.json()["answer"]["document"])
    store = store_in(app.state.settings.documents, app.state.tools)
    assert verify(store.get(world.authority, after["document_sha256"]), samples.trust()).valid
    assert (await head.get(address)).json()["state"] == "done"
