"""Whose signers this installation uses: chosen by settings, built once per process, keys kept loaded."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from activities.signing.errors import CannotSignError, SignerAwayError
from activities.signing.issuing import SignerName
from activities.signing.pkcs11_token import Token, TokenKey, TokenPlace
from activities.signing.signer import DevelopmentSigners, KeySigner, Signer, Signers
from models.settings import Settings


class TokenSigners:
    """Signers whose keys lie in one token, found by the account's or agency's id as the key's label."""

    def __init__(self, token: Token, *, keep: int = 2048) -> None:
        self._token = token
        self._keep = keep
        self._open: OrderedDict[str, Signer] = OrderedDict()
        self._lock = Lock()

    def signer_for(self, name: SignerName) -> Signer:
        """See ``Signers.signer_for``."""
        return self._named(name.serial)

    def seal_for(self, agency_id: str, agency: str) -> Signer:
        """See ``Signers.seal_for``."""
        return self._named(agency_id)

    def _named(self, label: str) -> Signer:
        with self._lock:
            found = self._open.get(label)
            if found is None:
                key = TokenKey(self._token, label)
                found = self._open[label] = KeySigner(key.certificate, key)
            self._open.move_to_end(label)
            while len(self._open) > self._keep:
                self._open.popitem(last=False)
            return found


class NoSigners:
    """Nobody's key is here: people sign with their own token or remote service, in a signing session."""

    def signer_for(self, name: SignerName) -> Signer:
        """Always refuses: ``external-signature-needed``."""
        raise CannotSignError("external-signature-needed", "this installation holds no key of this signer")

    def seal_for(self, agency_id: str, agency: str) -> Signer:
        """Always refuses, likewise."""
        raise CannotSignError("external-signature-needed", "this installation holds no seal of this agency")


@dataclass(frozen=True, slots=True)
class ChosenSigners:
    """Persons sign by one source, agencies' seals by another."""

    persons: Signers
    seals: Signers

    def signer_for(self, name: SignerName) -> Signer:
        """See ``Signers.signer_for``."""
        return self.persons.signer_for(name)

    def seal_for(self, agency_id: str, agency: str) -> Signer:
        """See ``Signers.seal_for``."""
        return self.seals.seal_for(agency_id, agency)


def signers_of(settings: Settings) -> Signers:
    """The signers that the settings choose.

    Raises:
        MissingSettingError: a token is chosen and not named, or nobody said who signs.
    """
    persons, seals = _chosen(settings, "person_signer"), _chosen(settings, "seal_signer")
    made = {kind: _source(kind, settings) for kind in {persons, seals}}
    return ChosenSigners(made[persons], made[seals])


def _chosen(settings: Settings, name: str) -> str:
    """Who signs; `development` by itself only in the embedded mode, where its PKI runs.

    Raises:
        MissingSettingError: nobody said, and what would be signed by itself would be worth nothing.
    """
    if getattr(settings, name) is None and settings.pki_url is not None:
        return "development"
    return settings.require(name)


def _source(kind: str, settings: Settings) -> Signers:
    if kind == "token":
        module, label = Path(settings.require("token_module")), settings.require("token_label")
        return TokenSigners(Token(TokenPlace(module, label, lambda: _pin(settings))))
    return NoSigners() if kind == "external" else DevelopmentSigners(settings.pki)


def _pin(settings: Settings) -> str:
    """The PIN from the environment, else from its file: read at each login, so that it can be changed there.

    Raises:
        SignerAwayError: ``token-locked``, there is none, or others can read its file.
    """
    if settings.token_pin is not None:
        return settings.token_pin.get_secret_value()
    path = settings.token_pin_file
    try:
        if path.stat().st_mode & 0o077:
            raise SignerAwayError("token-locked", f"{path.name} is readable by others; set its mode to 0600")
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SignerAwayError("token-locked", f"the PIN's file {path.name} cannot be read") from error
