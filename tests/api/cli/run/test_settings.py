"""Settings: precedence, secrets, the file `hoso run` writes."""

import stat
from pathlib import Path

import pytest
from pydantic import ValidationError

from models.settings import DatabaseRole, MissingSettingError, Settings, write_settings_file


def test_what_hoso_run_wrote_is_read(tmp_path: Path) -> None:
    write_settings_file(tmp_path, {"api_port": "9001", "database_api_password": 'p$w#d "x"'})
    settings = Settings(data=tmp_path)
    assert settings.api_port == 9001
    assert settings.require("database_api_password") == 'p$w#d "x"'


def test_the_environment_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_settings_file(tmp_path, {"api_port": "9001"})
    monkeypatch.setenv("HOSO_DATA", str(tmp_path))
    assert Settings().api_port == 9001
    monkeypatch.setenv("HOSO_API_PORT", "9002")
    assert Settings().api_port == 9002
    assert Settings(api_port=9003).api_port == 9003


def test_an_empty_variable_is_unset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSO_SMTP_HOST", "")
    assert Settings(data=tmp_path).smtp_host is None


@pytest.mark.parametrize("role", list(DatabaseRole))
def test_a_missing_password_names_its_variable(role: DatabaseRole, tmp_path: Path) -> None:
    with pytest.raises(MissingSettingError, match=f"HOSO_DATABASE_{role.upper()}_PASSWORD"):
        Settings(data=tmp_path).database_url(role)


def test_no_secret_has_a_default_or_shows_itself(tmp_path: Path) -> None:
    secret = [
        name for name in Settings.model_fields if name.endswith(("password", "secret_key", "master_key"))
    ]
    assert len(secret) == 8
    assert all(Settings.model_fields[name].default is None for name in secret)
    shown = repr(Settings(data=tmp_path, **dict.fromkeys(secret, "geheim")))
    assert "geheim" not in shown


def test_addresses_are_quoted(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, database_api_password="a@b/c:d", database_port=1)
    assert settings.database_url("api").startswith(
        "postgresql+psycopg://hoso_api:a%40b%2Fc%3Ad@127.0.0.1:1/hoso?"
    )


def test_paths_are_absolute_and_follow_the_data_folder(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    assert settings.key_ring == tmp_path / "keys" / "keyring.json"
    assert Settings(data="somewhere").documents.is_absolute()


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    path = write_settings_file(tmp_path, {"api_port": "9001"})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "values", [{"nonsense": "1"}, {"data": "x"}, {"smtp_from": "a\nHOSO_X=1"}, {"smtp_from": "'"}]
)
def test_what_cannot_be_written_is_refused(values: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="written"):
        write_settings_file(tmp_path, values)


@pytest.mark.parametrize("port", [0, 65536, "x"])
def test_impossible_ports_are_refused(port: object, tmp_path: Path) -> None:
    with pytest.raises(ValidationError):
        Settings(data=tmp_path, api_port=port)


def test_every_setting_says_what_it_means() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
