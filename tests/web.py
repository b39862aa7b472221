"""The API's application for tests: its routes resolved once per process, its state each test's own."""

from collections.abc import Callable
from functools import cache

from fastapi import FastAPI
from starlette.datastructures import State

from api.app import create_app
from models.settings import Settings


def application(settings: Settings) -> FastAPI:
    """The whole API with these settings, as if its process had just been started.

    FastAPI resolves the dependencies of every route anew for every application, which costs a test more than
    its requests do.
    """
    made = _whole()
    made.state = State({"settings": settings})
    return made


def part(make: Callable[[], FastAPI]) -> FastAPI:
    """The same for an application of some routers, made by a function of the module."""
    made = _part(make)
    made.state = State()
    return made


@cache
def _whole() -> FastAPI:
    return create_app(Settings())


@cache
def _part(make: Callable[[], FastAPI]) -> FastAPI:
    return make()
