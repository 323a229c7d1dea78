"""`features --help-settings`: what settings there are."""

import argparse
from typing import Any


class HelpSettings(argparse.Action):
    """Print the keys of settings and the presets, and end."""

    def __call__(self, parser: Any, *_: Any, **__: Any) -> None:
        from ..quantification.radiomics.settings_file import settings_help  # only when asked for: it takes a while

        print(settings_help())
        parser.exit(0)
