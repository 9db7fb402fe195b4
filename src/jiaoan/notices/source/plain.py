"""Plain text in the encodings of offices: UTF-8 (with or without BOM), UTF-16, GB18030."""

from __future__ import annotations

import re

from jiaoan.notices.source.refusals import refuse

_HAN = re.compile("[\u4e00-\u9fff，。、；：（）]")


def decode(data: bytes, filename: str) -> tuple[str, str]:
    """The text and the name of its encoding; line ends become ``\\n``."""
    for encoding in _trials(data):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text and not _is_noise(text):
            return text.replace("\r\n", "\n").replace("\r", "\n"), encoding
    raise refuse("encoding", filename)


def _trials(data: bytes) -> list[str]:
    if data.startswith(b"\xef\xbb\xbf"):
        return ["utf-8-sig"]
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ["utf-16"]
    if b"\x00" in data[:4000]:
        # UTF-16 without its mark: the zero octets of line ends and digits stand on one side.
        return [
            encoding
            for encoding in ("utf-16-le", "utf-16-be")
            if _mostly_han(data[: len(data) // 2 * 2].decode(encoding, "replace"))
        ]
    return ["utf-8", "gb18030"]


def _mostly_han(text: str) -> bool:
    return len(_HAN.findall(text)) * 2 > len(text)


def _is_noise(text: str) -> bool:
    """Bytes of a picture decode as GB18030 now and then; control characters give them away."""
    odd = sum(
        1 for c in text if (ord(c) < 32 and c not in "\t\n\r\f\v") or "\ue000" <= c <= "\uf8ff"
    )
    return odd * 50 > len(text)
