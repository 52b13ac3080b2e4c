"""A device that holds passkeys, in software: it signs what a test tells it to, right or wrong."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, WITH_KEY = 0x01, 0x04, 0x40


def text(data: bytes) -> str:
    """base64url, as browsers send it."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def plain(data: str) -> bytes:
    """What was written as base64url."""
    return base64.urlsafe_b64decode(data + "=" * (-len(data) % 4))


@dataclass
class Device:
    """One passkey. `counts` is what it says at its next use."""

    origin: str = "http://localhost:8000"
    rp_id: str = "localhost"
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    handle: bytes = b""
    counts: int = 1
    flags: int = PRESENT | VERIFIED

    def _said(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _seen(self, flags: int, more: bytes = b"") -> bytes:
        return (
            hashlib.sha256(self.rp_id.encode()).digest()
            + bytes([flags])
            + self.counts.to_bytes(4, "big")
            + more
        )

    def made(self, options: dict[str, Any]) -> str:
        """The answer to being asked for a passkey."""
        self.handle = plain(options["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        public = cbor2.dumps(
            {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        )
        credential = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + public
        attestation = {
            "fmt": "none",
            "attStmt": {},
            "authData": self._seen(self.flags | WITH_KEY, credential),
        }
        self.counts += 1
        return self._credential(
            attestationObject=text(cbor2.dumps(attestation)),
            clientDataJSON=text(self._said("webauthn.create", options["challenge"])),
        )

    def signed(self, options: dict[str, Any], **other: Any) -> str:
        """The answer to being asked to sign in."""
        said = self._said("webauthn.get", options["challenge"])
        seen = self._seen(self.flags)
        signature = self.key.sign(seen + hashlib.sha256(said).digest(), ec.ECDSA(hashes.SHA256()))
        self.counts += 1
        return self._credential(
            **{"authenticatorData": text(seen), "clientDataJSON": text(said), "signature": text(signature),
               "userHandle": text(self.handle), **other}
        )  # fmt: skip

    def _credential(self, **response: str) -> str:
        return json.dumps(
            {"id": text(self.id), "rawId": text(self.id), "type": "public-key", "response": response}
        )
