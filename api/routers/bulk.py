"""``/bulk``: one thing asked about many people at once; each item is judged as if it had been asked alone."""

import asyncio
from collections.abc import Sequence
from hashlib import sha256
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile

from api.bulk_bodies import BulkBody, BulkFilter, BulkVerb, UndoBody
from api.bulk_fields import exported, general_form
from api.bulk_giving import REFUSALS, given, order_of
from api.bulk_selection import members_of, selected
from api.bulk_workbook import chosen_from, lines_of, results
from api.ordering import frozen, shown, taken_back
from api.paging import After, Limit
from api.problems import responses
from api.reading import bulk
from api.routers.acting import Key
from api.scope import ActiveWho, Asker, Read, Reading, reading_of, tools_of
from models.command_fields import ChangeFields
from models.command_shapes import FieldName
from models.database import transaction
from models.errors import RefusedError
from models.form import Catalogue
from models.lifecycle.bulk import undo_verb
from models.lifecycle.life import Chapter
from models.record.orders import Item
from models.regulations.schema import Category
from models.workbook_guard import check_workbook

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_AT_ONCE = asyncio.Semaphore(1)
"""One workbook is opened at a time: inflating one takes a core for seconds."""
router = APIRouter(prefix="/bulk", tags=["Việc hàng loạt"])


@router.post(
    "",
    status_code=202,
    operation_id="orderBulk",
    summary="Đặt việc hàng loạt / order one thing for many",
    responses=REFUSALS,
)
async def order_bulk(
    request: Request, response: Response, who: ActiveWho, body: BulkBody, key: Key = None
) -> bulk.BulkOrder:
    """Đóng băng danh sách rồi chạy thử hoặc thực hiện từng hồ sơ / freeze, then rehearse or carry out."""

    async def items(read: Reading) -> Sequence[Item]:
        chosen = await selected(read, body)
        return await frozen(read, body.verb, chosen, body.common, rehearsed=body.dry_run)

    source = "items" if body.items is not None else "filter"
    order = order_of(who, key, body.verb, source, body.model_dump(mode="json"), dry_run=body.dry_run)
    return await given(request, response, who, order, items)


@router.post(
    "/workbooks",
    status_code=202,
    operation_id="orderBulkWorkbook",
    summary="Đặt việc hàng loạt bằng sổ Excel / order by a workbook",
    responses=REFUSALS | responses("import-too-large", "import-unreadable"),
)
async def order_workbook(
    request: Request,
    response: Response,
    who: ActiveWho,
    file: Annotated[UploadFile, File(description="Sổ .xlsx, mỗi dòng một hồ sơ / one line for each")],
    verb: Annotated[BulkVerb, Form(title="Việc")],
    dry_run: Annotated[bool, Form(title="Chạy thử", description="Không ghi gì / nothing is written")],
    common: Annotated[
        str, Form(max_length=20_000, title="Mục chung", description="Đối tượng JSON / a JSON object")
    ] = "{}",
    key: Key = None,
) -> bulk.BulkOrder:
    """Mỗi cột là một mục của lệnh, dòng nêu hồ sơ / every column a member, every line a person."""
    limit = request.app.state.settings.import_bytes
    data = await file.read(limit + 1)
    shared = members_of(common)
    async with _AT_ONCE:
        await asyncio.to_thread(check_workbook, data, limit)
        form = await _form(request, who) if verb == ChangeFields.verb else None
        lines = await asyncio.to_thread(lines_of, data, form)

    async def items(read: Reading) -> Sequence[Item]:
        return await frozen(read, verb, await chosen_from(read, lines), shared, rehearsed=dry_run)

    sent = {"workbook": sha256(data).hexdigest(), "common": shared, "dry_run": dry_run}
    order = order_of(who, key, verb, "workbook", sent, dry_run=dry_run)
    return await given(request, response, who, order, items)


@router.post(
    "/{order_id}/runs",
    status_code=202,
    operation_id="runBulk",
    summary="Thực hiện đúng danh sách đã chạy thử / carry out what was rehearsed",
    responses=REFUSALS,
)
async def run_bulk(
    request: Request, response: Response, who: ActiveWho, order_id: UUID, key: Key = None
) -> bulk.BulkOrder:
    """The rehearsed items with the revisions that were shown; what was refused then is left out."""
    rehearsed = await _own(request, who, order_id, dry_run=True)

    async def items(read: Reading) -> Sequence[Item]:
        return await shown(read, order_id, rehearsed.verb)

    sent = {"rehearsed": str(order_id)}
    order = order_of(who, key, rehearsed.verb, "rehearsed", sent, dry_run=False, follows=order_id)
    return await given(request, response, who, order, items)


@router.post(
    "/{order_id}/undo",
    status_code=202,
    operation_id="undoBulk",
    summary="Hoàn tác việc hàng loạt / take it back",
    responses=REFUSALS | responses("no-undo", "bulk-running"),
)
async def undo_bulk(
    request: Request, response: Response, who: ActiveWho, order_id: UUID, body: UndoBody, key: Key = None
) -> bulk.BulkOrder:
    """Take back what was done, item by item, by the single items' own commands; once."""
    done = await _own(request, who, order_id, dry_run=False)
    verb = undo_verb(done.verb)

    async def items(read: Reading) -> Sequence[Item]:
        return await taken_back(read, order_id, done.verb, body.reason)

    sent = {"undoes": str(order_id), **body.model_dump(mode="json")}
    order = order_of(who, key, verb, "undo", sent, dry_run=body.dry_run, follows=order_id)
    return await given(request, response, who, order, items)


@router.get("", operation_id="listBulk", summary="Việc hàng loạt của mình / one's own bulk orders")
async def list_bulk(read: Read, limit: Limit = 50, after: After = None) -> bulk.BulkOrders:
    """The newest first."""
    return await bulk.mine(read, limit, after)


@router.get("/{order_id}", operation_id="getBulk", summary="Tiến độ việc hàng loạt / how far it is")
async def get_bulk(read: Read, order_id: UUID) -> bulk.BulkOrder:
    """Counts by result and by reason."""
    return await bulk.one(read, order_id)


@router.get("/{order_id}/items", operation_id="listBulkItems", summary="Kết quả từng hồ sơ / item by item")
async def list_items(
    read: Read,
    order_id: UUID,
    state: Annotated[list[bulk.State] | None, Query(title="Kết quả")] = None,
    limit: Limit = 50,
    after: After = None,
) -> bulk.BulkItems:
    """What became of each, in the order they were named."""
    return await bulk.items(read, order_id, states=state, limit=limit, after=after)


@router.get(
    "/{order_id}/workbook",
    operation_id="downloadBulk",
    summary="Kết quả dưới dạng bảng tính / the result as a workbook",
    response_class=Response,
    responses={200: {"content": {XLSX: {"schema": {"type": "string", "format": "binary"}}}}},
)
async def download_bulk(read: Read, order_id: UUID) -> Response:
    """A line for each item, with what it came to."""
    made = await results(read, order_id)
    named = {"Content-Disposition": 'attachment; filename="bulk.xlsx"', "Cache-Control": "private, no-store"}
    return Response(made, media_type=XLSX, headers=named)


@router.get(
    "/workbooks/fields",
    operation_id="downloadFields",
    summary="Một số mục của nhiều hồ sơ dưới dạng bảng tính / fields of many, to edit and send back",
    response_class=Response,
    responses={200: {"content": {XLSX: {"schema": {"type": "string", "format": "binary"}}}}},
)
async def download_fields(
    read: Read,
    field: Annotated[list[FieldName], Query(min_length=1, max_length=40, title="Mục của mẫu")],
    agency: Annotated[UUID | None, Query(title="Cơ quan, đơn vị và các đơn vị dưới nó")] = None,
    category: Annotated[Category | None, Query(title="Nhóm đối tượng")] = None,
) -> Response:
    """Sent back unchanged it changes nothing; a line that moved since is refused by itself."""
    asked = BulkFilter(agency=agency, category=category, chapter=Chapter.SERVICE)
    made = await exported(read, field, asked)
    named = {
        "Content-Disposition": 'attachment; filename="fields.xlsx"',
        "Cache-Control": "private, no-store",
    }
    return Response(made, media_type=XLSX, headers=named)


async def _form(request: Request, who: Asker) -> Catalogue:
    async with transaction(tools_of(request).engine, who.scope) as connection:
        return await general_form(reading_of(request, who, connection))


async def _own(request: Request, who: Asker, order_id: UUID, *, dry_run: bool) -> bulk.BulkOrder:
    """An order of the asker's that is over, a rehearsal or a real one as asked.

    Raises:
        RefusedError: ``not-found``, ``bulk-running``.
    """
    async with transaction(tools_of(request).engine, who.scope) as connection:
        found = await bulk.one(reading_of(request, who, connection), order_id)
    if found.dry_run is not dry_run:
        raise RefusedError.of(
            "not-found", "Không có việc hàng loạt như vậy.", "There is no such bulk order of this kind."
        )
    if found.state != "done":
        raise RefusedError.of("bulk-running", extra={"waiting": found.waiting})
    return found
