"""Makes the development keys and, with a port, serves them on the loopback address.

``python -m activities.signing.development_pki --dir DIR`` makes what is missing and ends;
``… --dir DIR --port N`` then answers OCSP, CRLs and timestamps until it is stopped.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from activities.signing.issuing import SignerName
from activities.signing.keystore import Keystore, KeystoreError


def main(arguments: list[str] | None = None) -> int:
    """Create the folder, issue named signers, say what was done, serve. Returns the exit status."""
    options = _parser().parse_args(arguments)
    keystore = Keystore(options.dir)
    try:
        if options.port:
            keystore.announce(f"http://127.0.0.1:{options.port}")
        created = keystore.create()
        for line in options.signer:
            parts = [part.strip() for part in line.split("|")]
            if len(parts) != 4:
                print("--signer needs 'account id|name|post|agency'", file=sys.stderr)  # noqa: T201 - a command's answer
                return 2
            serial, common_name, post, organisation = parts
            keystore.signer(SignerName(common_name, organisation, post, serial), options.key)
    except (KeystoreError, OSError) as error:
        print(f"development keys: {error}", file=sys.stderr)  # noqa: T201 - a command's answer
        return 1
    state = "made" if created else "already there"
    print(f"development keys {state}; trust list: {keystore.trust_file}", flush=True)  # noqa: T201 - a command's answer
    if options.port:
        _serve(options.dir, options.port, options.engine)
    return 0


def _serve(folder: Path, port: int, engine: str | None) -> None:
    """Serve until stopped; SIGTERM and SIGINT end it cleanly, `kill -9` loses nothing answered."""
    import uvicorn

    from activities.signing.development_pki.app import create_app

    uvicorn.run(
        create_app(folder, engine),
        host="127.0.0.1",
        port=port,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=1,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="development_pki", description="Development keys for signing.")
    parser.add_argument("--dir", type=Path, required=True, help="folder of the keys (mode 0700)")
    parser.add_argument("--key", choices=("ec", "rsa"), default="ec", help="kind of key for --signer")
    parser.add_argument("--port", type=int, help="serve OCSP, CRL and TSA on this port of 127.0.0.1")
    parser.add_argument(
        "--engine", metavar="HOST:PORT", help="take the time from this Temporal test server (virtual time)"
    )
    parser.add_argument(
        "--signer",
        action="append",
        default=[],
        metavar="'ID|NAME|POST|AGENCY'",
        help="issue at once (repeatable)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
