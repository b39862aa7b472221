"""The bare import: every cell of every sheet read by calamine and inserted in many-row statements.

``python -m tests.bench.bare_import FILE ADDRESS`` prints seconds, lines and the most memory it had.
"""

import json
import os
import sys
import time
from itertools import islice
from pathlib import Path

import psycopg
from python_calamine import CalamineWorkbook

from tests.bench.machine import peak_bytes

BATCH = 200


def main(book: Path, address: str) -> None:
    """Read and insert; one transaction a batch."""
    begun, rows = time.perf_counter(), 0
    with psycopg.connect(address) as connection:
        connection.execute("CREATE TABLE bare_import (sheet text, number int, cells jsonb)")
        workbook = CalamineWorkbook.from_path(str(book))
        for name in workbook.sheet_names:
            numbered = enumerate(workbook.get_sheet_by_name(name).iter_rows())
            while batch := list(islice(numbered, BATCH)):
                values = [v for n, cells in batch for v in (name, n, json.dumps(cells, default=str))]
                places = ", ".join(["(%s, %s, %s)"] * len(batch))
                connection.execute(f"INSERT INTO bare_import VALUES {places}", values)
                connection.commit()
                rows += len(batch)
        connection.execute("DROP TABLE bare_import")
    print(time.perf_counter() - begun, rows, peak_bytes(os.getpid()))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
