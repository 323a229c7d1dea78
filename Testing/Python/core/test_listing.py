from MedProcLib.core.listing import listed


def test_many_names_in_a_sentence():
    assert listed([]) == ""
    assert listed("ABC", 3) == "A, B, C"
    assert listed("ABCD", 3) == "A, B, C and 1 more"
    assert listed(range(14)) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 4 more"
    assert listed(["#1 a, b", "#2 c", "#3 d"], 2, ";") == "#1 a, b; #2 c; and 1 more"
