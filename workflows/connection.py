"""The one way to the engine: the same converter, keys and addresses for worker, API and tests."""

from datetime import timedelta

from temporalio.client import Client
from temporalio.service import GrpcCompression, RetryConfig

from models.keys import KeyRing
from models.settings import Settings
from workflows.payload_codec import data_converter


async def connect(settings: Settings, ring: KeyRing, *, lazy: bool = False) -> Client:
    """A client; ``lazy`` connects at the first call, so that the API starts while the engine is down."""
    return await Client.connect(
        settings.temporal_address,
        namespace=settings.temporal_namespace,
        data_converter=data_converter(ring),
        lazy=lazy,
        # Every payload is sealed, and what is sealed does not shrink: compressing it only costs time.
        grpc_compression=GrpcCompression.NONE,
        retry_config=RetryConfig(max_elapsed_time_millis=int(timedelta(seconds=8).total_seconds() * 1000)),
    )
