"""What labels mean, against loops over the word lists."""

import naive
import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from spargen.scene.labels import FLOORS, UNASKED, LabelRules, LabelTable, clash_matrix, label_file, label_rules

RULES = label_rules()
KINDS, GROUPS = list(RULES.building), naive.label_groups(RULES)


def table(*labels, doubtful=None):
    return LabelTable.of(labels, RULES, doubtful)


def named(labels, doubtful=None):
    return {name: members.tolist() for name, members in table(*labels, doubtful=doubtful).kinds(labels)}


@pytest.mark.parametrize(
    ("label", "key"),
    [
        ("Chair", "chair"),
        ("office  chairs", "office chair"),
        ("Trash_Can", "trash can"),
        ("boxes", "box"),
        ("shelves", "shelf"),
        ("bookshelves", "bookshelf"),
        ("glass", "glass"),
        ("glasses", "glass"),
        ("batteries", "battery"),
        ("benches", "bench"),
        ("mattress", "mattress"),
        ("cactus", "cactus"),
        ("people", "person"),
        ("vases", "vase"),
        ("houses", "house"),
        ("tv", "tv"),
        ("bus", "bus"),
        ("skis", "ski"),
        ("CDs", "cd"),
        ("tvs", "tv"),
        ("dvds", "dvd"),
        ("gas", "gas"),
        ("gps", "gps"),
        ("buses", "bus"),
        ("lenses", "lens"),
        ("shoes", "shoe"),
        ("canvases", "canvas"),
        ("dresser", "dresser"),
        ("dressers", "dresser"),
        ("presser", "presser"),
        ("cookies", "cookie"),
        ("ties", "tie"),
        ("potatoes", "potato"),
        ("stairs", "stair"),
        ("christmas", "christmas"),
        ("chair 2", "chair"),
        ("Wall2", "wall"),
        ("chair_12", "chair"),
        ("chairs (3)", "chair"),
        ("3d printer", "3d printer"),
        ("rj45 outlet", "rj45 outlet"),
        ("thermos", "thermos"),
        ("", ""),
    ],
)
def test_singular_lower_case(label, key):
    assert RULES.key(label) == key
    assert RULES.key(key) == key


# ----------------------------------------------------------------------------------------------- parts of the building
PARTS = {
    "walls": "wall,Walls,shower wall,shower walls,closet wall,pantry walls,bath walls,partition wall,glass wall,"
    "wall tile,wall /other room,shower wal,shower ewall,wall2,wall 12,Wall_3,wall tiles (2),backwall",
    "floors": "floor,closet floor,Shower_Floor,raised floor,flooring,floor tiles,ground,flor",
    "ceilings": "ceiling,ceilings,closet ceiling,fake ceiling,suspended ceiling,ceiling tile,ceiliing,"
    "cieling,celing,ceilng,false cieling",
    "doors": "door,doors,sliding door,closet doors,shower door,bathroom stall door,garage door,sliding wood door,"
    "sliding glass door,french door,hall door,glass doors,dor,door 2,open door,screen door,front door",
    "door and window frames": "door frame,doorframe,closet doorframe,sliding door frame,window frame,windowframe,"
    "window casing,doorframw,doorfrmae,door jamb,doorjamb,door post,doorway frame,closet doorway frame,windw frame",
    "stairs": "stair,stairs,staircase,level 2 stair case,stair step,stair steps,stairway,staicase",
    "railings": "railing,stair railing,stair railling,hand rail,handrail,hand-rail,metal handrail,stair rail,banister,"
    "bannister,raling,stair raling",
    "columns": "column,pillar,structural columns,decorative pillar,colum,collumn,piller",
    "beams": "beam,wood beam,ceiling beam,steel beams",
    UNASKED: "windowsill,window sill,sill,ledge,window ledge,baseboard,divider,room divider,partition,shower partition,"
    "bathroom stall,doorway,roof,backsplash,kitchen back splash,wall panel,wall paper,cabinet door,cabinet doors,"
    "open cabinet door,oven door,mirror doors,panel door,electric panel door,car door,wardrobe door,elevator,"
    "washer door,washing machine door,dryer doors,stove door,drawer door,desk door,dresser door,tv stand door,"
    "minifridge door,mini fridge door,kitchen fridge door,fireplace door,nightstand door,cabinett door,wardobe door,"
    "platform,soffit,wood panel,wooden panels,cabinet side panel,devider,door treshold,door/window,"
    "window/door,door or window,wall and whiteboard,part of wall,stairwell,downstairs,stairs (exit),painting on wall",
}
THINGS = (
    "chair,towel rail,curtain rail,blind rail,clothes rail,picture frame,bed frame,bedframe,photo frame,window,windows,"
    "french window,step stool,stepstool,floor lamp,floor mat,wall clock,wall lamp,door mat,doormat,ceiling fan,"
    "ceiling light,wall cabinet,wall hanging,closet,closet rod,shower,shower curtain,stair gate,doorknob,door handle,"
    "columnist,beamer,wallet,floral box,window blind,door stopper,shower head,roomba,outdoor bench,staircase poster,"
    "skylight,canister,wheel,stars,pillow,pillar candle,ceiling fan 2,wall clock/calendar,box of door knobs,"
    "sailing boat,balloon,window,windows,door stopper,stage light,panelboard,control panel"
)


@pytest.mark.parametrize(("part", "label"), [(p, label) for p, listed in PARTS.items() for label in listed.split(",")])
def test_parts_of_the_building_are_never_asked_about(part, label):
    assert RULES.part(label) == part
    t = table(label, "chair")
    assert t.askable.tolist() == [False, True]
    assert t.countable.tolist() == [False, True]
    # What the words name does not count; what they do not name is there, and can spoil an answer.
    assert t.present.tolist() == [part == UNASKED, True]
    assert t.floor.tolist() == [part == FLOORS, False]


@pytest.mark.parametrize("label", THINGS.split(","))
def test_what_only_sounds_like_a_part_of_the_building_is_a_thing(label):
    assert RULES.part(label) is None
    t = table(label)
    assert t.present.all()
    assert t.askable.all()
    assert not t.floor.any()


def test_the_words_name_just_the_kinds_that_are_left_out():
    assert RULES.building_phrase == (
        "walls, floors, ceilings, doors, door and window frames, stairs, railings, columns and beams"
    )
    assert [kind for kind in PARTS if kind != UNASKED] == KINDS
    for kind, entries in RULES.building.items():
        assert not table(*entries).present.any(), kind


def test_other_lists_change_the_words_with_the_truth():
    lists = RULES.model_dump() | {"building": {"floors": ["floor"], "windows": ["window", "skylight"]}}
    rules = LabelRules.model_validate(lists)
    assert rules.building_phrase == "floors and windows"
    t = LabelTable.of(["floor", "window", "wall", "chair"], rules)
    assert t.present.tolist() == [False, False, True, True]
    assert t.rules is rules


@pytest.mark.parametrize(
    "label",
    [
        "object",
        "Objects",
        "other furniture",
        "otherfurniture",
        "remove",
        "",
        "?",
        "/",
        "rail",
        "frame",
        "object 2",
        "frame/rail",
    ],
)
def test_what_has_no_name_is_there_but_not_asked_about(label):
    t = table(label, "chair")
    assert t.present.tolist() == [True, True]
    assert t.askable.tolist() == [False, True]
    assert t.countable.tolist() == [False, True]


def test_only_a_whole_label_says_nothing():
    assert table("decorative object", "towel rail", "picture frame", "control panel", "object/lamp").askable.all()


# ------------------------------------------------------------------------------------------------------------ doubtful
def test_a_doubtful_object_is_there_but_not_asked_about():
    labels = ["towel", "lamp", "wall"]
    t = table(*labels, doubtful=[True, False, True])
    assert t.doubtful.tolist() == [True, False, True]
    assert t.present.tolist() == [True, True, False]
    assert t.askable.tolist() == [False, True, False]
    assert t.countable.tolist() == [False, True, False]
    assert table(*labels).doubtful.tolist() == [False] * 3


def test_no_kind_with_a_doubtful_object_is_counted_ordered_or_named():
    labels = ["chair", "chair 2", "lamp", "lamp", "piano"]
    assert named(labels) == {"chair": [0, 1], "lamp": [2, 3], "piano": [4]}
    assert named(labels, [False, True, False, False, False]) == {"lamp": [2, 3], "piano": [4]}
    assert named(labels, [False, False, False, False, True]) == {"chair": [0, 1], "lamp": [2, 3]}
    assert table("piano", "lamp", doubtful=[True, False]).unique.tolist() == [False, True]
    # One doubtful chair makes the name of the other one ambiguous.
    assert table("chair", "chair", doubtful=[True, False]).unique.tolist() == [False, False]


# ------------------------------------------------------------------------------------------------------------- clashes
@pytest.mark.parametrize(
    ("a", "b", "clashes"),
    [
        ("chair", "Chairs", True),
        ("chair", "office chair", True),
        ("chair", "wheelchair", True),
        ("board", "keyboard", True),
        ("office chair", "desk chair", True),
        ("office chair", "stool", True),
        ("couch", "sofa", True),
        ("wooden desk", "table", True),
        ("trash can", "recycling bin", True),
        ("tv", "monitor", True),
        ("tv", "tv stand", False),
        ("chair", "table", False),
        ("lamp", "lampshade", False),
        ("piano", "window", False),
        # What is put together, and what stands before a number
        ("box", "box of tissue", True),
        ("cardboard box", "boxes of tissues", True),
        ("tissue", "box of tissue", True),
        ("bag", "bag of food", True),
        ("chair", "stack of folded chair", True),
        ("chair", "pile of chairs", True),
        ("shoe", "pair of shoes", True),
        ("toilet paper roll", "roll", True),
        ("toilet paper", "roll of toilet paper", True),
        ("printer", "printer/scanner", True),
        ("scanner", "printer / scanner", True),
        ("mop", "mop and bucket", True),
        ("suitcase", "suitcase w/clothes", True),
        ("chair", "chair w/table", True),
        ("chair", "chair 2", True),
        ("sofa 1", "sofa2", True),
        ("lamp", "box of tissue", False),
        ("lamp", "pair of shoes", False),
        ("offer", "box of tissue", False),
        # Names for one thing
        ("washer", "washing machine", True),
        ("dryer", "washing and drying machine", True),
        ("tv", "television set", True),
        ("toilet", "toilette", True),
        ("couch", "sofa bed", True),
        ("bed", "bedframe", True),
        ("microwave", "microwave oven", True),
        ("hair brush", "hair dryer", False),
        ("cup", "cupboard", False),
        ("bed", "bedside table", False),
        ("desk", "bedside table", True),
        # Spaces and punctuation
        ("coat rack", "coatrack", True),
        ("wine rack", "winerack", True),
        ("step stool", "stepstool", True),
        ("t-shirt", "tshirt", True),
        ("wall coat rack", "coatrack", True),
        ("trashcan", "recycling bin", True),
        ("keyboard", "whiteboard", False),
        # One slip of the pen in one word of six or more letters
        ("dumbbell", "dumbell", True),
        ("light switch", "light swicth", True),
        ("light switch", "light swtich", True),
        ("power outlet", "power oulet", True),
        ("wasching machine", "washing machine", True),
        ("file organizer", "desk orginizer", False),
        ("picture", "picutre", True),
        ("refrigerator", "refirgerator", True),
        ("botlle", "bottle", True),
        ("light switch", "loght switsh", False),
        # What is no slip, too short, or begins or ends otherwise
        ("cable", "table", False),
        ("mug", "rug", False),
        ("globe", "glove", False),
        ("spool", "stool", False),
        ("shirt", "short", False),
        ("blade", "blend", False),
        ("holder", "folder", False),
        ("poster", "postel", False),
        ("dumbbell", "dumbbells", True),
        ("dumbbell", "dumel", False),
        ("cooker", "cooler", False),
        ("rice cooker", "rice cooler", False),
        ("speaker", "sneaker", False),
        ("printer", "painter", False),
        # Data
        ("bicycle", "bycicle", True),
        ("shelf", "shelve", True),
    ],
)
def test_which_labels_clash(a, b, clashes):
    t = table(a, b)
    assert t.clash[0, 1] == t.clash[1, 0] == clashes
    assert t.clash.diagonal().all()


WORDS = [
    "chair",
    "office",
    "table",
    "cabinet",
    "kitchen",
    "bottle",
    "switch",
    "cooker",
    "cooler",
    "trash",
    "can",
    "bin",
    "of",
    "and",
    "/",
]


@st.composite
def misspelt_labels(draw):
    """Labels of one to three words, some of them with a letter added, dropped, changed or swapped."""
    words = []
    for word in draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3)):
        k = draw(st.integers(0, len(word) - 1))
        letter, rest = draw(st.sampled_from("aeot")), word[k + 1 :]
        slips = [word[:k] + rest, word[:k] + letter + rest, word[:k] + letter + word[k:]]
        slips.append(word[:k] + word[k : k + 2][::-1] + word[k + 2 :])
        words.append(draw(st.sampled_from([word, word, *slips])) or word)
    return draw(st.sampled_from([" ", "", "-"])).join(words)


@given(st.lists(misspelt_labels().filter(naive.label_words), min_size=2, max_size=8))
def test_clashes_as_the_rules_say_one_by_one(labels):
    keys = [RULES.key(label) for label in labels]
    expected = [[naive.labels_clash(a, b, RULES, GROUPS) for b in keys] for a in keys]
    assert clash_matrix(keys, RULES).tolist() == expected
    assert table(*labels).clash.tolist() == expected


def test_clashes_of_all_listed_names_as_the_rules_say_one_by_one():
    listed = {RULES.key(w) for names in (*RULES.groups, *RULES.unlike) for w in names}
    keys = sorted(listed | {"office chair", "piano", "kitchen counter", "wal mart box", "botttle", "lamp post"})
    clash = clash_matrix(keys, RULES)
    for i, a in enumerate(keys):
        for j, b in enumerate(keys):
            assert clash[i, j] == naive.labels_clash(a, b, RULES, GROUPS), (a, b)
    assert not clash.all()


def test_things_of_one_group_clash_wherever_they_stand():
    for group in RULES.groups:
        assert table(*group).clash.all(), group


def test_kinds_are_what_one_name_tells_apart():
    labels = ["chair", "chair 2", "lamp", "books", "couch", "sofa", "window", "window", "door", "wall", "object"]
    # Couch and sofa are one kind without a common name; books are not countable; the rest is not asked about.
    assert named(labels) == {"chair": [0, 1], "lamp": [2], "window": [6, 7]}
    # Plural chairs make their number unknown. An office chair or a wheelchair may or may not be counted as a chair.
    for other in ("stools", "chairs", "wheelchair", "office chair"):
        assert "chair" not in named([*labels, other])
    assert named(["can", "can", "trash can", "lamp"]) == {"lamp": [3]}


def test_things_put_together_are_not_counted_and_leave_nothing_to_count():
    for label in (
        "box of tissue",
        "stack of box",
        "box/bag",
        "box and bag",
        "boxes of paper",
        "box (open)",
        "box, small",
    ):
        assert named([label, "box", "lamp"]) == {"lamp": [2]}, label


def test_a_kind_has_no_number_in_its_name():
    assert named(["chair 1", "chair2"]) == {"chair": [0, 1]}
    assert named(["lamp3", "piano (2)"]) == {"lamp": [0], "piano": [1]}


def test_a_kind_keeps_its_name_in_two_spellings_but_not_in_a_misspelt_one():
    assert named(["step stool", "stepstool"]) == {"stepstool": [0, 1]}
    assert named(["dumbbell", "dumbell"]) == {}
    assert named(["bicycle", "bicycle", "bycicle"]) == {}


def test_unique_means_no_other_label_clashes():
    labels = ["chair", "office chair", "lamp", "books", "window", "window", "piano", "object"]
    assert table(*labels).unique.tolist() == [False, False, True, False, False, False, True, False]


MANY = (
    "books,clothes,toilet paper,kitchen paper,pair of shoes,chairs,Curtains,boxes,stack of chairs,stack of paper,"
    "laundry detergent,lab equipment,scissors,headphones,glasses,pile of clothes,dustpan and brush,cds,TVs,buses,"
    "office furniture,wall art,decor,lighting,shelving,jewelry,"
    "box of tissue,stack of folded chair,set of seat,roll of tape,stack of paper tray,printer/scanner,mop and bucket"
)
ONE = (
    "chair,tv,mattress,office chair,trash can,bookshelf,gas stove,lens,paper towel dispenser,toilet paper holder,"
    "thermos,paper tray,chair 2,bus,gas"
)


@pytest.mark.parametrize("label", MANY.split(","))
def test_plural_and_mass_labels_are_not_counted(label):
    t = table(label, "chair")
    assert t.countable.tolist() == [False, True]
    assert t.unique.tolist() == [False, True] or t.clash[0, 1]
    assert t.askable.tolist() == [True, True]
    assert label not in named([label, "chair"])


@pytest.mark.parametrize("label", ONE.split(","))
def test_ordinary_labels_are_counted(label):
    assert table(label).countable.tolist() == [True]


def test_a_nameless_thing_does_not_make_every_name_ambiguous():
    t = table("", "chair", "table")
    assert not t.askable[0]
    assert not t.clash[0, 1:].any()


def test_no_labels():
    t = table()
    assert t.clash.shape == (0, 0)
    assert t.askable.dtype == t.present.dtype == t.doubtful.dtype == bool
    assert len(t.countable) == 0


# --------------------------------------------------------------------------------------------------------------- lists
def broken(lists):
    lists["unasked"].append("front wall")
    lists["building"]["walls"].append("front-wall")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda lists: lists.pop("groups"), "groups"),
        (lambda lists: lists["building"].pop("floors"), "floors"),
        (lambda lists: lists["building"].update(unasked=["ledge"]), "unasked"),
        (broken, "frontwall"),
        (lambda lists: lists.update(structural=["wall"]), "structural"),
        # Words that say of doors that they do not count, where doors do.
        (lambda lists: lists["building"]["doors"].remove("door"), "doors do not count"),
        (lambda lists: lists["building"].update(skies=["skylight"]), "skies do not count"),
    ],
)
def test_broken_lists_are_named(change, said):
    lists = yaml.safe_load(label_file().read_text(encoding="utf-8"))
    change(lists)
    with pytest.raises(ValidationError, match=said):
        LabelRules.model_validate(lists)


def test_the_shipped_lists_are_in_their_own_normal_form():
    listed = {"building": [w for entries in RULES.building.values() for w in entries]}
    listed |= {name: sorted(getattr(RULES, name)) for name in ("unasked", "meaningless", "uncountable")}
    for name, entries in listed.items():
        for word in entries:
            assert word == " ".join(word.lower().split()), (name, word)
    for name in ("building", "unasked", "meaningless"):
        assert not table(*listed[name]).askable.any(), name
    assert not table(*listed["uncountable"]).countable.any()
    # No entry is for nothing, because a shorter one of its list covers it.
    for entries in (*RULES.building.values(), RULES.unasked):
        for entry in entries:
            assert not any(entry.endswith(f" {shorter}") for shorter in entries), entry
    for word in {w for pair in RULES.unlike for w in pair}:
        assert word.isalpha(), word
    assert np.all([naive.edit_distance(*pair) == 1 for pair in RULES.unlike])
