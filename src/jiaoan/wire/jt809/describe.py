"""Frames as JSON, with the neutral field names of ``tests/vectors``: for ``jiaoan frames decode``
and for everybody who wants to look at what came.

Nothing here raises for octets: what cannot be read becomes ``{"error": …}`` with all that could be
read before.
"""

from __future__ import annotations

from jiaoan.wire.errors import BodyError
from jiaoan.wire.jt809.cipher import Cipher
from jiaoan.wire.jt809.framing import (
    BadFrame,
    Fault,
    Frame,
    FrameReader,
    Profile,
    judge,
    unescape,
)
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
    cipher = Cipher(ia1, ic1, m1) if ia1 or ic1 or m1 else None
    profile = Profile(edition, cipher, NONE if strict else ALL)
    bare = b"\x5b" not in (octets[:1], octets[-1:]) and b"\x5d" not in (octets[:1], octets[-1:])
    if not looks_like_809(octets) and not bare:
        return _several(octets, edition, profile)
    found = judge(octets if bare else octets[1:-1], profile)
    if isinstance(found, BadFrame) and _holds_frames(octets, profile):
        return _several(octets, edition, profile)
    return _one(found, edition, profile)


def _one(found: Frame | BadFrame, edition: Edition | None, profile: Profile) -> dict[str, Json]:
    if isinstance(found, BadFrame):
        return _bad(found)
    return _good(found, edition or _guess(found), profile)


def _holds_frames(octets: bytes, profile: Profile) -> bool:
    """Whether a link would find a good frame in octets that are none as a whole."""
    return any(isinstance(one, Frame) for one in FrameReader(profile).receive(octets))


def _several(octets: bytes, edition: Edition | None, profile: Profile) -> dict[str, Json]:
    """Octets that are no single frame: what a link would find in them."""
    reader = FrameReader(profile)
    found = [
        one
        for one in reader.receive(octets) + reader.end()
        if not (isinstance(one, BadFrame) and one.fault is Fault.NOISE)
    ]
    frames = [_one(one, edition, profile) for one in found]
    if len(frames) == 1:
        return frames[0]
    if not frames:
        return _bad(BadFrame(Fault.CUT, octets))
    return {"frames": frames}


def describe_content(sub_type: int, data: bytes, edition: Edition) -> dict[str, Json]:
    """The data of one sub id, without frame and envelope."""
    try:
        content, _ = read_content(sub_type, data, edition)
    except BodyError as wrong:
        sentence = f"The data does not follow its table: {wrong}."
        return {"error": str(wrong.fault), "sentence": sentence, "field": wrong.field}
    return {"payload_hex": data.hex()} if isinstance(content, Raw) else content.show()


def describe_body(message_id: int, body: bytes, edition: Edition) -> dict[str, Json]:
    """A deciphered body without its frame: envelope and fields, or ``{"error": …}``."""
    shown: dict[str, Json] = {"message_id": f"0x{message_id:04x}"}
    return shown | _body(message_id, body, edition, Profile(edition))


def _guess(frame: Frame) -> Edition:
    """The edition by the header; a body of 2019 behind a header of 2011 is told by its tables."""
    return Edition.V2019 if frame.header.timed else Edition.V2011


_SENTENCES = {
    Fault.NOISE: "Octets outside any frame: a frame stands between 0x5b and 0x5d.",
    Fault.CUT: "A flag is missing: a frame begins with 0x5b and ends with 0x5d.",
    Fault.OVERLONG: "No closing 0x5d within the length that the longest frame can have.",
    Fault.TOO_SHORT: "Too few octets for a header and a CRC.",
    Fault.BAD_ESCAPE: "0x5a or 0x5e is followed by neither 01 nor 02.",
    Fault.BAD_CHECKSUM: "The CRC does not agree: at least one octet was changed.",
    Fault.LENGTH_MISMATCH: "The message is not as long as its header says.",
    Fault.NO_CIPHER: "The body is encrypted: its constants IA1, IC1 and M1 are needed.",
}


def _bad(bad: BadFrame) -> dict[str, Json]:
    name = "unterminated_or_bad_flag" if bad.fault is Fault.CUT else str(bad.fault)
    shown: dict[str, Json] = {
        "error": name,
        "sentence": _SENTENCES[bad.fault],
        "frame_length": len(bad.raw) + 2,
    }
    if bad.fault is Fault.NO_CIPHER and bad.header is not None:
        body = unescape(bad.raw)[0][bad.header.octets : -2]
        return shown | _header(bad.header) | {"checksum_ok": True, "body_hex": body.hex()}
    if bad.fault is Fault.LENGTH_MISMATCH and bad.header is not None:
        return shown | {"declared_length": bad.header.length}
    return shown


def _good(frame: Frame, edition: Edition, profile: Profile) -> dict[str, Json]:
    shown: dict[str, Json] = {
        "checksum_ok": True,
        "frame_length": _whole(frame),
        **_header(frame.header),
    }
    if frame.header.encrypted:
        shown["decrypted_body_hex"] = frame.body.hex()
    return shown | _body(
        frame.header.message_id, frame.body, edition, profile, list(frame.tolerated)
    )


def _body(
    message_id: int,
    body: bytes,
    edition: Edition,
    profile: Profile,
    tolerated: list[Tolerance] | None = None,
) -> dict[str, Json]:
    shown: dict[str, Json] = {}
    tolerated = tolerated or []
    try:
        envelope = open_envelope(message_id, body, edition, profile.allowed)
        tolerated += envelope.tolerated
        shown |= _envelope(envelope)
        key = message_id if envelope.sub_type is None else envelope.sub_type
        content, bent = read_content(key, envelope.data, edition, profile.allowed)
        tolerated += bent
        shown |= {"body_hex": body.hex()} if isinstance(content, Raw) else content.show()
    except EnvelopeError as wrong:
        shown |= {"sub_type": f"0x{wrong.sub_type:04x}", "sub_data_length": wrong.length}
        shown |= _refusal(wrong, body)
    except BodyError as wrong:
        shown |= _refusal(wrong, body)
    if tolerated:
        shown["tolerated"] = [str(rule) for rule in dict.fromkeys(tolerated)]
    return shown


def _whole(frame: Frame) -> int:
    """Octets of the frame with flags, escapes undone."""
    if Tolerance.UNESCAPED in frame.tolerated:
        return len(frame.raw) + 2
    return len(unescape(frame.raw)[0]) + 2


def _refusal(wrong: BodyError, body: bytes) -> dict[str, Json]:
    return {
        "error": str(wrong.fault),
        "sentence": f"The body does not follow its table: {wrong}.",
        "field": wrong.field,
        "body_hex": body.hex(),
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
