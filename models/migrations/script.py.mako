"""${message}"""

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Expand only; what is no longer used goes in a later release."""
    ${upgrades if upgrades else "pass"}
