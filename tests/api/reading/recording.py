"""Which operations can leave a line in the log of reads, told from the code: what they name, in however many
steps, writes one."""

import ast
from functools import cache
from pathlib import Path

from fastapi.routing import APIRoute

import api

Place = tuple[str, str]
"""A module of the API and a name at its top level."""
WRITES = {("api.reading.read_log", "_line")}
FOLDER = Path(api.__file__).parent


@cache
def _named() -> dict[Place, set[Place]]:
    """For every function and class at a module's top level, what of ours it names."""
    return {place: used for path in FOLDER.rglob("*.py") for place, used in _of_module(path).items()}


def _of_module(path: Path) -> dict[Place, set[Place]]:
    module = ".".join(("api", *path.relative_to(FOLDER).with_suffix("").parts)).removesuffix(".__init__")
    tree = ast.parse(path.read_text(encoding="utf-8"))
    known: dict[str, Place | str] = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("api"):
            for name in node.names:
                whole = f"{node.module}.{name.name}"
                is_module = (FOLDER.parent / Path(*whole.split("."))).with_suffix(".py").is_file()
                known[name.asname or name.name] = whole if is_module else (str(node.module), name.name)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            known[node.name] = (module, node.name)
        elif isinstance(node, ast.Assign):  # ``Read = Annotated[…, Depends(…)]``
            known |= {one.id: (module, one.id) for one in node.targets if isinstance(one, ast.Name)}
    return {(module, name): _used(node, known) for node in tree.body for name in _defined(node)}


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    return (
        [one.id for one in node.targets if isinstance(one, ast.Name)] if isinstance(node, ast.Assign) else []
    )


def _used(node: ast.AST, known: dict[str, Place | str]) -> set[Place]:
    found: set[Place] = set()
    for one in ast.walk(node):
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load) and one.id in known:
            place = known[one.id]
            found |= {place} if isinstance(place, tuple) else set()
        elif isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name):
            module = known.get(one.value.id)
            if isinstance(module, str):
                found.add((module, one.attr))
    return found


def records(route: APIRoute) -> bool:
    """Whether what answers a route names, however many steps away, what writes a line."""
    seen: set[Place] = set()
    ahead = [(route.endpoint.__module__, route.endpoint.__name__)]
    while ahead:
        place = ahead.pop()
        if place in WRITES:
            return True
        if place not in seen:
            seen.add(place)
            ahead += _named().get(place, ())
    return False
