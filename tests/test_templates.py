"""The shipped paraphrases: complete, true to their task, different from each other, and grammatical when filled."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from difflib import SequenceMatcher
from functools import cache
from statistics import mean

import jinja2
import pytest

from spargen.phrase.filters import filters
from spargen.phrase.plain import remarks
from spargen.phrase.templates import TemplateSet
from spargen.qa.answers import OC_AXES, OO_AXES, Directions
from spargen.qa.fact import Thing

TEMPLATES = TemplateSet.load()
FILTERS = filters(TEMPLATES.rules)

# What a question says together with its note, and together with its brief.
SAYS = {
    "centers are meant": r"\bcenters?\b",
    "meters": r"\bmeters?\b",
    "square meters": r"square meters?\b",
    "centimeters": r"\bcentimeters\b",
    "degrees": r"\bdegrees\b",
    "one decimal": r"\bone decimal\b",
    "whole numbers": r"\b(whole|integers?)\b|rounded to",
    "depth runs along the axis": r"(optical|viewing) (axis|direction)",
    "straight line": r"straight[- ]line|euclidean",
    "from the camera": r"camera|observer|viewpoint",
    "without sign": r"absolute|unsigned|positive|never negative",
    "scale of boxes and pixels": r"0 ?(-|to|\N{EN DASH}|and) ?1000",
    "syntax of a box": r"\[x1, y1, x2, y2\]",
    "syntax of a pixel": r"\(x, ?y\)",
    "where the scale begins": r"top left|(right|across).*(down|bottom)",
    "a box holds what is visible": r"\bvisible\b|what (it|that image|the named image) shows",
    "a part is enough": r"\b(in part|partly|partial|any (visible )?part)\b",
    "the earliest of a kind counts": r"anything of|several things|thing of each kind|\bsuch (a )?thing",
    "a letter is wanted": r"\bletter\b",
    "a sentence is wanted": r"\bsentences?\b",
    "yes or no": r"\byes or no\b",
    "nothing but the answer": r"\b(only|just|nothing (else|but)|bare|without|exactly)\b|no (unit|other|space)",
    "world-vertical": r"vertical|gravity|world",
    "what an empty part means": r"empty|blank|left out|no clear",
    "order of three parts seen by one": r"left.{1,4}right.*above.{1,4}below.*front.{1,4}behind",
    "order of three parts of two": r"left.{1,4}right.*above.{1,4}below.*closer.{1,4}farther",
    "order of five parts": (
        r"left.{1,4}right.*above.{1,4}below.*closer.{1,4}farther.*front.{1,4}behind.*front.{1,4}behind"
    ),
    "first frame is Frame-0": r"first[^.]*Frame-0|Frame-0[^.]*first",
    "first image": r"\bfirst image\b",
    "second image": r"\bsecond image\b",
    "each in its own image": r"image (in which|where)|own image|same image",
    "after the move": r"\b(after|once|having|then|now)\b",
    "before the move": r"\bbefore\b",
    "upright box": r"\bupright\b",
    "which side is the length": r"\blonger|\b(no|as) larger?\b",
    "floor under furniture counts": r"\bfurniture\b",
    "ground under inner walls counts": r"\binner walls\b",
    "all rooms count": r"\b(all|every|entire|whole) (the )?(rooms?|floor|scene)\b",
    "none counts twice": r"\b(once|twice|single time|as one|repeated|repeats|raise the count|(one|object) again)\b",
    "the video shows them all": (
        r"shows? (them all|all of them|every one)|comes? into view|every one is visible|each is visible"
        r"|are seen in the clip|out of sight|unseen|leave none"
    ),
    "structure does not count": r"\{\{ building \}\}",
}  # fmt: skip

DEPTH = ["centers are meant", "meters", "one decimal", "depth runs along the axis"]
DISTANCE = ["centers are meant", "meters", "one decimal", "straight line"]
NEAREST = ["centers are meant", "straight line"]
BOX = ["scale of boxes and pixels", "syntax of a box"]
WORDS = ["centers are meant", "what an empty part means", "world-vertical"]
OC, OO, OO5 = "order of three parts seen by one", "order of three parts of two", "order of five parts"
VIDEO = ["first frame is Frame-0"]
FIRST = ["first image"]

# Task: (forms, slots, requirements of all forms, further requirements by form).
TASKS = {
    "depth_prediction_oc": ("fill select sentence", "ref ref_depth_m target", DEPTH, {}),
    "depth_prediction_oo": ("fill select sentence", "ref ref_depth_m first second", [*DEPTH, "without sign"], {}),
    "distance_prediction_oc": ("fill select sentence", "target", [*DISTANCE, "from the camera"], {}),
    "distance_prediction_oo": ("fill select sentence", "first second", DISTANCE, {}),
    "spatial_volume_infer": (
        "fill sentence",
        "target length_cm width_cm height_cm",
        ["centimeters", "whole numbers", "world-vertical", "upright box", "which side is the length"],
        {},
    ),
    "distance_infer_center_oc": (
        "fill select sentence",
        "nearest answer_label building",
        [*NEAREST, *BOX, "a box holds what is visible", "from the camera", "structure does not count"],
        {},
    ),
    "distance_infer_center_oo": ("fill select sentence", "ref blue green nearest winner loser", NEAREST, {}),
    "obj_spatial_relation_oo": (
        "select sentence judge",
        "first second relation claim",
        ["centers are meant", "from the camera"],
        {"select": [*WORDS, OO], "sentence": [*WORDS, OO]},
    ),
    "spatial_imagination_oc": (
        "select sentence",
        "stand face target before after",
        [*WORDS, OC, "after the move"],
        {"sentence": ["before the move"]},
    ),
    "spatial_imagination_oo": (
        "select sentence",
        "stand face first second before after",
        [*WORDS, OO, "after the move"],
        {"sentence": ["before the move"]},
    ),
    "position_matching": ("fill select sentence", "target", [*BOX, *FIRST, "second image"], {}),
    "view_change_infer": (
        "fill sentence",
        "move_x move_x_m move_y move_y_m move_z move_z_m turn_pitch turn_pitch_deg turn_yaw turn_yaw_deg",
        ["meters", "one decimal", "degrees", *FIRST, "world-vertical"],
        {},
    ),
    "camera_motion_infer": (
        "fill select sentence",
        "pixel depth_m",
        [
            *FIRST,
            "scale of boxes and pixels",
            "where the scale begins",
            "syntax of a pixel",
            "meters",
            "one decimal",
            "depth runs along the axis",
        ],
        {},
    ),
    "depth_prediction_oc_mv": (
        "fill select sentence",
        "ref ref_depth_m target",
        [*DEPTH, "each in its own image"],
        {},
    ),
    "depth_prediction_oo_mv": (
        "fill select sentence",
        "ref ref_depth_m first second",
        [*DEPTH, "without sign", "each in its own image"],
        {},
    ),
    "distance_prediction_oc_mv": ("fill select sentence", "target", [*DISTANCE, *FIRST], {}),
    "distance_prediction_oo_mv": ("fill select sentence", "first second", DISTANCE, {}),
    "distance_infer_center_oc_mv": (
        "fill select sentence",
        "nearest answer_label building",
        [*NEAREST, *BOX, "a box holds what is visible", *FIRST, "structure does not count"],
        {},
    ),
    "distance_infer_center_oo_mv": ("fill select sentence", "ref blue green nearest winner loser", NEAREST, {}),
    "obj_spatial_relation_oc_mv": ("select sentence", "target relation", [*WORDS, OC, *FIRST], {}),
    "obj_spatial_relation_oo_mv": (
        "select sentence judge",
        "first second relation first_fb second_fb claim",
        ["centers are meant", *FIRST],
        {"select": [*WORDS, OO5], "sentence": [*WORDS, OO5]},
    ),
    "spatial_imagination_oc_mv": (
        "select sentence",
        "stand face target before after",
        [*WORDS, OC, "after the move"],
        {"sentence": ["before the move", *FIRST]},
    ),
    "spatial_imagination_oo_mv": (
        "select sentence",
        "stand face first second before before_first_fb before_second_fb after after_first_fb after_second_fb",
        [*WORDS, OO5, "after the move"],
        {"sentence": ["before the move", *FIRST]},
    ),
    "spatial_imagination_map_mv": ("sentence", "objects", [*FIRST, "centers are meant", "meters", "one decimal"], {}),
    "distance_prediction_oo_video": ("fill select sentence", "first second", [*DISTANCE, *VIDEO], {}),
    "distance_infer_center_oo_video": ("fill select sentence", "ref candidates nearest winner", [*NEAREST, *VIDEO], {}),
    "spatial_imagination_oc_video": (
        "sentence",
        "stand face target before after",
        [*WORDS, OC, *VIDEO, "before the move", "after the move"],
        {},
    ),
    "spatial_imagination_oo_video": (
        "sentence",
        "stand face first second before before_first_fb before_second_fb after after_first_fb after_second_fb",
        [*WORDS, OO5, *VIDEO, "before the move", "after the move"],
        {},
    ),
    "spatial_imagination_oc_video_hard": (
        "sentence",
        "stand face target after",
        [*WORDS, OC, *VIDEO, "after the move"],
        {},
    ),
    "spatial_imagination_oo_video_hard": (
        "sentence",
        "stand face first second after after_first_fb after_second_fb",
        [*WORDS, OO5, *VIDEO, "after the move"],
        {},
    ),
    "obj_frame_locate": ("sentence", "target", VIDEO, {}),
    "appearance_order": (
        "fill sentence",
        "labels",
        [*VIDEO, "a part is enough", "the earliest of a kind counts"],
        {},
    ),
    "room_size": (
        "fill select sentence",
        "",
        [
            *VIDEO,
            "square meters",
            "whole numbers",
            "floor under furniture counts",
            "ground under inner walls counts",
            "all rooms count",
        ],
        {},
    ),
    "obj_count": (
        "fill sentence",
        "label",
        [*VIDEO, "whole numbers", "none counts twice", "the video shows them all"],
        {},
    ),
    "nav_video": ("sentence", "", VIDEO, {}),
}
FIXED_SYNTAX = {"spatial_imagination_map_mv", "obj_frame_locate", "nav_video"}
"""Tasks whose sentence form prints the bare answer."""
BY_FORM = {
    "fill": ["nothing but the answer"],
    "select": ["a letter is wanted"],
    "sentence": ["a sentence is wanted"],
    "judge": ["yes or no"],
}

# Words that ask for another quantity, unit or medium than the answer has.
OTHER_UNITS = r"\b(feet|foot|inch(es)?|yards?|millimeters?|kilometers?|mm|km|radians?)\b"
FORBIDDEN = {
    "depth_": r"\bdistan(ce|t)\b|straight[- ]line|euclidean|centimeter|\bhow far (is|away)\b|\bfar apart are they\b",
    "distance_": r"\bdepths?\b|\bdeep\b|optical axis|centimeter",
    "spatial_volume": r"(?<!centi)\bmeters\b|\bdepth\b|cubic|\bliters?\b",
    "room_size": r"cubic|(?<!square )\bmeters\b|\bfeet\b|depth|outer walls"
    r"|\bfloors?( space| area)? (seen|shown|(that|which) th(e|is) (clip|video|camera|frames?))",
    "obj_count": r"\bmeters?\b",
    "appearance_order": r"\bmeters?\b",
    "camera_motion": r"centimeter|straight[- ]line distance",
    # A part that rounds to 0 may have either of its two words.
    "view_change": r"\bfor no (move|turn)\b|\bstays? \(",
}
VIDEO_WORDS = r"\b(images?|photos?)\b"
VIDEO_TASKS = ("obj_frame_locate", "appearance_order", "room_size", "obj_count")

CELLS = [(task, form) for task, (forms, *_) in TASKS.items() for form in forms.split()]
PRESENT = [cell for cell in CELLS if cell[1] in TEMPLATES.forms(cell[0])]


@cache
def wording(task, form):
    return TEMPLATES.wording(task, form)


def pairs(task, form):
    w = wording(task, form)
    for question, end in itertools.product(w.questions, (*w.notes, *w.briefs)):
        yield question, end, f"{question.text} {end.text}"


def test_the_files_are_those_of_the_tasks_and_forms():
    found = {(task, form) for task in TEMPLATES.tasks() for form in TEMPLATES.forms(task)}
    assert found == set(CELLS)


@pytest.mark.parametrize(("task", "form"), PRESENT)
def test_every_question_with_every_note_or_brief_says_all_that_the_answer_needs(task, form):
    _, slots, always, more = TASKS[task]
    needs = [*always, *more.get(form, []), *([] if task in FIXED_SYNTAX else BY_FORM[form])]
    missing = {
        (need, question.line, end.line)
        for question, end, text in pairs(task, form)
        for need in needs
        if not re.search(SAYS[need], text, re.IGNORECASE)
    }
    assert not missing
    for question in wording(task, form).questions:
        told = question.slots
        required = {s for s in slots.split() if s in ASKED}
        assert required <= told, (question.line, required - told)


ASKED = {
    "ref",
    "ref_depth_m",
    "target",
    "first",
    "second",
    "blue",
    "green",
    "nearest",
    "stand",
    "face",
    "labels",
    "label",
}
ASKED |= {"candidates", "objects"}
"""Slots without which a question is not the question: the told depth, the objects, nearest or farthest."""


@pytest.mark.parametrize(("task", "form"), PRESENT)
def test_only_known_slots_and_answers_that_say_the_answer(task, form):
    slots = {*TASKS[task][1].split(), "answer"}
    w = wording(task, form)
    TEMPLATES.check(task, slots)
    hidden = {"answer", "relation", "before", "after", "winner", "loser", "answer_label", "pixel", "depth_m"}
    hidden |= {s for s in slots if s.endswith(("_fb", "_cm", "_deg")) or s.startswith(("move_", "turn_"))}
    for block in (*w.questions, *w.notes, *w.briefs):
        assert not block.slots & hidden, block.line
    if form != "judge":
        assert all("claim" not in b.slots for b in w.blocks())
    else:
        assert all("claim" in b.slots for b in w.questions)
    told = {
        "spatial_volume_infer": {"length_cm", "width_cm", "height_cm"},
        "view_change_infer": {s for s in slots if s != "answer"},
    }
    told["camera_motion_infer"] = {"pixel", "depth_m"}
    for block in w.answers:
        used = block.slots
        whole = {s for s in slots if s in {"relation", "before", "after", "winner"} or s.endswith("_fb")}
        needed = told.get(task, whole or {"answer"})
        assert needed <= used or (used & {"answer"} and task in told), (block.line, needed - used)


@pytest.mark.parametrize(("task", "form"), PRESENT)
def test_there_are_enough_of_them(task, form):
    w = wording(task, form)
    assert len(w.questions) >= (20 if task in ("room_size", "obj_count") else 12)
    assert len(w.notes) >= 3
    assert len(w.briefs) >= 4
    if form == "sentence" and task not in FIXED_SYNTAX:
        assert len(w.answers) >= 6
    else:
        assert not w.answers


@pytest.mark.parametrize(("task", "form"), PRESENT)
def test_who_is_compared_with_whom_is_said(task, form):
    """Closer to the bed than the lamp: than the lamp is, or than to the lamp?"""
    for block in wording(task, form).answers:
        assert not re.search(r"(to|from)\" \}\} the.*than (the|that of the) \{\{ loser \}\}\.", block.text), block.line


@pytest.mark.parametrize(("task", "form"), PRESENT)
def test_a_told_number_of_meters_is_called_a_depth(task, form):
    for block in (*wording(task, form).questions, *wording(task, form).answers):
        bare = r"\b(with|using|given) \{\{ ref_depth_m \}\} meters for\b|\{\{ ref_depth_m \}\} meters were\b"
        assert not re.search(bare, block.text, re.IGNORECASE), block.line


POLITE = r"\b(please|could you|can you|would you|tell me|kindly|also)\b"


def bag(text):
    return frozenset(re.sub(r"[^a-z_{} ]", "", re.sub(POLITE, "", text.lower())).split())


def alike(a, b):
    return len(a & b) / max(1, len(a | b))


@pytest.mark.parametrize(("task", "form"), PRESENT)
def test_no_two_paraphrases_are_alike(task, form):
    w = wording(task, form)
    for blocks in (w.questions, w.notes, w.briefs):
        for a, b in itertools.combinations(blocks, 2):
            assert alike(bag(a.text), bag(b.text)) <= 0.8, (a.line, b.line)
    # Answers are short and share their slots, so they may differ by the order of words as well.
    for a, b in itertools.combinations(w.answers, 2):
        assert SequenceMatcher(a=a.text.split(), b=b.text.split(), autojunk=False).ratio() <= 0.9, (a.line, b.line)


@pytest.mark.parametrize(("task", "form"), PRESENT)
def test_questions_begin_in_many_ways(task, form):
    questions = wording(task, form).questions
    (opening, times), *_ = Counter(" ".join(q.text.lower().split()[:2]) for q in questions).most_common(1)
    assert times <= len(questions) / 3, opening


@pytest.mark.parametrize(("task", "form"), PRESENT)
def test_words_are_plain_and_brief_questions_are_short(task, form):
    """What `spargen check` would remark on is an error here."""
    video = "video" in task or task in VIDEO_TASKS
    assert remarks(TemplateSet.load(words="brief"), task, form, video=video) == []


@pytest.mark.parametrize(("task", "form"), PRESENT)
def test_every_brief_is_shorter_than_the_mean_note(task, form):
    w = wording(task, form)
    assert max(len(b.text.split()) for b in w.briefs) < mean(len(n.text.split()) for n in w.notes)


@pytest.mark.parametrize("task", sorted({task for task, _ in PRESENT}))
def test_the_forms_of_a_task_do_not_share_questions(task):
    forms = TEMPLATES.forms(task)
    for one, two in itertools.combinations(forms, 2):
        for a in wording(task, one).questions:
            for b in wording(task, two).questions:
                assert bag(a.text) != bag(b.text), (one, a.line, two, b.line)


@pytest.mark.parametrize(("task", "form"), PRESENT)
def test_nothing_asks_for_another_quantity_unit_or_medium(task, form):
    family = next((pattern for name, pattern in FORBIDDEN.items() if task.startswith(name)), r"(?!)")
    for block in wording(task, form).blocks():
        text = re.sub(r"\{\{.*?\}\}", "X", block.text)
        assert not re.search(OTHER_UNITS, text, re.IGNORECASE), block.line
        assert not re.search(family, text, re.IGNORECASE), (block.line, text)
        assert "<image>" not in text
        if "video" in task or task in VIDEO_TASKS:
            assert not re.search(VIDEO_WORDS, text, re.IGNORECASE), (block.line, text)
        if task.endswith("_mv"):
            assert not re.search(r"\b(three|3) (images|views|pictures)\b", text, re.IGNORECASE), block.line
        if task.endswith("_mv") or ("video" in task and task != "nav_video"):
            # Several images, and clips, may lead through several rooms.
            assert not re.search(r"\broom\b", text, re.IGNORECASE), block.line
        assert not re.search(r"centre|metre|colour|neighbour|towards\b.*\btoward\b", text, re.IGNORECASE), block.line


# -- filled with awkward names -------------------------------------------------------------------------------------

LABELS = ("office chair", "books", "hour glass", "umbrella", "unit", "tv")
OC3, OO3 = Directions(OC_AXES, (1, 0, 1)), Directions(OO_AXES, (-1, -1, 0))


def slots_of(task, k):
    """Slots as a task would fill them, each thing with another awkward label."""
    names = itertools.cycle(LABELS[k % len(LABELS) :] + LABELS[: k % len(LABELS)])
    pair = "oo" in task.split("_")
    fb = [Directions(("fb",), (s,)) for s in (1, 0, -1)]

    def thing(mark):
        return Thing(next(names), mark, "in Frame-3" if "video" in task else "")

    filled = {
        "ref": thing("red point"),
        "target": thing("blue point"),
        "first": thing("blue point"),
        "second": thing("green point"),
        "stand": thing("green bbox"),
        "face": thing("blue bbox"),
        "green": thing("green point"),
        "blue": thing("blue point"),
        "winner": thing("green point"),
        "loser": thing("blue point"),
        "relation": OO3 if pair else OC3,
        "before": OO3 if pair else OC3,
        "after": OO3 if pair else OC3,
        "claim": Directions(("cf",), (1 if k % 2 else -1,)),
        "nearest": k % 2 == 0,
        "label": LABELS[k % len(LABELS)],
        "answer_label": LABELS[k % len(LABELS)],
        "labels": "office chair, umbrella, unit and tv",
        "candidates": "office chair (in Frame-1, point0) and unit (in Frame-2, point1)",
        "objects": "office chair (Object0), books (Object1) and unit (Object2)",
        "building": "walls, floors and door frames",
        "answer": "2.0",
        "ref_depth_m": "1.5",
        "pixel": "(606,69)",
        "depth_m": "2.8",
    }
    filled |= {name: fb[(k + i) % 3] for i, name in enumerate(("first_fb", "second_fb"))}
    for when in ("before", "after"):
        filled |= {f"{when}_first_fb": fb[k % 3], f"{when}_second_fb": fb[(k + 1) % 3]}
    filled |= {"length_cm": 120, "width_cm": 60, "height_cm": 75}
    moves = "move_x:right move_y:up move_z:forward turn_pitch:up turn_yaw:left"
    for pair_text in moves.split():
        name, word = pair_text.split(":")
        filled |= {name: word, f"{name}_m": "1.6", f"{name}_deg": "15"}
    known = {*TASKS[task][1].split(), "answer"}
    return {name: value for name, value in filled.items() if name in known}


PROBLEMS = {
    "a doubled space": r"  ",
    "a doubled word": r"\b(the|a|an|of|to|is|in|and|that|from|at|by|with|on|for|where|which) \1\b",
    "two articles": r"\b(the|a|an|some) (the|a|an|some)\b",
    "a where an belongs": r"\ba (office|umbrella|hour)\b",
    "an where a belongs": r"\ban (unit|tv|books)\b",
    "an article before a plural": r"\b(a|an) books\b",
    "an unfilled slot": r"[{}]",
    "a space before a mark": r" [,.;:?!]",
    "two marks": r"[,;:?!]{2}|(?<!\.)\.\.(?!\.)|\?\.|[,;]\.",
    "a sentence without capital": r"[.?!] +[a-z]",
    "words run together": r"[a-z][,;?!][a-z]|[a-z]\.[a-z]",
    "an empty place": r"\b(the|a|an) [,.;?]",
    "a comma without an and": r"\b(in front|behind), (?!and\b)(\w+ \w+ of |that of |Object\d)",
    "a Python value": r"\bNone\b|\bTrue\b|\bFalse\b|Undefined|Thing\(|Directions\(",
    "plural doubled": r"bookss|bookses|tvss",
}


FORMATS = "|".join(
    (
        r"i\.e\.",
        r"trailing \.0",
        r"word:number(,word:number)*",
        r"length,width,height",
        r"\(x, ?y\)(,d)?",
        r"Object\d :\(\S+?\)\.?( and)?",
        r"(move|rotate)_\w+(:\S*?\d)?",
        r"\d+,\d+,\d+",
        r" \.\.\.",
    )
)
"""Answer formats that a text quotes: their marks are not the text's."""


SINGULAR = "is|was|has|does|lies|stands|sits|looks|appears|seems|comes|turns|takes|belongs"
GOVERNING = (
    "of|to|from|and|or|than|with|as|at|on|in|by|for|between|behind|above|below|toward|facing|faces|around|beside"
)


def disagreement(text):
    """Where a verb does not agree with the plural label that is its subject, or a plural label owns something."""
    named = r"(?:the|some) books(?: \([^)]*\))*"
    for found in re.finditer(rf"(?:(\w+) )?{named} (?:{SINGULAR})\b", text, re.IGNORECASE):
        if not re.fullmatch(GOVERNING, found[1] or "", re.IGNORECASE):
            return found[0]
    owner = re.search(rf"\b(?:is|was|has|does) {named}|{named}'", text, re.IGNORECASE)
    return owner and owner[0]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("The books (red point) is far.", "The books (red point) is"),
        ("The books (red point) are far.", None),
        ("From there, the books (in Frame-3) (red point) lies ahead.", "the books (in Frame-3) (red point) lies"),
        ("The center of the books (red point) is far.", None),
        ("The chair and the books lies behind.", None),
        ("How far is the books (red point)?", "is the books (red point)"),
        ("How far is it to the books?", None),
        ("The object marked as the books (red bbox) appears here.", None),
        ("Take the books (red point)'s center.", "the books (red point)'"),
    ],
)
def test_verbs_that_do_not_agree_are_found(text, fault):
    assert disagreement(text) == fault


@pytest.mark.parametrize(("task", "form"), PRESENT)
def test_filled_with_awkward_names_it_still_reads(task, form):
    w = wording(task, form)
    seen = set()
    for k in range(len(LABELS)):
        slots = slots_of(task, k)
        for block in w.blocks():
            text = block.fill(slots)
            text = text[:1].upper() + text[1:]
            assert re.search(r"[.?!:\"]$|\)$", text.strip()), (block.line, text)
            shown = re.sub(FORMATS, "X", text)
            for what, pattern in PROBLEMS.items():
                found = re.search(pattern, shown)
                assert not found, (what, block.line, found.group(), text)
            assert disagreement(text) is None, (block.line, disagreement(text), text)
            seen.add(text)
    assert len(seen) >= len(list(w.blocks()))


# -- what is asked for and what is answered ------------------------------------------------------------------------

IN_ORDER = [
    "relation first_fb second_fb",
    "before before_first_fb before_second_fb after after_first_fb after_second_fb",
    "length_cm width_cm height_cm",
    "move_x_m move_y_m move_z_m turn_pitch_deg turn_yaw_deg",
]
"""Parts of an answer, in the order in which notes and briefs ask for them."""
SENTENCES = [(task, form) for task, form in PRESENT if form == "sentence" and task not in FIXED_SYNTAX]


@pytest.mark.parametrize(("task", "form"), SENTENCES)
def test_an_answer_has_its_parts_in_the_order_that_is_asked_for(task, form):
    w = wording(task, form)
    for block in w.answers:
        names = block.environment.parse(block.text).find_all(jinja2.nodes.Name)
        used = list(dict.fromkeys(name.name for name in names))
        for order in IN_ORDER:
            wanted = [slot for slot in order.split() if slot in used]
            assert [slot for slot in used if slot in wanted] == wanted, block.line
    if "before" in TASKS[task][1].split():
        for end in (*w.notes, *w.briefs):
            assert re.search(r"\bbefore\b.*\bafter\b", end.text, re.IGNORECASE), end.line


@pytest.mark.parametrize(("task", "form"), SENTENCES)
def test_an_answer_asked_for_in_a_sentence_is_one_and_in_sentences_is_several(task, form):
    w = wording(task, form)
    (several,) = {bool(re.search(r"\bsentences\b", end.text)) for end in (*w.notes, *w.briefs)}
    for k in range(len(LABELS)):
        for block in w.answers:
            said = re.sub(FORMATS, "X", block.fill(slots_of(task, k)))
            assert (len(re.findall(r"[.?!](?= |$)", said)) > 1) == several, (block.line, said)


def test_every_filter_is_there():
    assert set(FILTERS) == {"a", "is", "label", "plural", "prose", "unnamed", "versus"}
    environment = jinja2.Environment()
    environment.filters.update(FILTERS)
    used = set()
    for task, form in PRESENT:
        for block in wording(task, form).blocks():
            used |= {node.name for node in environment.parse(block.text).find_all(jinja2.nodes.Filter)}
    assert used <= set(FILTERS)
    assert {"is", "plural", "prose", "unnamed", "versus"} <= used


@pytest.mark.parametrize(("task", "form"), PRESENT)
def test_no_jinja_beyond_slots_and_filters(task, form):
    for block in wording(task, form).blocks():
        assert "{%" not in block.text, block.line
        for inside in re.findall(r"\{\{(.*?)\}\}", block.text):
            assert re.fullmatch(r'\s*(\w+(\s*\|\s*\w+(\("\w+"\))?)?|"[^"]*"\s+if\s+\w+\s+else\s+"[^"]*")\s*', inside), (
                block.line,
                inside,
            )
