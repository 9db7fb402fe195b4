"""Frames as JSON, with the neutral field names of ``tests/vectors``: for ``jiaoan frames decode``
and for everybody who wants to look at what came.

Nothing here raises for octets: what cannot be read becomes ``{"error": …}`` with all that could be
read before.
"""

from __future__ import annotations

from jiaoan.wire.jt809.cipher import Cipher
from jiaoan.wire.jt809.errors import BodyError
from jiaoan.wire.jt809.framing import BadFrame, Fault, Frame, Profile, judge, unescape
from jiaoan.wire.jt809.header import Edition, Header
from jiaoan.wire.jt809.messages import (
    Envelope,
    EnvelopeError,
    Raw,
    open_envelope,
    read_content,
)
from jiaoan.wire.jt809.table import Json, shown_time
from jiaoan.wire.jt809.tolerance import ALL, NONE, Tolerance


def looks_like_809(octets: bytes) -> bool:
    """Whether the octets stand between the flags of 809."""
    return len(octets) > 1 and octets[0] == 0x5B and octets[-1] == 0x5D


def describe_frame(
    octets: bytes,
    *,
    edition: Edition | None = None,
    ia1: int = 0,
    ic1: int = 0,
    m1: int = 0,
    strict: bool = False,
) -> dict[str, Json]:
    """One frame with its flags as a JSON object.

    ``edition`` ``None`` guesses it from the header. Without constants an encrypted body stays as
    octets (``error`` ``no_cipher``).
    """
    if not looks_like_809(octets):
        return {"error": "unterminated_or_bad_flag"}
    cipher = Cipher(ia1, ic1, m1) if ia1 or ic1 or m1 else None
    profile = Profile(edition, cipher, NONE if strict else ALL)
    found = judge(octets[1:-1], profile)
    if isinstance(found, BadFrame):
        return _bad(found, octets)
    return _good(found, edition or _guess(found), octets, profile)


def describe_content(sub_type: int, data: bytes, edition: Edition) -> dict[str, Json]:
    """The data of one sub id, without frame and envelope."""
    try:
        content, _ = read_content(sub_type, data, edition)
    except BodyError as wrong:
        return {"error": str(wrong.fault), "field": wrong.field, "reason": wrong.reason}
    return {"payload_hex": data.hex()} if isinstance(content, Raw) else content.show()


def _guess(frame: Frame) -> Edition:
    """The edition by the header; a body of 2019 behind a header of 2011 is told by its tables."""
    return Edition.V2019 if frame.header.timed else Edition.V2011


def _bad(bad: BadFrame, octets: bytes) -> dict[str, Json]:
    shown: dict[str, Json] = {"error": str(bad.fault), "frame_length": len(octets)}
    if bad.fault is Fault.NO_CIPHER and bad.header is not None:
        body = unescape(bad.raw)[0][bad.header.octets : -2]
        return shown | _header(bad.header) | {"checksum_ok": True, "body_hex": body.hex()}
    if bad.fault is Fault.LENGTH_MISMATCH and bad.header is not None:
        return shown | {"declared_length": bad.header.length}
    return shown


def _good(frame: Frame, edition: Edition, octets: bytes, profile: Profile) -> dict[str, Json]:
    shown: dict[str, Json] = {
        "checksum_ok": True,
        "frame_length": _whole(frame),
        **_header(frame.header),
    }
    if frame.header.encrypted:
        shown["decrypted_body_hex"] = frame.body.hex()
    tolerated = list(frame.tolerated)
    message_id = frame.header.message_id
    try:
        envelope = open_envelope(message_id, frame.body, edition, profile.allowed)
        tolerated += envelope.tolerated
        shown |= _envelope(envelope)
        key = message_id if envelope.sub_type is None else envelope.sub_type
        content, bent = read_content(key, envelope.data, edition, profile.allowed)
        tolerated += bent
        shown |= {"body_hex": frame.body.hex()} if isinstance(content, Raw) else content.show()
    except EnvelopeError as wrong:
        shown |= {"sub_type": f"0x{wrong.sub_type:04x}", "sub_data_length": wrong.length}
        shown |= _refusal(wrong, frame)
    except BodyError as wrong:
        shown |= _refusal(wrong, frame)
    if tolerated:
        shown["tolerated"] = [str(rule) for rule in dict.fromkeys(tolerated)]
    return shown


def _whole(frame: Frame) -> int:
    """Octets of the frame with flags, escapes undone."""
    if Tolerance.UNESCAPED in frame.tolerated:
        return len(frame.raw) + 2
    return len(unescape(frame.raw)[0]) + 2


def _refusal(wrong: BodyError, frame: Frame) -> dict[str, Json]:
    return {
        "error": str(wrong.fault),
        "field": wrong.field,
        "reason": wrong.reason,
        "body_hex": frame.body.hex(),
    }


def _header(header: Header) -> dict[str, Json]:
    shown: dict[str, Json] = {
        "declared_length": header.length,
        "serial": header.serial,
        "message_id": f"0x{header.message_id:04x}",
        "access_code": header.access_code,
        "protocol_version": ".".join(map(str, header.version)),
        "encrypted": header.encrypted,
        "encrypt_key": header.key,
    }
    if header.timed:
        shown["time"] = shown_time(header.time)
    return shown


def _envelope(envelope: Envelope) -> dict[str, Json]:
    if envelope.sub_type is None:
        return {}
    shown: dict[str, Json] = {}
    if envelope.plate is not None:
        shown |= {"plate": envelope.plate, "plate_color": envelope.plate_color}
    shown["sub_type"] = f"0x{envelope.sub_type:04x}"
    if envelope.source is not None:
        shown |= envelope.source.show()
    return shown | {"data_length": envelope.length, "payload_hex": envelope.data.hex()}
