"""Who may do what: roles, scopes, delegation, separation of duties. Pure; denied by default."""

from models.access.actor import Actor, Allowed, Denied, Grant, Reach, Target
from models.access.catalogue import Permission, Role, Roles, Scope, Verb, VerbWords, read_roles, roles
from models.access.decide import OFFICIAL, may, reach

__all__ = [
    "OFFICIAL",
    "Actor",
    "Allowed",
    "Denied",
    "Grant",
    "Permission",
    "Reach",
    "Role",
    "Roles",
    "Scope",
    "Target",
    "Verb",
    "VerbWords",
    "may",
    "reach",
    "read_roles",
    "roles",
]
