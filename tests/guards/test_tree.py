"""What may not stand anywhere in the project: long files, hosts and paths of a desk, secrets, real numbers,
swallowed errors, silenced checks without a reason."""

import ast
import re
from pathlib import Path

import pytest

LONGEST_FILE = 400
# Written in two halves, so that this file does not find itself.
HOSTS = ["py" + "pi.org", "python" + "hosted.org", "npm" + "js.org", "golang" + ".org/", "crates" + ".io/api"]
MACHINE = re.compile(r"(?<![\w./<>-])/(?:work|farm|root|home|Users)/[\w.]")
SECRETS = re.compile(
    r"-----BEGIN (?:\w+ )*PRIVATE"
    + r" KEY-----\s+[A-Za-z0-9+/]{40}|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b"
)
TWELVE_DIGITS = re.compile(r"(?<![\w.,+:/-])[0-9]{12}(?![\w.])")
IGNORED = re.compile(r"#\s*type:\s*ignore(?P<codes>\[[\w, -]+\])?(?P<rest>.*)")
REASON = re.compile(r"\s*(?:#|—|-|–)\s*\S+")


def text_of(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def swallowed(source: str) -> list[int]:
    """Lines where every error is caught and nothing is done."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ExceptHandler) and _everything(node.type) and all(map(_nothing, node.body)):
            found.append(node.lineno)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
            found += [node.lineno for one in node.args if _everything(one)]
    return found


def _everything(kind: ast.expr | None) -> bool:
    if isinstance(kind, ast.Tuple):
        return any(map(_everything, kind.elts))
    return kind is None or (isinstance(kind, ast.Name) and kind.id in {"Exception", "BaseException"})


def _nothing(statement: ast.stmt) -> bool:
    constant = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return isinstance(statement, ast.Pass | ast.Continue) or constant


def unexplained(source: str) -> list[int]:
    """Lines that silence the type checker without a code and a reason."""
    found = []
    for number, line in enumerate(source.splitlines(), 1):
        match = IGNORED.search(line)
        if match and not (match["codes"] and REASON.match(match["rest"])):
            found.append(number)
    return found


def test_files_stay_small(root: Path, sources: list[Path]) -> None:
    lengths = {path.relative_to(root).as_posix(): len(path.read_text().splitlines()) for path in sources}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_nothing_of_a_desk_stands_in_the_tree(root: Path, files: list[Path]) -> None:
    wrong = []
    for path in files:
        for number, line in enumerate((text_of(path) or "").splitlines(), 1):
            host = next((host for host in HOSTS if host in line), None)
            if host or MACHINE.search(line):
                wrong.append(f"{path.relative_to(root)}:{number}: {host or 'a path of one machine'}")
    assert wrong == []


def test_no_secret_stands_in_the_tree(root: Path, files: list[Path]) -> None:
    wrong = [path.relative_to(root) for path in files if SECRETS.search(text_of(path) or "")]
    assert wrong == []


def test_no_personal_number_could_exist(root: Path, files: list[Path]) -> None:
    """Numbers of people begin with the code of a province; none is 000 (NĐ 137/2015, art. 13)."""
    wrong = []
    for path in files:
        if path.suffix in {".py", ".yaml", ".yml", ".json", ".csv", ".md", ".sql"}:
            numbers = TWELVE_DIGITS.findall(text_of(path) or "")
            wrong += [
                f"{path.relative_to(root)}: {number}" for number in numbers if not number.startswith("000")
            ]
    assert wrong == []


def test_no_error_is_swallowed(root: Path, sources: list[Path]) -> None:
    found = {path.relative_to(root).as_posix(): swallowed(path.read_text()) for path in sources}
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_no_check_is_silenced_without_a_reason(root: Path, sources: list[Path]) -> None:
    mine = Path(__file__)
    found = {
        path.relative_to(root).as_posix(): unexplained(path.read_text()) for path in sources if path != mine
    }
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "source",
    [
        "try:\n    f()\nexcept Exception:\n    pass",
        "try:\n    f()\nexcept:\n    ...",
        "for x in y:\n    try:\n        f()\n    except (ValueError, Exception):\n        continue",
        "with suppress(Exception):\n    f()",
    ],
)
def test_swallowing_is_caught(source: str) -> None:
    assert swallowed(source)


def test_a_handled_error_is_not() -> None:
    assert swallowed("try:\n    f()\nexcept Exception as error:\n    log(error)") == []
    assert swallowed("try:\n    f()\nexcept KeyError:\n    pass") == []


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("x = 1  # type: ignore", True),
        ("x = 1  # type: ignore[attr-defined]", True),
        ("x = 1  # type: ignore[attr-defined]  # the stubs lack it", False),
        ("x = 1  # type: ignore[a, b] — the stubs lack it", False),
    ],
)
def test_reasons_are_asked_for(line: str, wrong: bool) -> None:
    assert bool(unexplained(line)) is wrong


def test_the_patterns_match_what_they_are_for() -> None:
    assert MACHINE.search('open("/wo' + 'rk/main/x")')
    assert not MACHINE.search("models/workflows /workflows/x")
    assert SECRETS.search("-----BEGIN EC PRIVATE" + " KEY-----\n" + "MHcCAQEE" * 8)
    assert TWELVE_DIGITS.findall("số 0010990123" + "45, 0.123456789012") == ["0010990123" + "45"]
