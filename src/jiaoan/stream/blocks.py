"""Blocks of positions from the bus, as many as have come, put together for one judgement."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from jiaoan.rules.driving.cards import Card
from jiaoan.stores.bus import Message
from jiaoan.stores.positions import DriverCard, NotPositions, Positions, concatenated, unpack_all

logger = logging.getLogger("jiaoan.stream")


def joined(messages: Sequence[Message]) -> tuple[Positions, list[Card]]:
    """The positions of all blocks in their order, and the driver cards between them.

    A message that is no block, or a damaged one, is logged and left out.
    """
    arrays: list[Positions] = []
    cards: list[Card] = []
    rows = 0
    for message in messages:
        try:
            positions, _, said = unpack_all(message.data)
        except NotPositions as error:
            logger.error("%s %d is passed over: %s", message.subject, message.sequence, error)
            continue
        cards += [replace(card, before_row=card.before_row + rows) for card in cards_of(said)]
        arrays.append(positions)
        rows += len(positions)
    return concatenated(arrays), cards


def cards_of(said: Sequence[DriverCard]) -> list[Card]:
    """Driver cards as events of the driving rules; those that name nobody are left out."""
    if not said:
        return []
    # Loaded with the first card: the whole protocol is behind it, and a start should be quick.
    from jiaoan.stream.cards import card_of

    return [card for one in said if (card := card_of(one)) is not None]
