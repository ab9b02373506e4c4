"""Ports for programs that a test starts: free now, and none that the kernel gives to another connection meanwhile."""

import random
import socket

FIRST, END = 20_000, 30_000
"""Below the ports of outgoing connections (32768 on Linux) and below a cluster's node ports (30000). A port that the kernel chose
is of the first kind: between the choice and the program's own bind, seconds later, anybody's connection can take it."""


def free_ports(number: int) -> list[int]:
    """So many ports of 127.0.0.1 on which nobody listens. Raises RuntimeError if there are not as many."""
    found: list[int] = []
    for port in random.sample(range(FIRST, END), END - FIRST):
        if len(found) == number:
            return found
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        found.append(port)
    raise RuntimeError(f"of the ports {FIRST} to {END - 1} only {len(found)} are free, and {number} are asked for")
