"""A master key that a token unwraps: SoftHSM2, by AES key wrap and by RSA-OAEP."""

import json
from pathlib import Path

import pkcs11
import pytest
from pkcs11 import KeyType

from models.errors import KeyRingDamagedError, KeyRingMissingError
from models.key_changes import MasterPlace, change_master, ensure_keyring
from models.key_files import write_private
from models.key_opening import open_ring
from models.key_ring import MasterKey, Purpose
from models.key_token import TokenPlace, is_wrapped, unwrap_master, wrap_master
from models.keys import FieldCipher
from models.settings import Settings
from tests.activities.signing.hardware import LABEL, PIN, Hardware, plugged_in


@pytest.fixture(scope="module")
def hardware(tmp_path_factory: pytest.TempPathFactory):
    """One token with a secret key and a key pair, neither of which ever leaves it."""
    with pytest.MonkeyPatch.context() as environment:
        made = plugged_in(tmp_path_factory.mktemp("token"), environment)
        library = pkcs11.lib(str(made.module))
        library.reinitialize()
        with library.get_token(token_label=LABEL).open(user_pin=PIN, rw=True) as session:
            session.generate_key(KeyType.AES, 256, label="wrapping", store=True)
            session.generate_keypair(KeyType.RSA, 2048, label="pair", store=True)
            session.generate_key(KeyType.AES, 256, label="another", store=True)
        yield made


@pytest.fixture
def token(hardware: Hardware) -> TokenPlace:
    return TokenPlace(hardware.module, LABEL, lambda: PIN)


@pytest.mark.parametrize("label", ["wrapping", "pair"])
def test_what_the_token_wrapped_it_unwraps(token: TokenPlace, label: str) -> None:
    master = MasterKey.make()
    kept = wrap_master(master, token, label)
    assert is_wrapped(kept)
    assert not is_wrapped(master.text)
    assert master.text not in kept
    assert unwrap_master(kept, token) == master
    assert wrap_master(MasterKey.make(), token, label) != kept


@pytest.mark.parametrize("label", ["wrapping", "pair"])
def test_what_was_altered_does_not_open(token: TokenPlace, label: str) -> None:
    kept = json.loads(wrap_master(MasterKey.make(), token, label))
    for change in ({"wrapped": "AAAA" + kept["wrapped"][4:]}, {"wrapped": "!"}, {"wrapped": ""}):
        with pytest.raises(KeyRingDamagedError):
            unwrap_master(json.dumps({**kept, **change}), token)
    with pytest.raises(KeyRingDamagedError):
        unwrap_master("{}", token)


def test_another_key_of_the_token_does_not_open_it(token: TokenPlace) -> None:
    kept = json.loads(wrap_master(MasterKey.make(), token, "wrapping"))
    with pytest.raises(KeyRingDamagedError):
        unwrap_master(json.dumps({**kept, "key": "another"}), token)
    with pytest.raises(KeyRingMissingError, match="none"):
        unwrap_master(json.dumps({**kept, "key": "none"}), token)


def test_what_cannot_be_reached_is_named(token: TokenPlace) -> None:
    kept = wrap_master(MasterKey.make(), token, "wrapping")
    with pytest.raises(KeyRingMissingError, match="token_module"):
        unwrap_master(kept, None)
    for away in (
        TokenPlace(token.module, "no such token", token.pin),
        TokenPlace(Path("/none.so"), LABEL, token.pin),
        TokenPlace(token.module, LABEL, lambda: "00000"),
    ):
        with pytest.raises(KeyRingMissingError):
            unwrap_master(kept, away)
    with pytest.raises(KeyRingMissingError, match="nothing"):
        wrap_master(MasterKey.make(), token, "nothing")


def test_a_ring_moves_into_the_token_and_on(token: TokenPlace, hardware: Hardware, tmp_path: Path) -> None:
    """From a key in a file to one wrapped by the token, then to another; a running process follows."""
    path, file = tmp_path / "keys" / "keyring.json", tmp_path / "keys" / "master.key"
    running = ensure_keyring(path, None, file, token)
    place = MasterPlace(None, file, token)
    former = file.read_bytes()
    change_master(path, place, lambda made: wrap_master(made, token, "wrapping"), file.with_name("former"))
    assert is_wrapped(file.read_text())
    assert file.with_name("former").read_bytes() == former
    change_master(path, place, lambda made: wrap_master(made, token, "pair"))
    running._read()
    settings = Settings(
        data=tmp_path,
        token_module=hardware.module,
        token_label=LABEL,
        token_pin=PIN,  # type: ignore[arg-type] # as from the environment
    )
    opened = open_ring(settings)
    assert [key.id for key in opened.keys] == [key.id for key in running.keys]
    write_private(settings.token_pin_file, PIN.encode(), replace=False)
    with_file = Settings(data=tmp_path, token_module=hardware.module, token_label=LABEL)
    assert FieldCipher(open_ring(with_file)) is not None
    with pytest.raises(KeyRingMissingError):
        open_ring(Settings(data=tmp_path))


@pytest.mark.parametrize("stage", ["written beside", "ring wrapped"])
def test_a_crash_while_the_master_key_changes_leaves_a_ring_that_opens(tmp_path: Path, stage: str) -> None:
    path, file = tmp_path / "keyring.json", tmp_path / "master.key"
    before = ensure_keyring(path, None, file)
    place = MasterPlace(None, file)
    old_ring, old_master = path.read_bytes(), file.read_bytes()
    change_master(path, place, lambda made: made.text)
    new_ring, new_master = path.read_bytes(), file.read_bytes()
    file.write_bytes(old_master)
    write_private(place.following, new_master, replace=False)
    path.write_bytes(old_ring if stage == "written beside" else new_ring)
    again = ensure_keyring(path, None, file)
    assert [key.id for key in again.keys] == [key.id for key in before.keys]
    change_master(path, place, lambda made: made.text)  # the next change tidies up
    assert not place.following.exists()
    last = ensure_keyring(path, None, file)
    assert last.current(Purpose.FIELDS).material == before.current(Purpose.FIELDS).material
