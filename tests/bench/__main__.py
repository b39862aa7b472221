"""``python -m tests.bench``: the budgets of the design beside the bare cost, measured on real servers."""

import argparse
import asyncio
import importlib
import sys
import time

from tests.bench.machine import description
from tests.bench.report import Figure, as_json, lines

BENCHES = {
    "command": "tests.bench.command_path",
    "month-end": "tests.bench.month_end",
    "list": "tests.bench.one_list",
    "city": "tests.bench.city",
    "curve": "tests.bench.city_curve",
    "sleeping": "tests.bench.sleeping",
    "import": "tests.bench.importing",
    "night": "tests.bench.night",
    "deadlines": "tests.bench.reckoning",
    "agreement": "tests.bench.agreement",
    "corpus": "tests.bench.corpus",
    "signing": "tests.bench.signing",
    "reorganisation": "tests.bench.reorganising",
    "simulation": "tests.bench.simulating",
    "history": "tests.bench.history",
    "reads": "tests.bench.reads",
    "schemathesis": "tests.bench.describing",
    "faults": "tests.bench.faults",
    "together": "tests.bench.together",
    "starting": "tests.bench.starting",
}


def main() -> int:
    """Measure what is asked for; 0 unless a bench could not run at all. A missed budget is a figure."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", choices=BENCHES, action="append", help="this bench only; may be repeated")
    parser.add_argument("--json", action="store_true", help="figures for machines on standard output")
    parser.add_argument("--quick", action="store_true", help="small sizes: to see that it runs, not to quote")
    chosen = parser.parse_args()
    machine = description()
    figures: list[Figure] = []
    failed = 0
    _say(machine)
    for name in chosen.only or BENCHES:
        begun = time.monotonic()
        try:
            found = asyncio.run(importlib.import_module(BENCHES[name]).run(_say, quick=chosen.quick))
        except Exception as error:  # one bench that cannot run must not hide the others' figures
            failed += 1
            _say(f"{name}: could not be measured: {type(error).__name__}: {error}")
            continue
        figures += found
        _say(f"{name} ({time.monotonic() - begun:.0f} s)")
        for figure in found:
            for line in lines(figure):
                _say(f"  {line}")
    if chosen.json:
        print(as_json(machine, figures))
    return 1 if failed else 0


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
