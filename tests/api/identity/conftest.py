"""The whole API over HTTP semantics, without an engine, an authority and its accounts behind it."""

from tests.api.over_http import app, caller, callers, choices, clock, world

__all__ = ["app", "caller", "callers", "choices", "clock", "world"]
