"""The line that says how the studies are aligned: of many good ones short, of a doubtful one in full."""

from MedProcLib.comparison.result import Verdict


def test_many_good_ones_take_two_lines_and_a_doubtful_one_is_told(scene):
    import qt

    from MedProcLib.widgets.verdict_label import show_verdicts

    label = qt.QLabel()
    good = {f"study {n}": (Verdict.GOOD, f"overlap 9{n} %") for n in range(9)}
    show_verdicts(label, good)
    assert label.text.splitlines() == ["The studies are aligned well.", "Hover here for the figures of each of the 9."]
    assert label.toolTip.splitlines()[1:] == [f"study {n}: overlap 9{n} %" for n in range(9)]
    show_verdicts(label, {**good, "study 4": (Verdict.DOUBTFUL, "1.8 mm <off>")})
    assert "doubtful" in label.text and "study 4: 1.8 mm <off>" in label.text and label.toolTip == ""
    show_verdicts(label, dict(list(good.items())[:3]))
    assert label.text.splitlines()[1:] == [f"study {n}: overlap 9{n} %" for n in range(3)]
