"""The command that runs others for many patients."""

import argparse

from ..command import Command, argument

COMMANDS = (
    Command(
        "batch",
        "run one command for every line of a list, such as all patients of a cohort, and put their tables together",
        (
            argument(
                "--together", metavar="ALL.csv", help="the tables of all lines in one, with the list's cells in front"
            ),
            argument("--missing", action="store_true", help="leave out lines whose result is there already, to go on"),
            argument("list", metavar="LIST.csv", help="table with a line for each run; a cell is put in as {COLUMN}"),
            argument(
                "words",
                metavar="COMMAND",
                nargs=argparse.REMAINDER,
                help="the command, its arguments and -o, with {COLUMN} where lines differ; options of batch go before "
                "the list",
            ),
        ),
        (
            "batch --together lesions.csv patients.csv measure {image} {mask} -o tables/{patient}.csv",
            "batch --missing patients.csv enhance {image} --preset mr_brain_flair -o enhanced/{patient}.nii.gz",
        ),
        "cancelled; the lines that were done stay, and --missing goes on with the others.",
    ),
)
