"""The ``hoso`` command: one sub-command per file beside this one."""

import typer

from api.cli import doctor, openapi, run, verify
from api.cli.deadline import deadline
from api.cli.law import law_app
from api.cli.reconcile import engine_app, reconcile
from api.cli.sample import sample_app

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Hồ sơ cán bộ, công chức, viên chức")
app.command("run")(run.command)
app.command("doctor")(doctor.command)
app.command("deadline")(deadline)
app.command("verify")(verify.verify)
app.command("reconcile")(reconcile)
app.command("openapi")(openapi.openapi)
app.add_typer(engine_app, name="engine")
app.add_typer(law_app, name="law")
app.add_typer(sample_app)


def main() -> None:
    """Run the command line."""
    app()
