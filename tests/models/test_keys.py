import base64
import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import keys
from models.errors import KeyRingDamagedError, KeyRingMissingError, KeyUnknownError, SealBrokenError
from models.key_ring import _seal
from models.keys import BlindIndex, FieldCipher, KeyRing, MasterKey, Purpose, Sealed

HANOI, OTHER = UUID(int=1), UUID(int=2)
ROW = UUID(int=7)
PERSON = "000123456789"
PLACE = (HANOI, "revision", ROW, "sealed")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "keyring.json"


@pytest.fixture
def master(path: Path) -> MasterKey:
    return MasterKey.create(path.with_name("master.key"))


@pytest.fixture
def ring(path: Path, master: MasterKey) -> KeyRing:
    return keys.create_keyring(path, master)


@pytest.fixture
def cipher(ring: KeyRing) -> FieldCipher:
    return FieldCipher(ring)


# --- fields


def test_a_sealed_field_opens_where_it_was_sealed(cipher: FieldCipher) -> None:
    sealed = cipher.seal(*PLACE, "Nguyễn Văn Ân".encode())
    assert "Nguyễn".encode() not in sealed.data
    assert cipher.open(*PLACE, sealed).decode() == "Nguyễn Văn Ân"
    assert cipher.open(HANOI, "revision", str(ROW), "sealed", sealed)  # a row id is the same as its text


def test_the_same_value_is_never_sealed_alike(cipher: FieldCipher) -> None:
    assert len({cipher.seal(*PLACE, b"x").data for _ in range(50)}) == 50


@pytest.mark.parametrize(
    "place",
    [
        (OTHER, "revision", ROW, "sealed"),
        (HANOI, "draft", ROW, "sealed"),
        (HANOI, "revision", UUID(int=8), "sealed"),
        (HANOI, "revision", ROW, "other"),
        (HANOI, "revisio", f"n{ROW}", "sealed"),
    ],
    ids=["authority", "table", "row", "field", "boundary"],
)
def test_a_value_moved_elsewhere_does_not_open(
    cipher: FieldCipher, place: tuple[UUID, str, UUID, str]
) -> None:
    sealed = cipher.seal(*PLACE, b"secret")
    with pytest.raises(SealBrokenError):
        cipher.open(*place, sealed)


def test_no_altered_byte_opens(cipher: FieldCipher) -> None:
    sealed = cipher.seal(*PLACE, b"secret")
    for at in range(len(sealed.data)):
        altered = bytearray(sealed.data)
        altered[at] ^= 1
        with pytest.raises(SealBrokenError):
            cipher.open(*PLACE, Sealed(sealed.key_id, bytes(altered)))
        with pytest.raises(SealBrokenError):
            cipher.open(*PLACE, Sealed(sealed.key_id, sealed.data[:at]))


def test_an_error_names_no_content(cipher: FieldCipher) -> None:
    sealed = cipher.seal(*PLACE, b"secret")
    with pytest.raises(SealBrokenError) as broken:
        cipher.open(OTHER, "revision", ROW, "sealed", sealed)
    assert "secret" not in str(broken.value)
    assert str(ROW) not in str(broken.value)


def test_a_sealed_value_fits_one_column(cipher: FieldCipher) -> None:
    sealed = cipher.seal(*PLACE, b"secret")
    assert Sealed.unpack(sealed.pack()) == sealed


@pytest.mark.parametrize(
    "packed", [b"", b"\x01", b"\x02\x01a" + bytes(12), b"\x01\xffabc", b"\x01\x01\xff" + bytes(12)]
)
def test_what_is_not_packed_is_refused(packed: bytes) -> None:
    with pytest.raises(SealBrokenError):
        Sealed.unpack(packed)


@given(
    st.from_regex(r"[a-z0-9-]{1,255}", fullmatch=True),
    st.binary(min_size=12, max_size=99),
    st.integers(0, 11),
)
def test_every_packed_value_unpacks_and_none_that_was_cut(key_id: str, data: bytes, left: int) -> None:
    packed = Sealed(key_id, data).pack()
    assert Sealed.unpack(packed) == Sealed(key_id, data)
    with pytest.raises(SealBrokenError):
        Sealed.unpack(packed[: 2 + len(key_id) + left])


# --- rotation


def test_after_a_rotation_old_values_open_and_new_ones_use_the_new_key(
    path: Path, master: MasterKey, ring: KeyRing
) -> None:
    old = FieldCipher(ring).seal(*PLACE, b"old")
    made = keys.rotate(path, master, Purpose.FIELDS)
    cipher = FieldCipher(KeyRing(path, master))
    new = cipher.seal(*PLACE, b"new")
    assert new.key_id == made.id != old.key_id
    assert cipher.open(*PLACE, old) == b"old"
    assert cipher.open(*PLACE, new) == b"new"


def test_a_running_process_opens_what_another_sealed_after_a_rotation(
    path: Path, master: MasterKey, ring: KeyRing
) -> None:
    running = FieldCipher(ring)
    keys.rotate(path, master, Purpose.FIELDS)
    sealed = FieldCipher(KeyRing(path, master)).seal(*PLACE, b"new")
    assert running.open(*PLACE, sealed) == b"new"


def test_an_authority_may_have_a_key_of_its_own(path: Path, master: MasterKey, ring: KeyRing) -> None:
    made = keys.rotate(path, master, Purpose.FIELDS, HANOI)
    keys.rotate(path, master, Purpose.FIELDS)
    cipher = FieldCipher(KeyRing(path, master))
    assert cipher.seal(*PLACE, b"x").key_id == made.id
    assert cipher.seal(OTHER, "t", ROW, "f", b"x").key_id != made.id
    with pytest.raises(SealBrokenError):
        cipher.open(OTHER, "revision", ROW, "sealed", cipher.seal(*PLACE, b"x"))


def test_two_rotations_at_once_lose_no_key(path: Path, master: MasterKey, ring: KeyRing) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: keys.rotate(path, master, Purpose.CODEC), range(16)))
    held = {key.id for key in KeyRing(path, master).keys}
    assert {key.id for key in made} <= held
    assert len(held) == len(Purpose) + 16


def test_another_master_key_can_take_over(
    path: Path, master: MasterKey, ring: KeyRing, tmp_path: Path
) -> None:
    sealed = FieldCipher(ring).seal(*PLACE, b"kept")
    new_master = MasterKey.create(tmp_path / "new.key")
    keys.rewrap(path, master, new_master)
    assert FieldCipher(KeyRing(path, new_master)).open(*PLACE, sealed) == b"kept"
    with pytest.raises(KeyRingDamagedError):
        KeyRing(path, master)


def test_a_key_serves_one_purpose_only(ring: KeyRing) -> None:
    codec = ring.current(Purpose.CODEC)
    assert ring.find(Purpose.CODEC, codec.id) is codec
    with pytest.raises(KeyUnknownError):
        ring.find(Purpose.FIELDS, codec.id)
    made = {ring.current(purpose).derived(b"same") for purpose in Purpose}
    assert len(made) == len(Purpose)


def test_a_value_sealed_by_another_installation_is_named(cipher: FieldCipher, tmp_path: Path) -> None:
    other = tmp_path / "other"
    elsewhere = keys.create_keyring(other / "ring", MasterKey.create(other / "master"))
    sealed = FieldCipher(elsewhere).seal(*PLACE, b"x")
    with pytest.raises(KeyUnknownError, match=sealed.key_id):
        cipher.open(*PLACE, sealed)


# --- blind index


def test_the_blind_index_finds_a_number_however_it_was_typed(ring: KeyRing) -> None:
    index = BlindIndex(ring)
    expected = index.of(HANOI, PERSON)
    assert len(expected) == 32
    for typed in (
        " 000123456789\n",
        "000 123 456 789",
        "000.123.456-789",
        "０００１２３４５６７８９",
        "000\u00a0123456789",
    ):
        assert index.of(HANOI, typed) == expected
    assert index.of(HANOI, "000123456780") != expected
    assert index.of(HANOI, "ab1") == index.of(HANOI, "AB-1")


def test_the_blind_index_differs_between_authorities_and_rings(ring: KeyRing, tmp_path: Path) -> None:
    other = keys.create_keyring(tmp_path / "other", MasterKey.create(tmp_path / "other.key"))
    seen = {
        BlindIndex(ring).of(HANOI, PERSON),
        BlindIndex(ring).of(OTHER, PERSON),
        BlindIndex(other).of(HANOI, PERSON),
    }
    assert len(seen) == 3


def test_rows_are_found_while_they_are_indexed_anew(path: Path, master: MasterKey, ring: KeyRing) -> None:
    before = BlindIndex(ring).of(HANOI, PERSON)
    keys.rotate(path, master, Purpose.BLIND_INDEX)
    index = BlindIndex(KeyRing(path, master))
    assert index.of(HANOI, PERSON) != before
    assert index.candidates(HANOI, PERSON) == (index.of(HANOI, PERSON), before)


@pytest.mark.parametrize("typed", ["", "  ", "--", "\u0301"])
def test_nothing_has_no_index(ring: KeyRing, typed: str) -> None:
    with pytest.raises(ValueError, match="letters or digits"):
        BlindIndex(ring).of(HANOI, typed)


# --- files


def test_key_files_are_for_their_owner_only(path: Path, master: MasterKey, ring: KeyRing) -> None:
    for file in (path, path.with_name("master.key")):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    keys.rotate(path, master, Purpose.FIELDS)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(file.name for file in path.parent.iterdir()) == ["keyring.json", "master.key"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666])
def test_key_files_that_others_can_read_are_refused(
    path: Path, master: MasterKey, ring: KeyRing, mode: int
) -> None:
    path.chmod(mode)
    with pytest.raises(KeyRingDamagedError, match="chmod 600"):
        KeyRing(path, master)
    path.with_name("master.key").chmod(mode)
    with pytest.raises(KeyRingDamagedError, match="chmod 600"):
        MasterKey.from_file(path.with_name("master.key"))


def test_nothing_in_the_ring_file_opens_anything_alone(path: Path, ring: KeyRing) -> None:
    content = path.read_bytes()
    for key in ring.keys:
        assert key.material not in content
        assert base64.b64encode(key.material) not in content
        assert key.material.hex().encode() not in content


def test_no_key_shows_in_a_repr(ring: KeyRing, master: MasterKey) -> None:
    for thing in (ring, master, *ring.keys):
        for material in (master.material, *(key.material for key in ring.keys)):
            assert repr(material)[2:-1] not in repr(thing)


def test_an_existing_ring_or_master_key_is_never_replaced(
    path: Path, master: MasterKey, ring: KeyRing
) -> None:
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        keys.create_keyring(path, master)
    with pytest.raises(FileExistsError):
        MasterKey.create(path.with_name("master.key"))
    assert path.read_bytes() == before
    assert sorted(file.name for file in path.parent.iterdir()) == ["keyring.json", "master.key"]


def test_a_missing_ring_or_master_key_says_what_to_run(path: Path, master: MasterKey) -> None:
    with pytest.raises(KeyRingMissingError, match="hoso keys init"):
        KeyRing(path, master)
    with pytest.raises(KeyRingMissingError, match="hoso keys init"):
        keys.find_master(None, path)


def test_an_unreadable_ring_is_named(path: Path, master: MasterKey) -> None:
    path.mkdir(parents=True)
    with pytest.raises(KeyRingDamagedError, match="cannot be read"):
        KeyRing(path, master)


@pytest.mark.parametrize(
    "text",
    ["", "short", "!" * 44, base64.b64encode(bytes(31)).decode(), base64.b64encode(bytes(33)).decode()],
)
def test_a_master_key_of_another_shape_is_refused(text: str) -> None:
    with pytest.raises(KeyRingDamagedError, match="32 byte"):
        MasterKey.from_text(text)


def test_the_first_run_makes_what_is_missing_and_the_second_opens_it(path: Path) -> None:
    file = path.with_name("master.key")
    first = keys.ensure_keyring(path, None, file)
    second = keys.ensure_keyring(path, None, file)
    assert [key.id for key in first.keys] == [key.id for key in second.keys]


def test_a_ring_without_its_master_key_is_not_replaced(path: Path) -> None:
    file = path.with_name("master.key")
    keys.ensure_keyring(path, None, file)
    file.unlink()
    with pytest.raises(KeyRingMissingError):
        keys.ensure_keyring(path, None, file)
    assert not file.exists()


def test_the_environment_goes_before_the_file(path: Path) -> None:
    text = base64.b64encode(bytes(range(32))).decode()
    ring = keys.ensure_keyring(path, text, path.with_name("master.key"))
    assert not path.with_name("master.key").exists()
    assert KeyRing(path, MasterKey.from_text(text + "\n")).keys[0].id == ring.keys[0].id


def edited(content: bytes, how: str) -> bytes:
    stored = json.loads(content)
    entries = stored["keys"]
    if how == "dropped":
        entries.pop()
    elif how == "reordered":
        entries.reverse()
    elif how == "swapped":
        entries[0]["wrapped"], entries[1]["wrapped"] = entries[1]["wrapped"], entries[0]["wrapped"]
    elif how == "renamed":
        entries[0]["id"] = "fields-000000000000"
    elif how == "format":
        stored["format"] = 2
    elif how == "unsealed":
        del stored["seal"]
    elif how == "seal of another type":
        stored["seal"] = 1
    elif how == "list":
        stored = [stored]
    return json.dumps(stored).encode()


@pytest.mark.parametrize(
    "how",
    ["dropped", "reordered", "swapped", "renamed", "format", "unsealed", "seal of another type", "list"],
)
def test_a_ring_edited_by_hand_is_refused(path: Path, master: MasterKey, ring: KeyRing, how: str) -> None:
    path.write_bytes(edited(path.read_bytes(), how))
    with pytest.raises(KeyRingDamagedError, match="damaged"):
        KeyRing(path, master)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"null", b"{}", b'"text"'])
def test_a_broken_ring_file_is_refused(path: Path, master: MasterKey, ring: KeyRing, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(KeyRingDamagedError, match="damaged"):
        KeyRing(path, master)


def test_an_entry_is_bound_to_its_place_even_with_a_right_seal(
    path: Path, master: MasterKey, ring: KeyRing
) -> None:
    stored = json.loads(edited(path.read_bytes(), "swapped"))
    body = {"format": stored["format"], "keys": stored["keys"]}
    path.write_text(json.dumps({**body, "seal": _seal(body, master)}))
    with pytest.raises(KeyRingDamagedError, match="damaged"):
        KeyRing(path, master)


def test_authorities_share_no_key(ring: KeyRing) -> None:
    key = ring.current(Purpose.FIELDS)
    assert len({key.derived(uuid4().bytes) for _ in range(100)}) == 100
