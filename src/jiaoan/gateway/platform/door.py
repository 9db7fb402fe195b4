"""Who knocks: the first frame of a new connection is judged before it may end an older one.

Anybody can open a connection and put an access code into a header. The link that is live stays
until the newcomer has shown the right login (main link) or the right code (sub link).
"""

from __future__ import annotations

import asyncio

from jiaoan.gateway.platform.limits import Limits
from jiaoan.wire.jt809 import BodyError, Frame, FrameReader, Header, Message, parse
from jiaoan.wire.jt809.framing import unescape
from jiaoan.wire.jt809.header import SHORT, looks_timed
from jiaoan.wire.jt809.line import Terms


async def first_octets(reader: asyncio.StreamReader, limits: Limits) -> bytes:
    """Octets up to the end of the first frame; what was read so far where there is none."""
    data = b""
    try:
        async with asyncio.timeout(limits.first_frame_s):
            while b"\x5d" not in data and len(data) < limits.first_frame_octets:
                more = await reader.read(limits.first_frame_octets)
                if not more:
                    break
                data += more
    except (ConnectionError, TimeoutError):
        return data
    return data


def first_header(octets: bytes) -> Header | None:
    """The header of the first frame as it stands there, to find whose terms hold; not trusted."""
    end = octets.find(b"\x5d")
    start = octets.rfind(b"\x5b", 0, max(end, 0))
    if start < 0:
        return None
    content, _ = unescape(octets[start + 1 : end])
    if len(content) < SHORT + 2:
        return None
    return Header.parse(content, timed=looks_timed(content[:-2]))


def first_message(octets: bytes, terms: Terms) -> tuple[Message, Header] | str:
    """The first message as these terms read it, or why it cannot be read."""
    why = "no frame"
    for one in FrameReader(terms.profile).receive(octets):
        if isinstance(one, Frame):
            try:
                message = parse(one, terms.edition, terms.profile.allowed)
            except BodyError as wrong:
                return f"{wrong.fault}: {wrong}"
            return message, one.header
        why = str(one.fault)
    return why
