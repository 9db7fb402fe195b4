"""The command ``jiaoan``. Every subcommand loads what it needs when it is called, not before."""

from __future__ import annotations

import argparse
import errno
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from jiaoan.project.refusal import Refusal

if TYPE_CHECKING:
    from jiaoan.project.system import Wanted

DEMO_FOLDER = Path("var/demo")

# Commands with an own reader of arguments: name → (module, needs Django, one line of help).
_PASSED: dict[str, tuple[str, bool, str]] = {
    "worker": ("jiaoan.worker.main", True, "carry findings up, run flows and due dates"),
    "rehearse": ("jiaoan.worker.rehearsing", True, "try a rule or a place on past tracks"),
    "frames": ("jiaoan.wire.cli", False, "decode frames of JT/T 808 and 809 from hexadecimal"),
    "simulate": ("jiaoan.simulate.cli", False, "drive a fleet over JT/T 808 from a file"),
    "tap": ("jiaoan.gateway.tap_cli", False, "show a terminal's frames as they come and go"),
    "platform": ("jiaoan.gateway.platform.main", False, "exchange with platforms over JT/T 809"),
    "demo": ("jiaoan.project.demo.cli", True, "make the demonstration district"),
    "tracks": ("jiaoan.project.tracks", False, "tracks: a day, a region, export, retention"),
    "manage": ("jiaoan.project.manage", True, "Django's own commands"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Exit code 0, 1 with one sentence, 2 for wrong words, 130 for Ctrl-C."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        return _dispatch(words)
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            print("The disk is full: free some space and repeat.", file=sys.stderr)
        elif error.errno in (errno.EACCES, errno.EROFS):
            print(f"{error.filename} may not be written by this user.", file=sys.stderr)
        else:
            raise
    except KeyboardInterrupt:
        return 130
    return 1


def _dispatch(words: list[str]) -> int:
    if words and words[0] in _PASSED:
        module, django, _ = _PASSED[words[0]]
        if django:
            prepare_django(_named_data(words[1:]))
        run: Callable[[list[str]], int] = importlib.import_module(module).main
        return run(words[1:])
    options = _parser().parse_args(words)
    command: Callable[[argparse.Namespace], int] = options.command
    return command(options)


class _Parser(argparse.ArgumentParser):
    """Wrong words get one sentence; ``--help`` has the rest."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (--help lists what it knows)\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="jiaoan", description="交安: a district transport bureau's safety notice, running."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="start everything on demonstration data (what ./run does)")
    _system_options(up, DEMO_FOLDER)
    up.add_argument(
        "--notice",
        type=Path,
        metavar="FILE",
        help="the notice to read (text, Word, Excel, PDF, web page)",
    )
    up.add_argument("--today", type=_day, metavar="DATE", help="live on this day, e.g. 2024-04-08")
    up.set_defaults(command=_up)
    serve = commands.add_parser("serve", help="start everything on real data")
    _system_options(serve, None)
    serve.add_argument("--host", default="127.0.0.1", help="address of the pages")
    serve.add_argument(
        "--gateway-host", default="127.0.0.1", help="address that terminals reach, 0.0.0.0 for all"
    )
    serve.set_defaults(command=_serve)
    init = commands.add_parser("init", help="set up a directory for real data")
    init.add_argument("--data", type=Path, required=True, metavar="DIR")
    init.add_argument("--bureau", metavar="NAME", help="name of the bureau")
    init.add_argument("--admin", metavar="NAME", help="log-in name of the first administrator")
    init.set_defaults(command=_init)
    notice = commands.add_parser("notice", help="read an official notice, or compare two")
    acts = notice.add_subparsers(required=True, metavar="ACTION")
    compare = acts.add_parser("compare", help="what is new, changed, moved or dropped")
    compare.add_argument("old", type=Path, metavar="OLD")
    compare.add_argument("new", type=Path, metavar="NEW")
    compare.add_argument("--json", action="store_true", help="the whole result as JSON")
    compare.set_defaults(command=_notice_compare)
    read = acts.add_parser("read", help="say what is in a notice")
    read.add_argument("file", type=Path)
    read.add_argument("--json", action="store_true", help="the whole result as JSON")
    read.set_defaults(command=_notice_read)
    verify = commands.add_parser("verify", help="check the journal's chain against its kept heads")
    verify.add_argument("--data", type=Path, metavar="DIR")
    verify.add_argument("--json", action="store_true")
    verify.set_defaults(command=_verify)
    explain = commands.add_parser(
        "explain", help="judge one finding again from its evidence: equal, or where it differs"
    )
    explain.add_argument("finding", nargs="?", metavar="FINDING", help="its id, 32 hex digits")
    explain.add_argument(
        "--from", dest="file", type=Path, metavar="FILE", help="evidence that was exported"
    )
    explain.add_argument("--export", type=Path, metavar="FILE", help="keep the evidence")
    explain.add_argument("--data", type=Path, metavar="DIR")
    explain.add_argument("--bus", metavar="URL", help="address of the bus")
    explain.add_argument("--json", action="store_true", help="the whole result as JSON")
    explain.set_defaults(command=_explain)
    reference = commands.add_parser("reference", help="what gateway and stream know")
    publish = reference.add_subparsers(required=True, metavar="ACTION").add_parser("publish")
    publish.add_argument("--data", type=Path, metavar="DIR")
    publish.add_argument("--bus", metavar="URL", help="address of the bus")
    publish.set_defaults(command=_reference_publish)
    places = commands.add_parser("places", help="fences and named places")
    bring = places.add_subparsers(required=True, metavar="ACTION").add_parser(
        "import", help="read GeoJSON or KML; one place for each feature"
    )
    bring.add_argument("file", type=Path)
    bring.add_argument(
        "--datum", required=True, choices=["wgs84", "gcj02", "bd09"], help="of its coordinates"
    )
    bring.add_argument(
        "--kind", default="park", help="district, park, gate, plant, forbidden or road"
    )
    bring.add_argument("--lines-as", default="corridor", choices=["corridor", "line"])
    bring.add_argument(
        "--size", type=float, metavar="METRES", help="width of lines, radius of points"
    )
    bring.add_argument(
        "--road-class", default="", metavar="CLASS",
        help="of road sections that do not say their own, e.g. expressway",
    )  # fmt: skip
    bring.add_argument("--data", type=Path, metavar="DIR")
    bring.set_defaults(command=_places_import)
    for name, (_, _, line) in _PASSED.items():
        commands.add_parser(name, help=line, add_help=False)
    return parser


def _system_options(parser: argparse.ArgumentParser, data: Path | None) -> None:
    parser.add_argument(
        "--data", type=Path, default=data, required=data is None, metavar="DIR", help="data"
    )
    parser.add_argument("--port", type=_port, default=8000, help="port of the pages")
    parser.add_argument("--gateway-port", type=_port, default=7808, help="port of JT/T 808")
    parser.add_argument(
        "--gateways", type=_count, default=1, help="processes that share the port of JT/T 808"
    )
    parser.add_argument(
        "--attachment-port",
        type=int,
        default=0,
        help="port for the files of alarms; 0 takes a free one",
    )
    parser.add_argument("--only", default="", metavar="NAMES", help="only these processes")


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: a number from 1 to 65535")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 64:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of processes: 1 to 64")
    return int(text)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date: write it as 2024-04-08") from None


def _up(options: argparse.Namespace) -> int:
    from jiaoan.project import system

    return system.up(_wanted(options, notice=options.notice, today=options.today))


def _serve(options: argparse.Namespace) -> int:
    from jiaoan.project import system

    return system.serve(_wanted(options, host=options.host, gateway_host=options.gateway_host))


def _wanted(
    options: argparse.Namespace,
    *,
    host: str = "127.0.0.1",
    gateway_host: str = "127.0.0.1",
    notice: Path | None = None,
    today: date | None = None,
) -> Wanted:
    from jiaoan.project import system

    only = frozenset(filter(None, options.only.split(","))) or frozenset(system.NAMES)
    if unknown := only - set(system.NAMES):
        known = ", ".join(system.NAMES)
        raise Refusal(f"--only does not know {', '.join(sorted(unknown))}; it knows {known}.")
    return system.Wanted(
        folder=options.data,
        port=options.port,
        host=host,
        gateway_host=gateway_host,
        gateway_port=options.gateway_port,
        gateways=options.gateways,
        attachment_port=options.attachment_port,
        today=today,
        notice=notice,
        only=only,
    )


def _init(options: argparse.Namespace) -> int:
    from jiaoan.project import administration

    return administration.init(options.data, options.bureau, options.admin)


def _notice_compare(options: argparse.Namespace) -> int:
    from jiaoan.project import comparing

    return comparing.compare_notices(options.old, options.new, as_json=options.json)


def _notice_read(options: argparse.Namespace) -> int:
    from jiaoan.project import administration

    return administration.read_notice(options.file, as_json=options.json)


def _verify(options: argparse.Namespace) -> int:
    prepare_django(options.data)
    from jiaoan.project import administration

    return administration.verify(as_json=options.json)


def _explain(options: argparse.Namespace) -> int:
    if (options.finding is None) == (options.file is None):
        print("jiaoan explain wants the id of a finding, or --from FILE.", file=sys.stderr)
        return 2
    if options.file is not None:
        from jiaoan.project import explaining

        return explaining.from_file(options.file, as_json=options.json)
    try:
        prepare_django(options.data)
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 2
    from django.conf import settings

    from jiaoan.project import administration, explaining

    return explaining.from_data(
        options.finding,
        settings.DATA_DIR,
        options.bus or administration.running_bus(),
        as_json=options.json,
        export=options.export,
    )


def _reference_publish(options: argparse.Namespace) -> int:
    prepare_django(options.data)
    from jiaoan.project import administration

    return administration.publish_references(options.bus)


def _places_import(options: argparse.Namespace) -> int:
    prepare_django(options.data)
    from jiaoan.project import places

    return places.bring(
        options.file,
        datum=options.datum,
        kind=options.kind,
        lines_as=options.lines_as,
        size_m=options.size,
        road_class=options.road_class,
    )


def _named_data(words: Sequence[str]) -> Path | None:
    """``--data DIR`` among the words of a command that reads its own arguments."""
    reader = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    reader.add_argument("--data", type=Path)
    found: Path | None = reader.parse_known_args(list(words))[0].data
    return found


def prepare_django(data: Path | None) -> None:
    """Load Django on an installation: the one named, that of ``JIAOAN_DATA``, or ``./run``'s."""
    if data is not None or "JIAOAN_DATA" not in os.environ:
        os.environ["JIAOAN_DATA"] = str((data or DEMO_FOLDER).resolve())
    os.environ["DJANGO_SETTINGS_MODULE"] = "jiaoan.project.settings"
    import django
    from django.core.exceptions import ImproperlyConfigured

    try:
        django.setup()
    except ImproperlyConfigured as error:
        folder = Path(os.environ["JIAOAN_DATA"])
        if not (folder / "installation.json").is_file():
            raise Refusal(
                f"{folder} holds no installation: make one with jiaoan init --data {folder}."
            ) from error
        raise Refusal(str(error)) from error


if __name__ == "__main__":
    sys.exit(main())
