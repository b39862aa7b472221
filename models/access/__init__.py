"""Who may do what: roles, scopes, delegation, separation of duties. Pure; denied by default."""

from models.access.actor import Actor, Allowed, Consent, Delegation, Denied, Grant, Reach, Target
from models.access.catalogue import Permission, Role, Roles, Scope, Verb, VerbWords, read_roles, roles
from models.access.decide import OFFICIAL, everywhere, in_force, may, reach
from models.access.delegable import Delegable, Delegables, delegables, read_delegables
from models.access.explaining import Principle, Right, explain, principles

__all__ = [
    "OFFICIAL",
    "Actor",
    "Allowed",
    "Consent",
    "Delegable",
    "Delegables",
    "Delegation",
    "Denied",
    "Grant",
    "Permission",
    "Principle",
    "Reach",
    "Right",
    "Role",
    "Roles",
    "Scope",
    "Target",
    "Verb",
    "VerbWords",
    "delegables",
    "everywhere",
    "explain",
    "in_force",
    "may",
    "principles",
    "reach",
    "read_delegables",
    "read_roles",
    "roles",
]
