"""Makes the development keys, once: ``python -m activities.signing.development_pki --dir DIR``.

A process of its own that nothing imports. These keys prove how signing works and nothing about anybody; an
installation in earnest signs with certificates of the public-duty authority through another signer.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from activities.signing.issuing import SignerName
from activities.signing.keystore import Keystore, KeystoreError


def main(arguments: list[str] | None = None) -> int:
    """Create the folder, optionally issue named signers, say what was done. Returns the exit status."""
    options = _parser().parse_args(arguments)
    keystore = Keystore(options.dir)
    try:
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
    print(f"development keys {state}; trust list: {keystore.trust_file}")  # noqa: T201 - a command's answer
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="development_pki", description="Development keys for signing.")
    parser.add_argument("--dir", type=Path, required=True, help="folder of the keys (mode 0700)")
    parser.add_argument("--key", choices=("ec", "rsa"), default="ec", help="kind of key for --signer")
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
