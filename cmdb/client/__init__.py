"""The typed client of the API: `Client` is `Operations` through a server, `AsyncClient` awaits."""

from cmdb.client.async_client import AsyncClient
from cmdb.client.client import Client
from cmdb.client.trying import Retries

__all__ = ["AsyncClient", "Client", "Retries"]
