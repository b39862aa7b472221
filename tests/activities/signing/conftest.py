"""One development PKI process for the tests of this folder."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from activities.signing.assurance import Level
from activities.signing.notary import Notary
from activities.signing.status import StatusDesk
from activities.signing.timestamping import TimestampDesk
from tests.models.evidence import samples
from tests.pki import DevelopmentPki, running


@pytest.fixture(scope="session")
def pki_process(
    tmp_path_factory: pytest.TempPathFactory, free_port: Callable[[], int]
) -> Iterator[DevelopmentPki]:
    with running(tmp_path_factory.mktemp("services") / "pki", free_port) as one:
        yield one


@pytest.fixture
def services(pki_process: DevelopmentPki) -> Iterator[DevelopmentPki]:
    """The shared process with every switch off; what an earlier test revoked stays revoked."""
    pki_process.mend()
    yield pki_process
    pki_process.mend()


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=2, trust_env=False) as client:
        yield client


@pytest.fixture
def status(services: DevelopmentPki, http: httpx.Client) -> StatusDesk:
    """A desk that remembers nothing of other tests."""
    services.clock(samples.FIRST_AT)
    return StatusDesk(services.trust, http)


@pytest.fixture
def timestamps(services: DevelopmentPki, http: httpx.Client) -> TimestampDesk:
    services.clock(samples.FIRST_AT)
    return TimestampDesk(f"{services.url}/tsa", services.trust, http)


@pytest.fixture
def notary(services: DevelopmentPki, status: StatusDesk, timestamps: TimestampDesk) -> Notary:
    return Notary(services.trust, Level.B_LT, status, timestamps)
