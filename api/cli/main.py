"""The ``hoso`` command: one sub-command per file beside this one."""

import typer

from api.cli import doctor, run
from api.cli.deadline import deadline
from api.cli.law import law_app

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Hồ sơ cán bộ, công chức, viên chức")
app.command("run")(run.command)
app.command("doctor")(doctor.command)
app.command("deadline")(deadline)
app.add_typer(law_app, name="law")


def main() -> None:
    """Run the command line."""
    app()
