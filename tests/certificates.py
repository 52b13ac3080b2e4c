"""A certificate for 127.0.0.1 that is good for two days, made anew for each run, so that no key stands here.

ECDSA over P-256 by SEC 1 and FIPS 186, in the forms of RFC 5280 and RFC 5915; slow, and for tests only.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

Point = tuple[int, int]
P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
G: Point = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
EC_KEY, P256 = "2A8648CE3D0201", "2A8648CE3D030107"
ECDSA_SHA256, COMMON_NAME = "2A8648CE3D040302", "550403"
BASIC_CONSTRAINTS, OTHER_NAMES = "551D13", "551D11"


def write_certificate(folder: Path) -> tuple[Path, Path]:
    """The files of a new certificate and its key."""
    secret = 1 + secrets.randbelow(N - 1)
    public = _point(_times(secret, G))
    key = _sequence(
        _integer(1),
        _tagged(0x04, secret.to_bytes(32, "big")),
        _tagged(0xA0, _oid(P256)),
        _tagged(0xA1, _bits(public)),
    )
    certificate, key_file = folder / "certificate.pem", folder / "key.pem"
    certificate.write_text(_pem("CERTIFICATE", _certificate(secret, public)))
    key_file.write_text(_pem("EC PRIVATE KEY", key))
    return certificate, key_file


def _certificate(secret: int, public: bytes) -> bytes:
    algorithm = _sequence(_oid(ECDSA_SHA256))
    name = _sequence(_tagged(0x31, _sequence(_oid(COMMON_NAME), _tagged(0x0C, b"127.0.0.1"))))
    now = datetime.now(UTC)
    days = [_tagged(0x17, f"{now + timedelta(days=ahead):%y%m%d%H%M%SZ}".encode()) for ahead in (-1, 1)]
    names = _sequence(_tagged(0x87, bytes([127, 0, 0, 1])), _tagged(0x82, b"localhost"))
    extensions = _sequence(
        _sequence(_oid(BASIC_CONSTRAINTS), _tagged(0x04, _sequence())),
        _sequence(_oid(OTHER_NAMES), _tagged(0x04, names)),
    )
    said = _sequence(
        _tagged(0xA0, _integer(2)),
        _integer(1 + secrets.randbelow(2**63)),
        algorithm,
        name,
        _sequence(*days),
        name,
        _sequence(_sequence(_oid(EC_KEY), _oid(P256)), _bits(public)),
        _tagged(0xA3, extensions),
    )
    return _sequence(said, algorithm, _bits(_sign(secret, said)))


def _sign(secret: int, message: bytes) -> bytes:
    digest = int.from_bytes(hashlib.sha256(message).digest(), "big")
    once = 1 + secrets.randbelow(N - 1)
    r = _times(once, G)[0] % N
    s = pow(once, -1, N) * (digest + r * secret) % N
    return _sequence(_integer(r), _integer(s))


def _times(factor: int, point: Point) -> Point:
    found: Point | None = None
    while factor:
        if factor & 1:
            found = point if found is None else _plus(found, point)
        point = _plus(point, point)
        factor >>= 1
    assert found
    return found


def _plus(a: Point, b: Point) -> Point:
    if a == b:
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, P)
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P)
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def _point(point: Point) -> bytes:
    return b"\x04" + b"".join(each.to_bytes(32, "big") for each in point)


def _tagged(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def _sequence(*parts: bytes) -> bytes:
    return _tagged(0x30, b"".join(parts))


def _integer(value: int) -> bytes:
    return _tagged(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _bits(content: bytes) -> bytes:
    return _tagged(0x03, b"\x00" + content)


def _oid(digits: str) -> bytes:
    return _tagged(0x06, bytes.fromhex(digits))


def _pem(kind: str, content: bytes) -> str:
    text = base64.b64encode(content).decode()
    lines = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    return f"-----BEGIN {kind}-----\n{lines}\n-----END {kind}-----\n"
