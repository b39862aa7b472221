"""Who may import whom, and what each folder tells a newcomer."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

FOLDERS = ("models", "workflows", "activities", "api")
ALONE = ("activities.national.emulator", "activities.signing.development_pki")
WORKFLOW_MAY = {"models", "workflows", "temporalio", *sys.stdlib_module_names}


def module_name(root: Path, path: Path) -> str:
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def imports(source: str, module: str, is_package: bool = False) -> set[str]:
    """Every module a source names in an import, relative ones made absolute, wherever it stands."""
    found: set[str] = set()
    package = module.split(".") if is_package else module.split(".")[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return found


def inside(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def of(root: Path, path: Path) -> set[str]:
    return imports(path.read_text(), module_name(root, path), path.name == "__init__.py")


def test_the_layers_hold(root: Path) -> None:
    tool = Path(sys.executable).parent / "lint-imports"
    answer = subprocess.run([tool, "--no-cache"], cwd=root, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout[-2000:]
    assert "0 broken" in answer.stdout


@pytest.mark.parametrize("package", ALONE)
def test_a_process_of_its_own_is_imported_by_nobody(package: str, root: Path, sources: list[Path]) -> None:
    assert (root / package.replace(".", "/")).is_dir() or (
        root / (package.replace(".", "/") + ".py")
    ).is_file()
    wrong = []
    for path in sources:
        name = module_name(root, path)
        if inside(name, package) or path.parts[len(root.parts)] == "tests":
            continue
        wrong += [name for target in of(root, path) if inside(target, package)]
    assert wrong == []


def test_an_independent_model_shares_no_code_with_what_it_checks(root: Path) -> None:
    model = root / "tests" / "models" / "calendar" / "slow_model.py"
    ours = [t for t in of(root, model) if t.split(".")[0] in (*FOLDERS, "tests", "worker")]
    assert ours == []


def test_the_api_and_its_commands_import_no_activity(root: Path, sources: list[Path]) -> None:
    wrong = [
        f"{path.relative_to(root)} imports {target}"
        for path in sources
        if path.relative_to(root).parts[0] == "api"
        for target in of(root, path)
        if inside(target, "activities")
    ]
    assert wrong == []


def test_workflow_files_stay_inside_the_sandbox_s_world(root: Path, sources: list[Path]) -> None:
    wrong = [
        f"{path.relative_to(root)} imports {target}"
        for path in sources
        if path.relative_to(root).parts[0] == "workflows" and path.name != "payload_codec.py"
        for target in of(root, path)
        if target.split(".")[0] not in WORKFLOW_MAY
    ]
    assert wrong == []


def test_the_workflows_package_is_empty(root: Path) -> None:
    tree = ast.parse((root / "workflows" / "__init__.py").read_text())
    assert all(isinstance(node, ast.Expr) for node in tree.body), "the sandbox reloads it with every workflow"


def test_the_top_level_is_what_was_agreed(root: Path, files: list[Path]) -> None:
    allowed = {
        *(
            *FOLDERS,
            "tests",
            "worker.py",
            "docker-compose.yml",
            "pyproject.toml",
            "README.md",
            "README.vi.md",
        ),
        *("CHANGELOG.md", "LICENSE", "Makefile", "Dockerfile", "requirements.lock"),
    }
    top = {path.relative_to(root).parts[0] for path in files}
    assert {name for name in top if not name.startswith(".")} <= allowed


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_folder_explains_itself(folder: str, root: Path) -> None:
    readme = root / folder / "README.md"
    assert readme.is_file(), f"{folder}/README.md: what lives here, what may not, how to add one more"
    assert 200 < len(readme.read_text()) < 6000


def test_imports_are_seen_wherever_they_stand() -> None:
    source = "def f():\n    from .emulator import app\n    import activities.signing.development_pki as d\n"
    seen = imports(source, "activities.national.adapter")
    assert {"activities.national.emulator", "activities.signing.development_pki"} <= seen
    assert "activities.national.emulator.app" in imports(
        "from . import app", "activities.national.emulator", True
    )
