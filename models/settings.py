"""Settings: everything an installation may choose, read from the environment.

Order of precedence: arguments, environment variables (prefix ``HOSO_``), the file ``settings.env`` in the
data folder, defaults. ``hoso run`` writes that file (mode 0600) with the ports and passwords it chose, so
that every other ``hoso`` command started beside it speaks to the same installation. A production installation
has no such file: it sets the variables.

A secret has no default, not even an empty one; an empty variable means "not set". What is not set is asked
for where it is needed, through `Settings.require`, which names the variable to set.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import quote, urlencode

from pydantic import AnyHttpUrl, Field, SecretStr, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from models.setting_parts import PREFIX, DatabaseRole, LimitSettings, MissingSettingError, SecretFiles

DATA_FOLDER = Path(".data")
SETTINGS_FILE = "settings.env"

__all__ = ["PREFIX", "DatabaseRole", "MissingSettingError", "Settings", "write_settings_file"]

SignerKind = Literal["development", "token", "external"]
Port = Annotated[int, Field(ge=1, le=65535)]


def _within(name: str) -> Callable[[dict[str, Any]], Path]:
    return lambda values: values.get("data", DATA_FOLDER) / name


class Settings(LimitSettings):
    """One installation. Immutable; paths are made absolute, so children started elsewhere agree."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        validate_default=True,
        use_attribute_docstrings=True,
    )

    data: Path = Field(default=DATA_FOLDER)
    """Folder of the embedded servers, keys, documents and logs. Back it up; it holds personal data."""

    # --- PostgreSQL ---
    database_host: str = "127.0.0.1"
    """Host name or address of PostgreSQL 18."""
    database_port: Port = 5432
    """TCP port of PostgreSQL."""
    database_name: str = "hoso"
    """Name of the database."""
    database_sslmode: Literal["disable", "prefer", "require", "verify-ca", "verify-full"] = "prefer"
    """libpq's sslmode; `verify-full` where the network between is not your own."""
    database_ca_file: Path | None = None
    """Certificates that PostgreSQL's is checked with, for `verify-ca` and `verify-full`."""
    database_cert_file: Path | None = None
    """Our certificate, where PostgreSQL asks for one (mutual TLS)."""
    database_key_file: Path | None = None
    """Its key (mode 0600)."""
    database_api_user: str = "hoso_api"
    """Role of the API."""
    database_api_password: SecretStr | None = None
    """Password of the API's role."""
    database_worker_user: str = "hoso_worker"
    """Role of the workers."""
    database_worker_password: SecretStr | None = None
    """Password of the workers' role."""
    database_report_user: str = "hoso_report"
    """Role of reports: reads only."""
    database_report_password: SecretStr | None = None
    """Password of the reports' role."""
    database_migration_user: str = "hoso_owner"
    """Owner of the schema, used by migrations only."""
    database_migration_password: SecretStr | None = None
    """Password of the owner; only the migration job needs it."""
    database_pool: int = Field(default=10, ge=1, le=200)
    """Most connections one process keeps open."""

    # --- Temporal ---
    temporal_address: str = "127.0.0.1:7233"
    """host:port of the Temporal frontend."""
    temporal_namespace: str = "default"
    """Namespace; its retention should be 90 days."""
    temporal_tls: bool = False
    """Whether the Temporal frontend is spoken to by TLS; a CA or certificate below means it, too."""
    temporal_ca_file: Path | None = None
    """Certificates that Temporal's is checked with; unset: the system's."""
    temporal_server_name: str | None = None
    """Name in Temporal's certificate, where it is not that of `temporal_address`."""
    temporal_cert_file: Path | None = None
    """Our certificate, where Temporal asks for one (mutual TLS)."""
    temporal_key_file: Path | None = None
    """Its key (mode 0600)."""
    temporal_ui_url: AnyHttpUrl | None = None
    """Where people open the Web UI; shown in links only."""
    task_queue: str = "hoso"
    """Task queue; workflow workers poll its workflow tasks, activity workers its activity tasks."""
    workflow_tasks: int = Field(default=8, ge=2, le=64)
    """Workflow tasks one worker process runs at once; more make cold replays fight for one core."""
    workflow_cache: int = Field(default=2_000, ge=1)
    """Workflows one worker keeps in memory (about 0.16 MB each): above the number active in a day."""
    activity_tasks: int = Field(default=8, ge=1, le=200)
    """Activities one worker process runs at once."""
    batch_tasks: int = Field(default=4, ge=1, le=200)
    """Batches of month ends one worker process runs at once; more processes use more cores."""
    batch_nice: int = Field(default=10, ge=0, le=19)
    """By how much a process of batches steps back for every other (nice(2)), with the session it leads."""
    ready_file: Path | None = None
    """A file that is there while a worker asks the engine for work; none: nobody is told."""
    shutdown_seconds: float = Field(default=20.0, gt=0)
    """Seconds a stopping worker waits for what it has begun."""

    # --- API ---
    api_host: str = "127.0.0.1"
    """Address the API listens on."""
    api_port: Port = 8080
    """Port the API listens on."""
    public_url: AnyHttpUrl | None = None
    """The address people see, used in links of mails; unset: http://<api_host>:<api_port>."""
    session_hours: float = Field(default=8.0, gt=0, le=24)
    """Hours a login lasts."""
    session_idle_minutes: float = Field(default=60.0, gt=0, le=24 * 60)
    """Minutes without a request after which a session ends."""
    second_factor: Literal["required", "offered"] = "required"
    """Whether roles named by policy need a second factor; `offered` (a desk, as `hoso run`): nobody must."""
    address_attempts: int = Field(default=30, ge=5)
    """Failed logins of one network address within an hour before it has to wait."""
    breached_passwords: Path | None = None
    """Sorted file of SHA-1 hashes of breached passwords, such as Have I Been Pwned's; searched in place."""
    login_cost: Literal["people", "throwaway"] = "people"
    """What guessing a password costs; `throwaway`: next to nothing, only where the clock is the engine's."""
    attachment_bytes: int = Field(default=20 * 1024 * 1024, ge=1024)
    """Largest attachment accepted, in bytes."""
    upload_hours: float = Field(default=48.0, gt=0)
    """Hours an unfinished upload is waited for; then its bytes are forgotten."""
    import_bytes: int = Field(default=30 * 1024 * 1024, ge=1024)
    """Largest workbook accepted, in bytes as uploaded."""

    verify_bytes: int = Field(default=16 * 1024 * 1024, ge=1024)
    """Largest file that `POST /verify` judges, in bytes."""
    verify_per_minute: int = Field(default=30, ge=1)
    """Files that one account, or one address, may have judged in a minute, by each process."""
    verify_public: bool = False
    """Whether anyone may have a file judged without a login; else only accounts."""

    api_hosts: str = ""
    """Further host names people reach the API by, separated by spaces, beside that of `public_url`."""
    request_bytes: int = Field(default=4 * 1024 * 1024, ge=1024)
    """Largest body of a request that carries no file, in bytes."""
    request_seconds: float = Field(default=30.0, gt=0)
    """Seconds without a byte after which a body that does not come is no longer waited for."""
    requests_per_minute: int = Field(default=3_000, ge=1)
    """Requests that one account may send in a minute, to each API process."""
    address_requests_per_minute: int = Field(default=12_000, ge=1)
    """Requests that one network address (an agency's whole office) may send in a minute, to each process."""
    logins_per_minute: int = Field(default=120, ge=1)
    """Attempts to log in that one network address may make in a minute, to each process."""

    oidc_issuer: str | None = None
    """Issuer of the province's identity provider (OpenID Connect); unset: people log in by password."""
    oidc_name: str = "Tài khoản định danh"
    """What people know the provider by."""
    oidc_client_id: str | None = None
    """The name this installation is registered under at the provider."""
    oidc_client_secret: SecretStr | None = None
    """Its secret there; unset: a public client, with PKCE alone."""

    codec_open: bool = False
    """Whether the local Web UI may decode payloads without a login; for a desk only, set by `hoso run`."""

    # --- National database ---
    national_url: AnyHttpUrl | None = None
    """Base address of the national database's gateway, or of the emulator."""
    national_token_path: str = "/token"  # noqa: S105 — a path
    """Path that issues the token, below `national_url`."""
    national_ca_file: Path | None = None
    """Certificates the gateway's TLS certificate is checked with; unset: the system's."""
    national_access_key: str | None = None
    """AccessKey issued by the gateway."""
    national_secret_key: SecretStr | None = None
    """SecretKey issued by the gateway; may be revoked overnight."""
    national_app_name: str | None = None
    """AppName registered with the gateway."""
    national_partner_code: str | None = None
    """PartnerCode issued by the gateway."""
    national_partner_code_cus: str | None = None
    """PartnerCodeCus issued by the gateway."""
    national_key_file: Path | None = None
    """JSON file (mode 0600) with the values above as access_key, secret_key …, in their place. It is read
    again for every token: a new pair is registered by replacing it, while everything runs."""
    national_seal_key_file: Path | None = None
    """File (PEM, mode 0600) with the private key that seals packets; its public key is handed in there."""
    national_sender_code: str = "H26"
    """SENDER_CODE of packets: the managing authority's code at the gateway."""
    national_receiver_code: str = "G09"
    """RECEIVER_CODE of packets: the national database's code at the gateway."""
    national_mapping: Path | None = None
    """Mapping from our form to the packet, or a folder of dated ones; unset: the stand-in that ships."""
    national_packet_items: int = Field(default=200, ge=1, le=500)
    """Most items of one packet."""
    national_timeout_seconds: float = Field(default=30.0, gt=0)
    """Seconds to wait for an answer of the gateway."""
    national_calls_per_second: float | None = Field(default=None, ge=0.1, le=1000)
    """Most calls of one process to the gateway in a second (several share what it takes); unset: no limit."""

    # --- Mail ---
    smtp_host: str | None = None
    """SMTP server; unset: mails are written as .eml files into the data folder's outbox."""
    smtp_port: Port = 587
    """Port of the SMTP server."""
    smtp_user: str | None = None
    """User at the SMTP server; unset: no login."""
    smtp_password: SecretStr | None = None
    """Password at the SMTP server."""
    smtp_security: Literal["none", "starttls", "tls"] = "starttls"
    """How the connection is protected."""
    smtp_from: str = "hoso@localhost"
    """Sender of every mail."""

    # --- Keys, signatures, documents ---
    key_ring: Path = Field(default_factory=_within("keys/keyring.json"))
    """Key ring file; unset: <data>/keys/keyring.json."""
    master_key: SecretStr | None = None
    """Master key that unwraps the ring, base64; or give `master_key_file`."""
    master_key_file: Path = Field(default_factory=_within("keys/master.key"))
    """File (mode 0600) with the master key; unset: <data>/keys/master.key."""
    pki: Path = Field(default_factory=_within("pki"))
    """Folder of certificates and keys that sign; unset: <data>/pki."""
    person_signer: SignerKind | None = None
    """Whose key makes a person's signature: `development` keys (unset, and only where their PKI runs), a
    `token` with a key per account, or the person's own in a signing session (`external`)."""
    seal_signer: SignerKind | None = None
    """Whose key makes an agency's seal, likewise; a `token` holds a key labelled with the agency's id."""
    token_module: Path | None = None
    """PKCS#11 module (a shared library) of the token or hardware security module."""
    token_label: str | None = None
    """Label of the token in that module."""
    token_pin: SecretStr | None = None
    """User PIN of the token; or give `token_pin_file`."""
    token_pin_file: Path = Field(default_factory=_within("keys/token.pin"))
    """File (mode 0600) with the token's PIN; unset: <data>/keys/token.pin."""
    pki_url: AnyHttpUrl | None = None
    """Base address of the development PKI; unset: none runs, the addresses below name the true services."""
    signature_level: Literal["B-B", "B-T", "B-LT", "B-LTA"] = "B-B"
    """PAdES level of every signature: alone, timestamped, with revocation data, with an archive timestamp."""
    signature_levels: dict[str, Literal["B-B", "B-T", "B-LT", "B-LTA"]] = Field(default_factory=dict)
    """Levels of single authorities by code, as JSON: {"hanoi": "B-LTA"}; others have `signature_level`."""
    revocation: Literal["required", "off"] = "required"
    """Whether a certificate must be known not revoked before it signs; `off`: a desk without services."""
    renew_before_days: int = Field(default=90, ge=1)
    """Days before its end at which an archive timestamp (B-LTA) is renewed."""
    tsa_url: AnyHttpUrl | None = None
    """Timestamp authority (RFC 3161); unset: the development PKI's."""
    ocsp_url: AnyHttpUrl | None = None
    """OCSP responder (RFC 6960); unset: the one each certificate names."""
    crl_urls: str = ""
    """Revocation lists asked where OCSP gives no answer, separated by spaces; unset: those named."""
    trust_list: Path | None = None
    """Authorities whose certificates are accepted (JSON or PEM); unset: trust.json in `pki`."""
    status_timeout_seconds: float = Field(default=10.0, gt=0)
    """Seconds to wait for an answer of the timestamp authority, the OCSP responder or a list."""
    documents: Path = Field(default_factory=_within("documents"))
    """Folder of documents, addressed by content; unset: <data>/documents."""
    backups: Path = Field(default_factory=_within("backups"))
    """Folder of backups, on a device of its own; unset: <data>/backups, which is lost with the data."""
    monthly_backups: bool = True
    """Whether the month's backup is taken by itself; `false` only where another tool does it."""
    second_place: str | None = None
    """Where sealed heads of the history are exported to: `file:///…` of another machine, or `s3://bucket/prefix`
    with the usual AWS variables; unset: <data>/second-place, which whoever owns this machine owns, too."""

    # --- Running ---
    clock: Literal["system", "engine"] = "system"
    """Where "now" of reads and sessions comes from; `engine` follows the test server's virtual clock."""
    log_format: Literal["console", "json"] = "console"
    """How log lines look."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Least severity written."""
    metrics_address: str | None = None
    """host:port where a worker serves Prometheus metrics (Temporal's, and `hoso_stuck`); unset: not served.
    They name kinds, queues and codes of authorities; let only the monitoring reach them all the same."""

    @model_validator(mode="after")
    def _passwords_of_people_are_dear(self) -> Self:
        """The engine's clock is the time-skipping test server's: no installation for people has one."""
        if self.login_cost != "people" and self.clock != "engine":
            raise ValueError("login_cost: 'throwaway' needs clock = 'engine'")
        return self

    @model_validator(mode="after")
    def _certificates_have_their_keys(self) -> Self:
        for side in ("database", "temporal"):
            given = [getattr(self, f"{side}_{part}_file") is not None for part in ("cert", "key")]
            if any(given) and not all(given):
                raise ValueError(f"{side}_cert_file and {side}_key_file belong together")
        if self.database_sslmode.startswith("verify") and self.database_ca_file is None:
            raise ValueError(f"database_sslmode: {self.database_sslmode!r} needs database_ca_file")
        return self

    @field_validator("*", mode="after")
    @classmethod
    def _absolute(cls, value: object) -> object:
        return value.absolute() if isinstance(value, Path) else value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, environment (a secret also from a file it names), the file in the data folder."""
        given = init_settings().get("data") or os.environ.get(PREFIX + "DATA") or DATA_FOLDER
        written = DotEnvSettingsSource(settings_cls, env_file=Path(given) / SETTINGS_FILE)
        return init_settings, env_settings, SecretFiles(settings_cls), written

    def require(self, name: str) -> str:
        """The value of an optional setting as text.

        Raises:
            MissingSettingError: it is not set.
        """
        value = getattr(self, name)
        if value is None:
            meaning = type(self).model_fields[name].description or name
            raise MissingSettingError(PREFIX + name.upper(), meaning)
        return value.get_secret_value() if isinstance(value, SecretStr) else str(value)

    def database_url(self, role: DatabaseRole | str) -> str:
        """SQLAlchemy address (psycopg 3) for one role; it holds the password, so it is never logged."""
        return "postgresql+psycopg" + self.libpq_url(role).removeprefix("postgresql")

    def libpq_url(self, role: DatabaseRole | str) -> str:
        """The same address for psycopg and PostgreSQL's own programs.

        Raises:
            MissingSettingError: the role's password is not set.
        """
        role = DatabaseRole(role)
        user = self.require(f"database_{role}_user")
        password = self.require(f"database_{role}_password")
        place = f"{self.database_host}:{self.database_port}/{quote(self.database_name, safe='')}"
        login = f"{quote(user, safe='')}:{quote(password, safe='')}"
        files = {
            "sslrootcert": self.database_ca_file,
            "sslcert": self.database_cert_file,
            "sslkey": self.database_key_file,
        }
        given = {name: str(path) for name, path in files.items() if path is not None}
        return f"postgresql://{login}@{place}?{urlencode({'sslmode': self.database_sslmode, **given})}"

    @property
    def public_address(self) -> str:
        """The address people see, without a slash at its end."""
        return str(self.public_url or f"http://{self.api_host}:{self.api_port}").rstrip("/")

    @property
    def second_place_address(self) -> str:
        """Where sealed heads go; see `second_place`."""
        return self.second_place or (self.data / "second-place").as_uri()

    @property
    def outbox(self) -> Path:
        """Folder of mails when no SMTP server is set."""
        return self.data / "outbox"


def write_settings_file(folder: Path, values: Mapping[str, str]) -> Path:
    """Write ``settings.env`` of a data folder, readable by its owner only; `values` maps fields to text.

    Raises:
        ValueError: a name is no setting, or a value holds a line break or quote.
    """
    lines = []
    for name, value in sorted(values.items()):
        if name not in Settings.model_fields or name == "data":
            raise ValueError(f"{name} is no setting that may be written")
        if any(character in value for character in "\n\r'"):
            raise ValueError(f"{name}: line breaks and quotes cannot be written")
        lines.append(f"{PREFIX}{name.upper()}='{value}'\n")
    path = folder / SETTINGS_FILE
    staged = path.with_suffix(".new")
    staged.touch(mode=0o600)
    staged.chmod(0o600)
    staged.write_text("".join(lines), encoding="utf-8")
    staged.replace(path)
    return path
