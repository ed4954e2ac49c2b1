"""A real PostgreSQL and a real Valkey out of two wheels, for whoever names no addresses of their own.

`hold` is the door. One supervisor process per data directory (`supervisor.py`) runs both servers for as long as
anybody holds them; holders are told apart by their connections, so that a holder killed with -9 has let go as well.
"""

from integrations.embedded.holding import Addresses, hold, reset
from integrations.embedded.places import EmbeddedError

__all__ = ["Addresses", "EmbeddedError", "hold", "reset"]
