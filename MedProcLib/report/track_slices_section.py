"""Every changed finding at all time points: one slice of the registered space, side by side."""

import numpy as np
from PIL import Image

from ..comparison.tracks.model import Observation, Track
from ..core.progress import SILENT, Progress
from .figures import change, verdict, volume_in_line
from .html_text import figure, section, swatch, text
from .key_slices import LARGEST_SIDE_MM, SIDE_PER_EXTENT, SMALLEST_SIDE_MM
from .picture import annotate, compact, gray
from .stack import Stack
from .timeline import Timeline
from .tracks_section import in_order
from .view import slice_view

# side of a picture in pixels: fewer where there are many; and pictures in all, so that the report can still be sent
SIDES, MOST_PICTURES = ((3, 320), (5, 220), (99, 180)), 300
MOST_IN_ROW = 6


def track_slices_section(timeline: Timeline, progress: Progress = SILENT) -> str:
    """Pictures of the changed findings; of those that did not change the table says all."""
    changed = [track for track in in_order(timeline) if timeline.is_changed(track)]
    if not changed:
        return section("Changed findings", "<p>No finding changed by more than its threshold.</p>")
    count = len(timeline.studies)
    shown = changed[: max(1, MOST_PICTURES // count)]
    stack = Stack(timeline)
    parts = []
    for done, track in enumerate(shown):
        progress(done / len(shown), "Drawing findings over time")
        parts.append(_article(stack, track))
    note = (
        '<p class="note">One slice of the first study\'s space, where the finding is largest; each study is resampled '
        "once, from its own voxels. Outlines have the color of the class since the time point before, gray at the "
        "first time point. "
    )
    left = len(changed) - len(shown)
    note += f"{left} more changed findings are in the table only.</p>" if left else "</p>"
    return section("Changed findings", note, *parts)


def _article(stack: Stack, track: Track) -> str:
    timeline = stack.timeline
    course, size = timeline.course(track), timeline.size(track, "baseline")
    header = (
        f"<header><h3 class=chip>{swatch(course)}{text(track.id)} · {text(course.capitalize())}</h3>"
        f'<span class="volumes">since first seen (mm³): {change(size)}</span>'
        f'<span class="why">beyond measurement error: {verdict(size)}</span></header>'
    )
    largest = max((o for o in track.observations if o.counts), key=lambda o: o.volume.value)
    pictures = "".join(
        figure(picture, _alternative(timeline, track, n), _caption(timeline, track, n))
        for n, picture in enumerate(_pictures(stack, largest))
    )
    count = len(timeline.studies)
    rows = -(-count // MOST_IN_ROW)
    columns = f"--columns:{-(-count // rows)}"
    return f'<article class="finding">{header}<div class="row stack" style="{columns}">{pictures}</div></article>'


def _pictures(stack: Stack, at: Observation) -> list[Image.Image]:
    """The slice through an observation at each time point."""
    count = len(stack.images)
    pixels = next(side for most, side in SIDES if count <= most)
    view = slice_view(stack.grid)
    reach = np.abs(np.subtract(at.place.high, at.place.low))
    extent = max(float(reach @ np.abs(view.right)), float(reach @ np.abs(view.down)))
    side = float(np.clip(SIDE_PER_EXTENT * extent, SMALLEST_SIDE_MM, LARGEST_SIDE_MM))
    grid = view.picture(np.array(at.place.common_center), side, side, side / pixels)
    pictures, slices = [], [stack.values(grid, n) for n in range(count)]
    for n, (values, window) in enumerate(zip(slices, stack.windows_of(slices), strict=True)):
        rgb = gray(values, window)
        stack.draw(rgb, grid, n, 2.4 * pixels / 300)
        pictures.append(compact(annotate(rgb, side / pixels, view.letters if n == 0 else None, scale_bar=n == 0)))
    return pictures


def _caption(timeline: Timeline, track: Track, n: int) -> str:
    observation, kind = timeline.at(track, n), timeline.change_at(track, n)
    mark = f"{swatch(kind)} {text(kind)}" if kind else ""
    size = volume_in_line(observation.true_volume) if observation else ""
    into = timeline.part_of(track, n)
    joined = f"in {text(into)}" if into else ""
    words = " ".join(filter(None, (mark, joined)))
    return f'<b>{text(timeline.labels[n])}</b><span class="chip">{words}</span> {size}'


def _alternative(timeline: Timeline, track: Track, n: int) -> str:
    observation = timeline.at(track, n)
    into = timeline.part_of(track, n)
    absent = f"part of {into}" if into else "not shown" if timeline.is_outside(track, n) else "not there"
    seen = f"{observation.volume.value:.0f} cubic millimeters" if observation else absent
    return f"{track.id} at {timeline.patient.time_points[n].id}: {seen}"
