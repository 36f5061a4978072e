"""Words that are not plain, questions that are too long and blocks that are missing are named with file and line."""

import re

import pytest

from spargen.phrase.plain import plain_rules, remarks
from spargen.phrase.templates import TemplateSet
from spargen.scene.labels import label_rules

PLAIN = "--- question\nHow far is it to the {{ target }}?\n--- note\nIn meters.\n--- brief\nMeters.\n"


@pytest.fixture
def look(tmp_path):
    """Return a function that writes a file of a task and returns the remarks on it, without the folder's name."""

    def look(text, words="full", task="mine", video=False):
        file = tmp_path / task / "fill.j2"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        found = remarks(TemplateSet.load([tmp_path], words), task, "fill", video=video)
        assert all(line.startswith(f"{file}:") for line in found)
        return [line.removeprefix(f"{file}:") for line in found]

    return look


@pytest.mark.parametrize("words", ["full", "brief"])
def test_plain_words_are_let_pass(look, words):
    assert look(PLAIN, words) == []


TURNS = [
    "In the picture, what is it?",
    "Pictures show it.",
    "Is it laterally aligned?",
    "Which one is more far?",
    "Do you go less far?",
    "Which one is more distant?",
    "Which one is most distant of the two?",
    "Draw a 3-D box with one vertical side.",
    "It is as deep as its center is far ahead.",
    "There it would be found.",
    "From there one has the lamp on the left.",
    "How far must a moth go?",
    "Hang a garland between them.",
    "Stretch a string to it.",
    "The insurance form asks for it.",
    "All of them are wiped.",
    "Each pillow counts.",
]


@pytest.mark.parametrize("turn", TURNS)
def test_a_turn_that_is_not_plain_is_named_with_its_line(look, turn):
    (found,) = look(f"{PLAIN}--- question\nNow then.\n{turn}\n")
    line, said = re.match(r'(\d+): "(.+)" is not plain; write: \S', found).groups()
    assert int(line) == 9
    assert said.lower() in turn.lower()


def test_every_turn_of_the_list_is_tried():
    for turn in plain_rules().turns:
        assert any(re.search(turn, text, re.IGNORECASE) for text in TURNS), turn


@pytest.mark.parametrize("block", ["question", "note", "brief", "answer"])
def test_turns_are_looked_for_in_every_block_and_over_the_end_of_a_line(look, block):
    (found,) = look(f"{PLAIN}--- {block}\nGo to what is more\nfar away.\n")
    assert found.startswith('8: "more far"')


@pytest.mark.parametrize(
    "fine",
    [
        "Which {{ picture }} is it?",  # what a slot prints is the scene's
        "Is the {{ target | pillow }}\nplural?",
        "Depict it; the pictured antique is wired, wipeable and stringent.",
    ],
)
def test_slots_and_longer_words_are_no_turns(look, fine):
    assert look(f"{PLAIN}--- question\n{fine}\n") == []


def test_texts_within_a_slot_are_said_by_the_file(look):
    (found,) = look(f"{PLAIN}--- question\nThe\n{{{{ \"closest\" if nearest\nelse 'most distant' }}}} one?\n")
    assert found.startswith('9: "most distant"')


def filler(n):
    return " ".join(["word"] * n)


@pytest.mark.parametrize(
    ("task", "most"), [("mine", 60), ("spatial_imagination_mine", 90), ("imagination_of_mine", 60)]
)
def test_a_question_counts_with_the_longest_brief(look, task, most):
    def text(question, *briefs):
        blocks = [f"--- question\n{filler(question)}", *(f"--- brief\n{filler(n)}" for n in briefs)]
        return "\n".join([*blocks, "--- note", filler(200), "--- answer", filler(200), ""])

    assert look(text(20, most - 20, 3), task=task) == []
    (found,) = look(text(21, 3, most - 20), task=task)
    assert found == f"1: about {most + 1} words in all; `words: brief` is for {most} at most"


@pytest.mark.parametrize(
    ("slot", "video", "words"),
    [
        ("{{ target }}", False, 5),  # paper towel dispenser (red point)
        ("{{ target }}", True, 7),  # paper towel dispenser (in Frame-23) (red bbox)
        ("{{ target | a }}", False, 5),
        ("{{ target | label }}", True, 3),
        ("{{ label | plural }}", False, 3),
        ("{{ ref_depth_m }}", False, 1),
        ("{{ claim | versus }}", False, 5),
        ('{{ "closest" if nearest else "most far away" }}', False, 3),
        ("{% if nearest %}closest{% else %}farthest{% endif %}", False, 2),
        ("{{ building }}", False, 13),
        ("{{ candidates }}", True, 20),
        ("{# a remark #}", False, 0),
    ],
)
def test_slots_count_as_what_they_typically_hold(look, slot, video, words):
    fits = f"--- question\n{filler(60 - words)} {slot}\n--- brief\n"
    assert [line for line in look(f"{fits}{{# none #}}\n", video=video) if "about" in line] == []
    (found,) = (line for line in look(f"{fits}one\n", video=video) if "about" in line)
    assert found == "1: about 61 words in all; `words: brief` is for 60 at most"


def test_a_file_without_the_blocks_that_a_job_wants_takes_the_others_and_says_so(look):
    notes = f"--- question\n{filler(50)}\n--- note\n{filler(11)}\n"
    assert look(notes) == []
    assert look(notes, "brief") == [
        "1: no brief block, so `words: brief` takes the note blocks",
        "1: about 61 words in all; `words: brief` is for 60 at most",
    ]
    briefs = notes.replace("note", "brief").replace("50", "4")
    assert look(briefs)[0] == "1: no note block, so `words: full` takes the brief blocks"
    # A question may say all that its answer needs.
    alone = "--- question\nHow far, in meters?\n"
    assert look(alone) == look(alone, "brief") == []


def test_the_parts_of_the_building_count_as_they_are_said():
    assert plain_rules().typical["building"] == label_rules().building_phrase
