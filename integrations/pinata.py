"""Pinata, which keeps files in IPFS for others (https://docs.pinata.cloud/api-reference, version 3)."""

from __future__ import annotations

from typing import Final

from domain.errors import NotConfigured
from domain.proofs import Pinned
from integrations.http import PATIENCE, Line, Patience
from integrations.json_objects import read_json
from integrations.kubo import require_same

PINATA_URL: Final = "https://uploads.pinata.cloud"


class Pinata:
    """The port `Pins`."""

    def __init__(
        self, *, jwt: str | None, gateway_url: str, base_url: str = PINATA_URL, patience: Patience = PATIENCE
    ) -> None:
        """Take the token of an account and the address of a gateway; without the former nothing is pinned."""
        self._jwt = jwt
        self._gateway = gateway_url
        self._line = Line("Pinata", base_url, patience=patience)

    async def pin(self, content: bytes, cid: str) -> Pinned:
        """Have a document kept; raises as the port says."""
        if not self._jwt:
            raise NotConfigured("This installation has no account at Pinata: set PINATA_JWT.")
        name = f"{cid}.json"
        answer = await self._line.ask(
            "POST",
            "/v3/files",
            form={"network": "public", "name": name},
            file=(name, content, "application/json"),
            headers={"Authorization": f"Bearer {self._jwt}"},
        )
        if answer.is_client_error:
            raise self._line.refused(answer)
        require_same(read_json("Pinata", answer).part("data").text("cid"), cid, "Pinata")
        return Pinned("Pinata", f"{self._gateway}/ipfs/{cid}")

    async def aclose(self) -> None:
        """Close the connections."""
        await self._line.aclose()
