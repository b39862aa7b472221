"""Logs: structlog over the standard library, one line per event, for people (console) or machines (JSON).

No personal data reaches a log. An event is a fixed English sentence; what varies travels in keys, and only
keys of `ALLOWED` pass: identifiers, counts, codes, durations. A key outside the list is dropped and its
*name* is put under ``dropped``, so a mistake shows without telling. Exceptions keep their types and places
and lose their texts, because a database driver quotes the row in its message. A library's message is written
as it stands in that library's code, without the values it would insert, unless its logger is in `TRUSTED`.

In workflow code use ``workflow.logger`` only: silent on replay; its context arrives through `ExtraAdder`.
"""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_PLAIN = "event level logger timestamp process dropped failure"
_IDENTIFIERS = """
    authority_id agency_id profile_id account_id case_id command_id duty_id event_id submission_id document_id
    import_id request_id key_id rule_set rule workflow_id run_id workflow_type activity_id activity_type
    task_queue namespace attempt update_id trace_id span_id tran_code digest revision version month
"""
_MEASURES = """
    count accepted refused pending rows items bytes seconds milliseconds code status verb kind chapter role
    method route reason_code setting port next_wake_at due as_of settled retry_after
    started woken ahead behind orphans unreckoned stranded tree missing surplus ending unsaid bereft
"""
ALLOWED = frozenset(f"{_PLAIN} {_IDENTIFIERS} {_MEASURES}".split())
TRUSTED = ("uvicorn.error", "alembic")
LEVELS = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
_FROM_TEMPORAL = (
    "workflow_id",
    "run_id",
    "workflow_type",
    "activity_id",
    "activity_type",
    "attempt",
    "task_queue",
)
_QUIET = {"httpx": "WARNING", "httpcore": "WARNING", "aiosmtpd": "WARNING", "fontTools": "WARNING"}


def temporal_context(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Lift the identifiers the Temporal SDK attaches to its records to keys of their own."""
    for source in ("temporal_workflow", "temporal_activity"):
        found = event.pop(source, None)
        if isinstance(found, MutableMapping):
            for key in _FROM_TEMPORAL:
                if key in found:
                    event.setdefault(key, found[key])
    return event


def without_texts(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Replace ``exc_info`` by the chain of exception types, each with the place it was raised at."""
    given = event.pop("exc_info", None)
    if given is True:
        given = sys.exc_info()
    error = given[1] if isinstance(given, tuple) else given
    chain: list[str] = []
    while isinstance(error, BaseException) and len(chain) < 10:
        frames = traceback.extract_tb(error.__traceback__)
        place = f" at {frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else ""
        chain.append(type(error).__name__ + place)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if chain:
        event["failure"] = " <- ".join(chain)
    return event


def only_allowed(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Drop every key that is not known to be free of personal data."""
    private = ("_record", "_from_structlog")
    dropped = sorted(key for key in event if key not in ALLOWED and key not in private)
    for key in dropped:
        del event[key]
    if dropped:
        event["dropped"] = dropped
    return event


def trusted_arguments(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Insert a library's values into its message where the library is known to log none of ours."""
    values = event.pop("positional_args", None)
    if values and str(event.get("logger", "")).startswith(TRUSTED):
        event["event"] = str(event["event"]) % values
    return event


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def configure(log_format: Literal["console", "json"], level: LEVELS, process: str) -> None:
    """Set up logging of this process once; `process` ("api", "workflows" …) is written on every line."""
    renderer: Processor
    if log_format == "json":
        renderer = structlog.processors.JSONRenderer(ensure_ascii=False)
    else:
        renderer = structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0)
    last: list[Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        renderer,
    ]
    foreign: list[Processor] = [
        *_shared(),
        structlog.stdlib.ExtraAdder(),
        temporal_context,
        trusted_arguments,
    ]
    guards: list[Processor] = [without_texts, only_allowed]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=foreign,
        processors=[*guards, *last],
        use_get_message=False,
        pass_foreign_args=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name, quiet in _QUIET.items():
        logging.getLogger(name).setLevel(quiet)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
    structlog.contextvars.bind_contextvars(process=process)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger for activities, API and command line; not for workflow code."""
    found: structlog.stdlib.BoundLogger = structlog.get_logger(name)
    return found


def prepare_temporal_loggers() -> None:
    """Let the SDK's loggers put their context beside the message, not into it (engine.md §9)."""
    from temporalio import activity, workflow

    workflow.logger.workflow_info_on_message = False
    activity.logger.activity_info_on_message = False
