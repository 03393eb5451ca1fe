"""Which release of the program this is."""

from importlib.metadata import PackageNotFoundError, version


def release() -> str:
    """Its number; ``source`` where it runs without having been installed."""
    try:
        return version("judge-liaison")
    except PackageNotFoundError:
        return "source"
