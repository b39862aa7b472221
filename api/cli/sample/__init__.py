"""``hoso sample`` and ``hoso template``: an invented authority's workbook, and an empty one to fill."""

from pathlib import Path
from typing import Annotated

import typer

from .contracts import other_forms
from .data import AUTHORITIES
from .dirt import DirtyRow
from .generating import AS_OF, Sample, sample
from .writing import template

sample_app = typer.Typer(no_args_is_help=True)


def _known(name: str) -> str:
    if name not in AUTHORITIES:
        raise typer.BadParameter(f"có / known: {', '.join(AUTHORITIES)}")
    return name


@sample_app.command("sample")
def sample_command(
    out: Annotated[Path, typer.Argument(help="Tệp .xlsx sẽ ghi / the .xlsx to write")] = Path("sample.xlsx"),
    officials: Annotated[int, typer.Option(min=1, max=999_999, help="Số người / how many people")] = 500,
    authority: Annotated[
        str,
        typer.Option(callback=_known, help="Cơ quan quản lý / the authority", metavar="|".join(AUTHORITIES)),
    ] = AUTHORITIES[0],
    seed: Annotated[int, typer.Option(help="Cùng số, cùng nội dung / same seed, same content")] = 1,
) -> None:
    """Write an invented authority's workbook: agencies, posts, people, some rows wrong on purpose."""
    made = sample(out, officials, seed, authority=authority)
    typer.echo(
        f"{made.path}: {made.agencies} cơ quan, {made.posts} vị trí, {made.officials} hồ sơ, "
        f"{len(made.dirty)} dòng sai có chủ ý / {len(made.dirty)} rows wrong on purpose"
    )


@sample_app.command("template")
def template_command(
    out: Annotated[Path, typer.Argument(help="Tệp .xlsx sẽ ghi / the .xlsx to write")] = Path(
        "template.xlsx"
    ),
    authority: Annotated[
        str,
        typer.Option(callback=_known, help="Cơ quan quản lý / the authority", metavar="|".join(AUTHORITIES)),
    ] = AUTHORITIES[0],
) -> None:
    """Write the empty import workbook with drop-downs for every code list, a sheet for each form in use."""
    typer.echo(str(template(out, other_forms(authority, AS_OF))))


__all__ = ["AS_OF", "DirtyRow", "Sample", "sample", "sample_app", "template"]
