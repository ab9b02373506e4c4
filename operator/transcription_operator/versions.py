"""Resource versions: which of two sights of the API server is the newer one."""


def is_newer(version: str, than: str | None) -> bool:
    """Whether a resource version is not older than another; the API server counts them upwards."""
    return than is None or int(version) >= int(than)
