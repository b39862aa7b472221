"""One development PKI process for the tests of this folder."""

from collections.abc import Callable, Iterator

import pytest

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
