"""The one way to the engine: the same converter, keys and addresses for worker, API and tests."""

from datetime import timedelta

from temporalio.client import Client
from temporalio.runtime import Runtime
from temporalio.service import GrpcCompression, RetryConfig, TLSConfig

from models.keys import KeyRing
from models.settings import Settings
from workflows.payload_codec import data_converter


def tls_of(settings: Settings) -> TLSConfig | bool:
    """How the connection is protected; plain where nothing of TLS is set.

    Raises:
        OSError: a file that is named cannot be read.
    """
    ca, cert, key = settings.temporal_ca_file, settings.temporal_cert_file, settings.temporal_key_file
    if ca is None and cert is None and settings.temporal_server_name is None:
        return settings.temporal_tls
    return TLSConfig(
        server_root_ca_cert=ca.read_bytes() if ca is not None else None,
        domain=settings.temporal_server_name,
        client_cert=cert.read_bytes() if cert is not None else None,
        client_private_key=key.read_bytes() if key is not None else None,
    )


async def connect(
    settings: Settings, ring: KeyRing, *, lazy: bool = False, runtime: Runtime | None = None
) -> Client:
    """A client; ``lazy`` connects at the first call, so that the API starts while the engine is down.

    ``runtime`` is one that serves metrics, where the process has one.
    """
    return await Client.connect(
        settings.temporal_address,
        namespace=settings.temporal_namespace,
        data_converter=data_converter(ring),
        lazy=lazy,
        runtime=runtime,
        tls=tls_of(settings),
        # Every payload is sealed, and what is sealed does not shrink: compressing it only costs time.
        grpc_compression=GrpcCompression.NONE,
        retry_config=RetryConfig(max_elapsed_time_millis=int(timedelta(seconds=8).total_seconds() * 1000)),
    )
