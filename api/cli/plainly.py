"""What a command could not do, in one line: what people can mend is no traceback."""

import psycopg
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError
from temporalio.service import RPCError

from api.cli.children import ChildError
from api.engine_away import never_reached
from models.errors import HosoError, RefusedError
from models.settings import PREFIX, Settings


def plainly(error: BaseException) -> str | None:
    """The line; none where it is a defect of ours, of which the whole story is wanted.

    No value is repeated: it may be a password. Of a database's answer only the first line, which names none.
    """
    if isinstance(error, ValidationError):
        return _settings(error) if error.title == Settings.__name__ else None
    if isinstance(error, RefusedError):
        said = error.refusal
        return f"{said.detail_vi or said.problem.meaning_vi} / {said.detail_en or said.problem.meaning_en}"
    if isinstance(error, ChildError | HosoError):
        return " ".join(str(error).split())
    if isinstance(error, SQLAlchemyError | psycopg.Error):
        told = str(getattr(error, "orig", None) or error).strip() or type(error).__name__
        return f"PostgreSQL: {told.splitlines()[0]}"
    if isinstance(error, RPCError):
        return f"Temporal: {error.status.name}"
    if never_reached(error):
        return "Temporal: không kết nối được / cannot be reached"
    if isinstance(error, FileExistsError | NotADirectoryError):
        return f"{error.filename}: không phải thư mục / not a folder"
    if isinstance(error, OSError):
        words = error.strerror or type(error).__name__
        return f"{error.filename}: {words}" if error.filename else words
    return None


def _settings(error: ValidationError) -> str:
    """Every setting that is wrong, by the name under which it is given."""
    wrong = [f"{PREFIX}{'.'.join(map(str, one['loc'])).upper()} ({one['msg']})" for one in error.errors()]
    return f"giá trị không hợp lệ / not valid: {'; '.join(wrong)}"
