"""All routers of ``/api/v1``."""

from fastapi import APIRouter

from api.routers import cases, commands, profiles, session

ROUTERS: tuple[APIRouter, ...] = (
    session.router,
    profiles.router,
    cases.transfers,
    cases.months,
    commands.router,
)
