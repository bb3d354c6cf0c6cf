"""What Prefect has to know before anything can run: block and work pool."""

from contextlib import suppress

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectAlreadyExists

from headgate.settings import load
from prefect_support.block import block_of


def register(block: str, pool: str) -> None:
    """Save the bucket of the environment as a block, and make the process work pool.

    Raises:
        SettingsError: No bucket is named.
    """
    block_of(load()).save(block, overwrite=True)
    with get_client(sync_client=True) as client, suppress(ObjectAlreadyExists):
        client.create_work_pool(WorkPoolCreate(name=pool, type="process"))
