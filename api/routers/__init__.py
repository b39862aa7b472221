"""All routers of ``/api/v1``."""

from fastapi import APIRouter

from api.routers import (
    cases,
    commands,
    delegations,
    imports,
    law,
    lists,
    profiles,
    read_accounts,
    read_agencies,
    read_drafts,
    read_duties,
    read_forms,
    read_profiles,
    read_story,
    read_work,
    reviews,
    session,
    simulations,
    verifying,
)

ROUTERS: tuple[APIRouter, ...] = (
    session.router,
    read_work.router,
    read_duties.router,
    read_profiles.router,
    read_forms.router,
    read_drafts.router,
    read_accounts.router,
    read_agencies.router,
    profiles.router,
    cases.transfers,
    cases.months,
    lists.router,
    delegations.reads,
    delegations.acts,
    commands.router,
    imports.router,
    law.router,
    reviews.router,
    simulations.router,
    read_story.router,
    verifying.router,
)
