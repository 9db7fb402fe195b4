"""Commands down 下行指令: from the bus to the terminal that is live here, and its answer back up.

Theory of operation
-------------------
``watch`` publishes a command on ``down.TERMINAL``; every gateway process reads all of them and
keeps those that are neither finished nor expired. The process that holds the terminal's live link
*claims* the command in the table ``commands`` of the bus (compare-and-set; key = id of the
command), sends it, and waits for the answer that names its serial. No answer in time: the same
octets again, at most ``command_tries`` times, over one link or several. A claim says how often it
was sent and, at the end, what came of it; so a process that starts anew, or another that takes the
terminal over, goes on where the first one stopped and never begins again.

Orders that undo each other (a tracking and its end, an area and its deletion) belong to a *topic*:
those of one topic go to a terminal one after another, in the order in which they were made, so
that what was said last is what holds.

A vehicle in a tunnel has a link that is dead and does not know it yet. Sendings into a link from
which nothing was heard since do not count as tries: the command waits until something is heard
again, on this link or another, or until it expires.

What happens goes up as ``findings.command``: ``sent``, then ``answered``, ``refused``,
``timed_out`` or ``undeliverable``. The end is written into the claim *before* it is published, and
published again when the command is met again by one who cannot know that it was: the message id is
made from the command and its state, so that the bus keeps one. A terminal that is not here costs
nothing: the command waits for its log-in until it expires, and whoever asked is told so by
``watch``, from the clock alone.

A position asked for (点名) is an ordinary position too: the command is answered only after it is
stored.
"""

from jiaoan.gateway.commands.command import BadCommand, Command, CommandKind
from jiaoan.gateway.commands.desk import Commands

__all__ = ["BadCommand", "Command", "CommandKind", "Commands"]
