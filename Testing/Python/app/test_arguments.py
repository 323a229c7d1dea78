"""The promised command lines, help, and argument errors in one line."""

import subprocess
import sys
from pathlib import Path

import pytest

from MedProcLib import __version__
from MedProcLib.app.commands import COMMANDS
from MedProcLib.app.parser import make_parser, points_joined

ROOT = Path(__file__).resolve().parents[3]

PROMISED = [
    "operations",
    "operations --json",
    "presets",
    "info IMAGE",
    "enhance IMAGE --recipe R.json -o OUT",
    "enhance IMAGE --operation NAME -p a=1 -p b=2 --mask M -o OUT",
    "enhance IMAGE --preset NAME --reference R -o OUT",
    "learn-scale A B --masks C D -o S.json --recipe R.json",
    "quality IMAGE --mask M --regions L --region-a 1 --region-b 2 --reference R --before B -o OUT",
    "segment IMAGE --operation NAME -p a=1 --mask M -o SEG",
    "segment IMAGE --recipe R.json -o SEG",
    "measure IMAGE SEG -o TABLE.csv",
    "compare A B C --criteria recist_1_1 --organs F001=liver F002=lung --maps difference,jacobian --pairs 2-3 -o DIR",
    "report A/patient.json --criteria recist_1_1 -o REPORT.html",
    "cohort A/patient.json B/patient.json --criterion recist_1_1 -o COHORT.html",
    "histogram IMAGE SEG --bins 64 --limits 0 100 --unit HU -o H.csv",
    "profile IMAGE --line L.mrk.json --step 1 --across 2 --interpolation cubic -o P.csv",
    "evaluate REFERENCE TEST -o METRICS.csv",
    "evaluate REFERENCE TEST --as-one -o METRICS.csv",
    "evaluate A B --labels 1 2 --names 1=a 2=b --tolerance 2 --boundary 3 --no-lesions --match overlap -o M.json",
    "evaluate A B --lesions --iou-threshold 0.1 --connectivity face --smallest-lesion 3 --merge 1 -o M.csv",
    "register FIXED MOVING -o T.tfm",
    "register FIXED MOVING --transform rigid -o T.tfm --resampled OUT",
    "register FIXED MOVING --transform affine -o T.tfm",
    "register FIXED MOVING --transform deformable -o T.tfm",
    "resample IMAGE --like REFERENCE --transform T.tfm --inverse --interpolation nearest -o OUT",
    "suv DICOM -o OUT",
    "suv DICOM --normalization lbmjanma --weight 70 --height 170 --sex F --dose 370 --injection-time 10:00 -o OUT",
    "suv DICOM --frame 2 --half-life 6586 --reference-time 2025-01-12T11:15:00 -o OUT",
    "compare A B -o DIR",
    "compare A B C --segmentations S1 S2 S3 --dates 2024-01-01 2024-02-01 2024-03-01 --recipe R.json -o DIR",
]


@pytest.mark.parametrize("line", PROMISED)
def test_promised_command_lines_are_understood(line):
    parser = make_parser(COMMANDS)
    assert parser.parse_args(line.split()).command == line.split()[0]
    assert parser.parse_args([*line.split(), "--threads", "2"]).threads == 2


def test_values_arrive_in_their_places():
    parsed = make_parser(COMMANDS).parse_args(PROMISED[-1].split())
    assert parsed.studies == ["A", "B", "C"] and parsed.segmentations == ["S1", "S2", "S3"]
    assert parsed.dates[2] == "2024-03-01" and parsed.recipe == "R.json" and parsed.output == "DIR"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "the following arguments are required: COMMAND"),
        ("dance", "invalid choice: 'dance'"),
        ("info", "the following arguments are required: IMAGE"),
        ("enhance IMAGE -o OUT", "one of the arguments --operation --recipe --preset is required"),
        ("enhance IMAGE --operation A --recipe B -o OUT", "not allowed with argument"),
        ("enhance IMAGE --operation A", "the following arguments are required: -o/--output"),
        ("register A B --transform elastic -o T.tfm", "invalid choice: 'elastic'"),
        ("info IMAGE --threads 0", "'0' is not a number of threads"),
        ("info IMAGE --threads many", "'many' is not a number of threads"),
        ("info IMAGE --unknown", "unrecognized arguments: --unknown"),
    ],
)
def test_an_argument_error_is_one_line_and_2(refused, line, message):
    said = refused(*line.split())
    assert message in said and "--help` shows how it is used" in said


@pytest.mark.parametrize("command", ["", *[command.name for command in COMMANDS]])
def test_help_has_examples(medproc, command):
    code, out, err = medproc(*command.split(), "--help")
    assert code == 0 and err == ""
    assert f"examples:\n  medproc {command}" in out


def test_every_example_is_understood():
    parser = make_parser(COMMANDS)
    for command in COMMANDS:
        for example in command.examples:
            assert parser.parse_args(example.split()).command == command.name


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("segment I --seed -12,40,7 -o S", "segment I --seed=-12,40,7 -o S"),
        ("segment I --seed -1.5e1,-.4,+7=2 --seed 3,-4,5 -o S", "segment I --seed=-1.5e1,-.4,+7=2 --seed 3,-4,5 -o S"),
        ("profile I --from -1,-2 --to 3,4 -o P", "profile I --from=-1,-2 --to 3,4 -o P"),
        ("segment I --seed=1,2,3 -p a=-1,2 -o S", "segment I --seed=1,2,3 -p a=-1,2 -o S"),
        ("histogram I --limits -1000 1000 -o -12", "histogram I --limits -1000 1000 -o -12"),
    ],
)
def test_a_point_may_begin_with_a_minus(typed, meant):
    assert points_joined(typed.split()) == meant.split()


def test_version(medproc):
    assert medproc("--version") == (0, f"MedProc {__version__}\n", "")


def test_help_does_not_wait_for_libraries():
    code = (
        "import sys; from MedProcLib.app.main import run; run(['--help']);"
        "sys.exit(','.join({'numpy', 'SimpleITK', 'scipy', 'vtk', 'slicer'} & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert ended.stderr == "\n" or ended.stderr == "", f"--help imports {ended.stderr}"
