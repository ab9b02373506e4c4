"""The commands of the dev cluster: `python3 -m dev.house up | down | images | build | clean`."""

import argparse
import sys

from dev.house.down import down
from dev.house.progress import Stop
from dev.house.up import up


def main() -> int:
    """Run one command; the exit status."""
    parser = argparse.ArgumentParser(prog="python3 -m dev.house", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    bring_up = commands.add_parser("up", help="start the cluster, building what is missing")
    bring_up.add_argument("--control-plane", action="store_true", help="only the API server, its controllers and MinIO")
    commands.add_parser("down", help="stop it and remove all that lies outside .dev/")
    options = parser.parse_args()
    try:
        match options.command:
            case "up":
                up(options.control_plane)
            case "down":
                down()
    except Stop as reason:
        print(f"\nerror: {reason}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
