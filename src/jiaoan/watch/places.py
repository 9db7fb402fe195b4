"""The places of the register as the stream knows them, with what they were before."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from jiaoan.stores.reader import Message
from jiaoan.stream.atlas import Atlas
from jiaoan.stream.reference import References

Value = Mapping[str, object]
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class BadPlace(ValueError):
    """A place that the stream would refuse: the sentence says why."""


def known(values: Iterable[Value]) -> References:
    """What the stream would know from these references. :class:`BadPlace` names the first bad."""
    references = References(None)  # type: ignore[arg-type]  # nothing is followed: it is handed in
    for value in values:
        number = int(str(value["place_id"]))
        references.apply(Message(f"ref.place.{number}", json.dumps(value).encode(), 0, _NEVER))
        if number not in references.places:
            raise BadPlace(f"place {number}: the stream does not take it; its log says why")
    references.rebuild()
    return references


def atlas(values: Iterable[Value]) -> Atlas:
    """The places alone."""
    return known(values).atlas
