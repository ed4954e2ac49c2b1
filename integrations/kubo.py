"""A Kubo node of the installation's own, by its RPC API (https://docs.ipfs.tech/reference/kubo/rpc/)."""

from __future__ import annotations

from typing import Final

from domain.errors import NotConfigured
from domain.proofs import OtherContent, Pinned
from integrations.http import PATIENCE, Line, Patience
from integrations.json_objects import read_json

ADDING: Final = {
    "cid-version": "1",
    "raw-leaves": "true",
    "hash": "sha2-256",
    "chunker": "size-262144",
    "pin": "true",
}
"""What a CID depends on, whatever the node's own settings say."""


class Kubo:
    """The port `Pins`."""

    def __init__(self, *, base_url: str | None, gateway_url: str, patience: Patience = PATIENCE) -> None:
        """Take the address of the RPC API, which is never public, and of a gateway; without the former nothing is pinned."""
        self._configured = bool(base_url)
        self._gateway = gateway_url
        self._line = Line("Kubo", base_url or "", patience=patience)

    async def pin(self, content: bytes, cid: str) -> Pinned:
        """Have a document kept; raises as the port says."""
        if not self._configured:
            raise NotConfigured("This installation has no IPFS node: set KUBO_URL or PINATA_JWT.")
        file = (f"{cid}.json", content, "application/json")
        answer = await self._line.ask("POST", "/api/v0/add", params=ADDING, file=file)
        if answer.is_client_error:
            raise self._line.refused(answer)
        require_same(read_json("Kubo", answer).text("Hash"), cid, "Kubo")
        return Pinned("Kubo", f"{self._gateway}/ipfs/{cid}")

    async def aclose(self) -> None:
        """Close the connections."""
        await self._line.aclose()


def require_same(said: str, cid: str, service: str) -> None:
    """Compare the CID that a node made with ours.

    Raises:
        OtherContent: It is another one.
    """
    if said != cid:
        raise OtherContent(f"{service} keeps something else than it was given: not {cid}")
