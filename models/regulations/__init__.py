"""The law as data: regulations in document order, resolved for an authority and a day. Pure."""

from models.calendar.source import Problem, SourceError
from models.regulations.amending import Story, amended, in_story, of_another
from models.regulations.in_force import (
    MissingSlots,
    NoLawInForce,
    OverlappingRegulations,
    in_force,
)
from models.regulations.loader import load_all, load_beside, load_file, seed, seed_files
from models.regulations.policy import (
    Declarations,
    PlannedStep,
    Policy,
    Reviews,
    Step,
    load_policy,
    message_day,
    plan_steps,
)
from models.regulations.ruleset import Clock, Obligation, RuleSet, UnknownRule, oblige
from models.regulations.schema import Deadline, Header, Regulation, Rule, Sla, When
from models.regulations.slots import REQUIRED, Slot
from models.regulations.succession import Succession, load_successions, seed_successions, stands_in
from models.regulations.trial import Trial, TrialRefused, check_trial, law_of, resolved

__all__ = [
    "REQUIRED",
    "Clock",
    "Deadline",
    "Declarations",
    "Header",
    "MissingSlots",
    "NoLawInForce",
    "Obligation",
    "OverlappingRegulations",
    "PlannedStep",
    "Policy",
    "Problem",
    "Regulation",
    "Reviews",
    "Rule",
    "RuleSet",
    "Sla",
    "Slot",
    "SourceError",
    "Step",
    "Story",
    "Succession",
    "Trial",
    "TrialRefused",
    "UnknownRule",
    "When",
    "amended",
    "check_trial",
    "in_force",
    "in_story",
    "law_of",
    "load_all",
    "load_beside",
    "load_file",
    "load_policy",
    "load_successions",
    "message_day",
    "oblige",
    "of_another",
    "plan_steps",
    "resolved",
    "seed",
    "seed_files",
    "seed_successions",
    "stands_in",
]
