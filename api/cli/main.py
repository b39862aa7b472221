"""The ``hoso`` command: one sub-command per file beside this one, loaded when it is asked for."""

from models import starting

# isort: split
import sys
from importlib import import_module

import typer

COMMANDS = {
    "run": ("api.cli.run", "command"),
    "demo": ("api.cli.demo.command", "command"),
    "doctor": ("api.cli.doctor", "command"),
    "deadline": ("api.cli.deadline", "deadline"),
    "explain": ("api.cli.explain", "explain"),
    "verify": ("api.cli.verify", "verify"),
    "audit": ("api.cli.audit", "audit_app"),
    "install": ("api.cli.installing", "command"),
    "import": ("api.cli.importing", "command"),
    "sample": ("api.cli.sample", "sample_command"),
    "template": ("api.cli.sample", "template_command"),
    "law": ("api.cli.law", "law_app"),
    "calendar": ("api.cli.law_acts", "calendar_app"),
    "codes": ("api.cli.codes", "codes_app"),
    "reorganise": ("api.cli.reorganising", "reorganise"),
    "pki": ("api.cli.pki", "pki_app"),
    "renew": ("api.cli.renewing", "renew"),
    "documents": ("api.cli.documents", "documents_app"),
    "keys": ("api.cli.keys", "keys_app"),
    "reconcile": ("api.cli.reconcile", "reconcile"),
    "engine": ("api.cli.reconcile", "engine_app"),
    "party": ("api.cli.service", "party_app"),
    "maintenance": ("api.cli.service", "maintenance_app"),
    "certificate": ("api.cli.account_acts", "certificate_app"),
    "service-key": ("api.cli.account_acts", "service_key_app"),
    "post": ("api.cli.account_acts", "post_app"),
    "stuck": ("api.cli.stuck", "stuck_app"),
    "backup": ("api.cli.backup", "backup_app"),
    "restore": ("api.cli.restore", "restore"),
    "openapi": ("api.cli.openapi", "openapi"),
}
"""Name to module and what it offers: a function, or an application with commands of its own."""


def build(only: str | None = None) -> typer.Typer:
    """The command line; with ``only``, just that command, so that none waits for what it does not use."""
    app = typer.Typer(no_args_is_help=True, add_completion=False, help="Hồ sơ cán bộ, công chức, viên chức")
    app.callback()(_nothing)
    for name, (module, attribute) in COMMANDS.items():
        if only in COMMANDS and name != only:
            continue
        offered = getattr(import_module(module), attribute)
        if isinstance(offered, typer.Typer):
            app.add_typer(offered, name=name)
        else:
            app.command(name)(offered)
    return app


def _nothing() -> None:
    """Hồ sơ cán bộ, công chức, viên chức: thời hạn, phê duyệt, đồng bộ theo quy định pháp luật."""


def main() -> None:
    """Run the command line; what is missing or wrong outside is said in one line, with status 2."""
    app = build(sys.argv[1] if len(sys.argv) > 1 else None)
    starting.settled()
    try:
        app()
    except Exception as error:
        from api.cli.plainly import plainly  # knows every kind of failure, which no command should wait for

        if (line := plainly(error)) is None:
            raise
        typer.echo(f"LỖI / ERROR: {line}", err=True)
        raise SystemExit(2) from error
