"""The reports of data reviews under another law: who owes one, and by which day. Pure.

A campaign that was opened is walked as it was; one that the law being tried would have opened, and the law of
the time did not, is taken as opened on its day, with nothing sent for it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID, uuid5

from models.calendar import legal_date, start_of_day
from models.lifecycle.life import Report
from models.lifecycle.review import open_report
from models.lifecycle.review_dates import ReviewDates, last_day, next_period, periods_of, review_dates
from models.lifecycle.simulated import SPACE, Reported, Review, World, Would, scene_of, would


def of_review(review: Review, world: World) -> list[Would]:
    """The duties of one review's reports; none under a law that asks for no such report."""
    on = max(last_day(review.period), legal_date(review.opened_at) if review.opened_at else date.min)
    dates = _dates(review.period, world, on)
    if dates is None:
        return []
    at = start_of_day(dates.opens_on)
    if review.opened_at is not None and review.opens_on == dates.opens_on:
        at = review.opened_at  # as it was, late too
    return [one for report in review.reports for one in _owed(report, dates, at, world)]


def might_open(
    recorded: Iterable[Review],
    present: World,
    tried: World,
    *,
    first: date,
    last: date,
    reporters: Sequence[tuple[UUID, bool]],
) -> Iterator[Review]:
    """Reviews that only the law being tried would have opened between two days.

    Where the law of the time had opened one by then too, that none is recorded is a fact of its own: nobody
    ran the installation yet.
    """
    known = {review.period for review in recorded}
    for period in _periods(first, last):
        dates = _dates(period, tried, last_day(period))
        if period in known or dates is None or not first <= dates.opens_on <= last:
            continue
        asked = _dates(period, present, last_day(period))
        if asked is None or asked.opens_on > last:
            review_id = uuid5(SPACE, f"review:{period}")
            reports = (
                Reported(uuid5(review_id, f"{agency}:{whole}"), review_id, agency, whole)
                for agency, whole in reporters
            )
            yield Review(period, None, None, tuple(reports))


def _dates(period: str, world: World, on: date) -> ReviewDates | None:
    return review_dates(period, world.law_at(start_of_day(on)), world.calendar, world.policy.reviews)


def _periods(first: date, last: date) -> Iterator[str]:
    """Quarters and years whose campaign may open between two days: one may open after its period's end."""
    for period in periods_of(date(first.year - 1, 1, 1)):
        while last_day(period).year <= last.year + 1:
            yield period
            period = next_period(period)


def _owed(report: Reported, dates: ReviewDates, at: datetime, world: World) -> list[Would]:
    scene = scene_of(world, at, report.agency_id, f"report:{report.report_id}")
    stands = Report(
        id=report.report_id,
        review_id=report.review_id,
        authority_id=SPACE,
        agency_id=report.agency_id,
        whole=report.whole,
        slot=dates.slot.value,
        period=dates.period,
        state="open",
        version=0,
        opens_on=dates.opens_on,
        nominal_due_on=dates.nominal_due_on,
        due_on=dates.due_on,
        due_at=dates.due_at,
        policy_date=dates.policy,
    )
    # A report stands for nobody in particular: the law is asked without facts, as when it is opened.
    out = open_report(stands, replace(scene, facts={}))
    found = [would(one, legal_date(at)) for one in out.opened]
    for one in found:
        one.done_on, one.void_on = report.sent_on, report.ended_on
    return found
