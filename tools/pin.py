"""Print `name==version` for everything installed but labelwright itself; `make constraints`."""

from __future__ import annotations

import re
from importlib import metadata

LEFT_OUT = {"labelwright", "pip"}


def main() -> None:
    """Write the pins to stdout, sorted; a local build tag (`+cpu`) is no part of a version."""
    pins = {
        re.sub(r"[-_.]+", "-", d.metadata["Name"]).lower(): d.version.partition("+")[0]
        for d in metadata.distributions()
    }
    for name, version in sorted(pins.items()):
        if name not in LEFT_OUT:
            print(f"{name}=={version}")


if __name__ == "__main__":
    main()
