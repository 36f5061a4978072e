"""Facts to questions and answers."""

from collections import Counter

import numpy as np
import pytest

from spargen.errors import TemplateError
from spargen.phrase.forms import phrase
from spargen.phrase.templates import TemplateSet
from spargen.qa.answers import DIRECTIONS, LENGTH, OO_AXES, OO_MULTI_AXES, WINNER, Directions
from spargen.qa.fact import Fact, Thing
from spargen.settings import Settings

S = Settings()
FILES = {
    "fill": (
        "--- question\nq1 {{ target }}\n--- question\nq2 {{ target }}\n--- question\n{{ target }} q3\n"
        "--- note\nn1.\n--- note\nn2.\n--- brief\nb1.\n--- brief\nb2.\n"
    ),
    "sentence": (
        "--- question\nhow far?\n--- note\nn.\n--- answer\n{{ target }} at {{ answer }} m\n--- answer\nb {{ answer }}\n"
    ),
    "select": "--- question\npick\n",
    "judge": "--- question\nis {{ first }} {{ claim | versus }} {{ second }}?\n",
}


@pytest.fixture
def templates(tmp_path):
    for form, text in FILES.items():
        path = tmp_path / "mine" / f"{form}.j2"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return TemplateSet.load([tmp_path])


def rng(seed=0):
    return np.random.Generator(np.random.PCG64(seed))


def lengths(n):
    return [
        Fact(frames=(i,), objects=(i,), answer=0.5 + 0.1 * i, slots={"target": Thing("chair", "red point")})
        for i in range(n)
    ]


def test_fill_prints_the_bare_answer_and_starts_sentences_with_capitals(templates):
    rows = phrase("mine", "fill", lengths(12), LENGTH, templates, 6, S, rng())
    assert [r.answer for r in rows] == ["0.5", "0.6", "0.7", "0.8", "0.9", "1.0"]
    for r in rows:
        question, note = r.question.rsplit(" ", 1)
        assert question in ("Q1 chair (red point)", "Q2 chair (red point)", "Chair (red point) q3")
        assert note in ("N1.", "N2.")
        assert r.used["template"] == "mine/fill"
        assert r.used["question_line"] in (1, 3, 5)
        assert r.used["note_line"] in (7, 9)
    # Each paraphrase is used once before any is used again.
    assert len({r.used["question_line"] for r in rows[:3]}) == len({r.used["question_line"] for r in rows[3:]}) == 3
    assert len({r.used["note_line"] for r in rows[:2]}) == 2


def test_brief_words_take_the_place_of_the_notes(templates, tmp_path):
    brief = TemplateSet.load([tmp_path], "brief")
    rows = phrase("mine", "fill", lengths(12), LENGTH, brief, 6, S, rng())
    assert [r.answer for r in rows] == ["0.5", "0.6", "0.7", "0.8", "0.9", "1.0"]
    assert {r.question.rsplit(" ", 1)[1] for r in rows} == {"B1.", "B2."}
    assert {r.used["note_line"] for r in rows} == {11, 13}
    # A file without briefs keeps its notes.
    (row,) = phrase("mine", "sentence", lengths(1), LENGTH, brief, 1, S, rng())
    assert row.question == "How far? N."


def test_facts_of_one_deck_are_asked_in_other_words_each_time(templates):
    facts = [
        Fact(frames=(0,), objects=(), answer=1.0, slots={"target": Thing(d)}, quantity=str(i), deck=d)
        for i in range(3)
        for d in ("a", "b")
    ]
    rows = phrase("mine", "fill", facts, LENGTH, templates, 6, S, rng())
    for deck in ("a", "b"):
        assert len({r.used["question_line"] for r in rows if r.fact.deck == deck}) == 3


def test_sentence_puts_the_answer_into_words(templates):
    rows = phrase("mine", "sentence", lengths(4), LENGTH, templates, 4, S, rng())
    assert {r.answer for r in rows} <= {
        t.format(v) for v in (0.5, 0.6, 0.7, 0.8) for t in ("Chair (red point) at {} m", "B {}")
    }
    assert Counter(r.used["answer_line"] for r in rows) == {5: 2, 7: 2}


def test_select_lists_options_and_answers_with_the_letter(templates):
    rows = phrase("mine", "select", lengths(40), LENGTH, templates, 12, S, rng())
    assert len(rows) == 12
    for r in rows:
        head, *options = r.question.split("\n")
        assert head == "Pick"
        assert [o[:3] for o in options] == ["A. ", "B. ", "C. ", "D. "]
        assert options["ABCD".index(r.answer)] == f"{r.answer}. {LENGTH.text(r.fact.answer)}"
        assert r.used["options"] == [o[3:] for o in options]
    assert Counter(r.answer for r in rows) == dict.fromkeys("ABCD", 3)


def test_select_between_two(templates):
    green, blue = Thing("chair", "green point"), Thing("lamp", "blue point")
    pairs = ((green, blue), (blue, green))
    facts = [
        Fact(frames=(i,), objects=(i,), answer=pairs[i % 2][0], slots={}, wrong=(pairs[i % 2][1],)) for i in range(4)
    ]
    rows = phrase("mine", "select", facts, WINNER, templates, 4, S, rng(), wrong=1)
    assert [r.answer for r in rows] == ["A", "B", "A", "B"]
    assert rows[0].question == "Pick\nA. chair (green point)\nB. lamp (blue point)"


@pytest.mark.parametrize("axes", [OO_AXES, OO_MULTI_AXES])
def test_judge_claims_one_worded_part_and_half_of_them_hold(templates, axes):
    r = rng(9)
    facts = []
    for i in range(800):
        states = tuple(int(s) for s in r.choice([-1, 0, 1], len(axes)))
        if any(states[:3]):
            slots = {"first": Thing("chair", "red bbox"), "second": Thing("lamp", "blue bbox")}
            facts.append(Fact(frames=(i,), objects=(i,), answer=Directions(axes, states), slots=slots))
    rows = phrase("mine", "judge", facts, DIRECTIONS, templates, 100, S, rng())
    assert Counter(row.answer for row in rows) == {"Yes": 50, "No": 50}
    words = Counter()
    for row in rows:
        claim = row.used["claim"]
        part = {"left": 0, "right": 0, "above": 1, "below": 1, "closer": 2, "farther": 2}[claim]
        assert claim in row.question
        truth = row.fact.answer.words[part]
        assert truth != ""
        assert (row.answer == "Yes") == (truth == claim)
        words[claim] += 1
    assert len(words) == 6
    assert words["above"] == words["below"] <= 5


def phrased(tmp_path, question, slots, form="fill"):
    """Ask one fact in the words of a file of one question."""
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / f"{form}.j2").write_text(f"--- question\nHow far is\n{question}\n")
    fact = Fact(frames=(0,), objects=(), answer=1.0, slots=slots)
    return phrase("other", form, [fact], LENGTH, TemplateSet.load([tmp_path]), 1, S, rng())


@pytest.mark.parametrize(
    "question",
    ["the {{ first }} from\nthe {{ target }}?", "the {{ first }} from\n{{ target | a }}? {{ first if first == 1 }}"],
)
def test_a_slot_that_the_fact_lacks_is_named_with_its_line(tmp_path, question):
    with pytest.raises(TemplateError, match="'target' is undefined") as error:
        phrased(tmp_path, question, {"first": Thing("chair", "red point")})
    assert error.value.where.endswith("fill.j2:4")
    assert "`spargen list templates other`" in error.value.mend


def test_no_question_is_given_the_answer(tmp_path):
    with pytest.raises(TemplateError, match="'answer' is undefined"):
        phrased(tmp_path, "{{ answer }}", {})


CHAIR, RELATION = Thing("chair", "red point"), Directions(OO_AXES, (-1, 1, 0))


@pytest.mark.parametrize(
    ("said", "value", "what"),
    [
        ("{{ x | prose }}", CHAIR, "the filter prose does not fit 'chair (red point)'"),
        ("{{ x | a | prose }}", CHAIR, "the filter prose does not fit 'a chair (red point)'"),
        ("{{ x | prose }}", ["red", "blue"], "the filter prose does not fit \"['red', 'blue']\""),
        ("{{ x | versus }}", "left", "the filter versus does not fit 'left'"),
        ("{{ x | unnamed }}", 3, "the filter unnamed does not fit '3'"),
        ("{{ x | plural }}", CHAIR, "the filter plural does not fit 'chair (red point)'"),
        ("{{ x | label(1) }}", CHAIR, "the filter label does not fit 'chair (red point)'"),
        ("{{ x | prose(watcher='me') }}", RELATION, "the filter prose does not fit 'left, above, '"),
    ],
)
def test_a_filter_that_does_not_fit_its_slot_is_named_with_its_line(tmp_path, said, value, what):
    with pytest.raises(TemplateError) as error:
        phrased(tmp_path, f"{{{{ x }}}}, or\n{said}?", {"x": value})
    assert error.value.what == what
    assert error.value.where.endswith("fill.j2:4")
    assert "docs/adding_a_task.md" in error.value.mend


def test_filters_take_what_they_are_given_by_name(tmp_path):
    (row,) = phrased(tmp_path, "{{ x | prose(observer='door') }}", {"x": RELATION})
    assert row.question.endswith("about the same distance from the door")


@pytest.mark.parametrize(
    "said",
    ["{{ 'far' if x > 3 else 'near' }}", "{{ 'even' if 3 is divisibleby(0) }}", "{{ 'far' if x in 3 else 'x' }}"],
)
def test_whatever_else_cannot_be_filled_is_named_with_its_block(tmp_path, said):
    with pytest.raises(TemplateError) as error:
        phrased(tmp_path, said, {"x": CHAIR})
    assert error.value.where.endswith("fill.j2:1")


def test_the_same_seed_gives_the_same_words(templates):
    a, b, c = (phrase("mine", "fill", lengths(30), LENGTH, templates, 30, S, rng(s)) for s in (1, 1, 2))
    assert a == b
    assert [x.question for x in a] != [x.question for x in c]
