"""``jiaoan notice read FILE --json``: the part below the command line."""

from __future__ import annotations

import errno
import sys
from pathlib import Path

from jiaoan.notices.jsonform import Json, to_json
from jiaoan.notices.model import UnreadableSource
from jiaoan.notices.pipeline import read
from jiaoan.notices.source import MAX_BYTES, extract


def _reason(error: OSError) -> str:
    """What the system says, in Chinese where it is one of the usual three."""
    usual = {errno.ENOENT: "没有这个文件", errno.EISDIR: "是文件夹", errno.EACCES: "没有读取权限"}
    return usual.get(error.errno or 0) or error.strerror or str(error)


def read_file(path: str) -> dict[str, Json]:
    """The reading of the file at ``path`` (``-``: standard input) in the JSON form of ``docs``.

    Raises :class:`SourceRefused` where the file cannot be read or is no notice.
    """
    if path == "-":
        return to_json(read(extract(sys.stdin.buffer.read(MAX_BYTES + 1), "-").text))
    file = Path(path)
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UnreadableSource(
            "no_file",
            f"无法读取文件“{path}”（{_reason(error)}）。请检查路径和权限。",
            f"cannot read {path}: {error.strerror or error}",
        ) from error
    return to_json(read(extract(data, file.name).text))
