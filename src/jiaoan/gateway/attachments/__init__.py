"""Files of alarms 报警附件 (T/JSATL 12 clause 4.6): a second port that terminals send them to.

Theory of operation
-------------------
A command of kind ``attachment`` goes down as 0x9208 with this port and, as platform alarm number,
the command's own id: 32 digits that nobody can guess. A terminal connects, announces its files
(0x1210), sends each (0x1211, data blocks, 0x1212) and is told 0x9212. Files are taken only for a
number that was given out, from the terminal that it was given to.

A file is written aside under ``DATA/attachments/incoming``, each block at its place; what is
missing is asked for in 0x9212. When it is whole it is synced, named by its SHA-256
(``DATA/attachments/ab/abcd…``, the name from the terminal is never a path), its folder is synced,
and ``findings.attachment`` is on the bus: only then 0x9212 says "done". A link that is cut loses
nothing that came: the next one goes on with the gaps. Everything is bounded: files and octets of a
file, octets that wait, links, time.
"""

from jiaoan.gateway.attachments.port import AttachmentPort
from jiaoan.gateway.attachments.store import Store

__all__ = ["AttachmentPort", "Store"]
