"""`python -m activities.national.emulator --port N --data DIR` — on the loopback address, and only there.

`NATIONAL_EMULATOR_DATABASE` holds the address of its own PostgreSQL database.
"""

import argparse
from pathlib import Path

import uvicorn

from activities.national.emulator.app import create_app


def main() -> None:
    """Serve until stopped; SIGTERM and SIGINT end it cleanly, `kill -9` loses nothing answered."""
    options = argparse.ArgumentParser(prog="python -m activities.national.emulator", description=main.__doc__)
    options.add_argument("--port", type=int, required=True, help="port on 127.0.0.1")
    options.add_argument("--data", type=Path, required=True, help="folder of its memory and of partners.json")
    chosen = options.parse_args()
    # No access log: it would be the only log here that grows with use, and the page shows more.
    uvicorn.run(
        create_app(chosen.data),
        host="127.0.0.1",
        port=chosen.port,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
