"""The commands of the dev cluster: `python3 -m dev.cluster up | images | down | clean`."""

import argparse
import sys

from dev.cluster.clean import clean
from dev.cluster.down import down
from dev.cluster.progress import Stop
from dev.cluster.up import build_images, up


def main() -> int:
    """Run one command; the exit status."""
    parser = argparse.ArgumentParser(prog="python3 -m dev.cluster", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    bring_up = commands.add_parser("up", help="start the cluster, building what is missing")
    bring_up.add_argument("--control-plane", action="store_true", help="only the API server, its controllers and MinIO")
    commands.add_parser("images", help="build the images whose code has changed")
    commands.add_parser("down", help="stop it and remove all that lies outside .dev/")
    clean_up = commands.add_parser("clean", help="stop it and delete .dev/, its data and keys")
    clean_up.add_argument("--cache", action="store_true", help="also delete the built programs and images, for every checkout")
    options = parser.parse_args()
    try:
        match options.command:
            case "up":
                up(options.control_plane)
            case "images":
                build_images()
            case "down":
                down()
            case "clean":
                clean(options.cache)
    except Stop as reason:
        print(f"\nerror: {reason}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
