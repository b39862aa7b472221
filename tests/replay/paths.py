"""The paths that are recorded: for each workflow, every way through its code that a life can take."""

from tests.replay import (
    backup_paths,
    breach_paths,
    consent_paths,
    delegation_paths,
    life_paths,
    list_signing_paths,
    month_paths,
    recompute_paths,
    reorganisation_paths,
    review_paths,
    signing_paths,
    slip_paths,
)
from tests.replay.player import Player

PATHS = (
    life_paths.PATHS
    | month_paths.PATHS
    | review_paths.PATHS
    | delegation_paths.PATHS
    | recompute_paths.PATHS
    | signing_paths.PATHS
    | list_signing_paths.PATHS
    | backup_paths.PATHS
    | breach_paths.PATHS
    | consent_paths.PATHS
    | slip_paths.PATHS
    | reorganisation_paths.PATHS
)

__all__ = ["PATHS", "Player"]
