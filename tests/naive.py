"""What the program measures, worked out the slow way: one pixel, one box, one point after the other."""

from __future__ import annotations

import itertools
from functools import cache

import numpy as np
from scipy.spatial.distance import cdist

from spargen.scene.lenses import PINHOLE

NOBODY, BACKGROUND = -1, -2
BIT = 1e-9


def pixel_rays(world, view):
    """Origin (3,) and directions (h, w, 3) through the centres of all pixels; camera Z of each direction is 1."""
    width, height = world.sizes[view]
    K, T = world.intrinsics[view], world.poses[view]
    u, v = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    x, y = undistorted(lens_of(world, view), (u - K[0, 2]) / K[0, 0], (v - K[1, 2]) / K[1, 1])
    d = x[..., None] * T[:3, 0] + y[..., None] * T[:3, 1] + T[:3, 2]
    return T[:3, 3], d


def lens_of(world, view):
    """The lens of a view; a world whose lenses are not told has pinholes."""
    return world.optics[view] if world.optics else PINHOLE


def distorted(lens, x, y):
    """Where a lens shows undistorted positions; nan beyond the radius at which it turns back."""
    if lens.model == "PINHOLE":
        return x, y
    r = np.hypot(x, y)
    if lens.model == "OPENCV_FISHEYE":
        t = np.arctan(r)
        shown = np.where(t < turning_point(lens), radius(lens)(t), np.nan)
        scale = np.where(r > 0, shown / np.where(r > 0, r, 1), 1.0)
        return x * scale, y * scale
    k1, k2, p1, p2, k3 = lens.coefficients
    radial = np.where(r < turning_point(lens), 1 + k1 * r**2 + k2 * r**4 + k3 * r**6, np.nan)
    return (
        x * radial + 2 * p1 * x * y + p2 * (r**2 + 2 * x**2),
        y * radial + p1 * (r**2 + 2 * y**2) + 2 * p2 * x * y,
    )


def radius(lens):
    """Radius in the image of an angle to the axis; of a lens that is no fisheye, of a radius without it."""
    k = lens.coefficients
    if lens.model == "OPENCV_FISHEYE":
        return lambda t: t * (1 + k[0] * t**2 + k[1] * t**4 + k[2] * t**6 + k[3] * t**8)
    return lambda r: r * (1 + k[0] * r**2 + k[1] * r**4 + k[4] * r**6)


@cache
def turning_point(lens):
    """The first of many small steps at which what a lens shows no longer rises."""
    end = np.pi / 2 if lens.model == "OPENCV_FISHEYE" else 20.0
    steps = np.linspace(0, end, 200_001)
    falls = np.flatnonzero(np.diff(radius(lens)(steps)) <= 0)
    return steps[falls[0]] if len(falls) else end


def undistorted(lens, x, y):
    """The positions that a lens shows at distorted ones, by bisection (fisheye) or by repeated correction; else nan."""
    if lens.model == "PINHOLE":
        return x, y
    if lens.model == "OPENCV_FISHEYE":
        f, r = radius(lens), np.hypot(x, y)
        low, high = np.zeros_like(r), np.full_like(r, turning_point(lens))
        beyond = r >= f(high)
        for _ in range(60):
            middle = (low + high) / 2
            low, high = np.where(f(middle) < r, middle, low), np.where(f(middle) < r, high, middle)
        scale = np.where(beyond, np.nan, np.where(r > 0, np.tan(low) / np.where(r > 0, r, 1), 1.0))
        return x * scale, y * scale
    a, b, moving = x.copy(), y.copy(), np.ones(x.shape, dtype=bool)
    for _ in range(400):
        u, v = distorted(lens, a[moving], b[moving])
        right, down = x[moving] - u, y[moving] - v
        a[moving] += 0.7 * right
        b[moving] += 0.7 * down
        moving[moving] = np.hypot(right, down) > 1e-15  # what is nan stays nan
    u, v = distorted(lens, a, b)
    good = np.hypot(u - x, v - y) < 1e-9
    return np.where(good, a, np.nan), np.where(good, b, np.nan)


def hit_solid(solid, origin, direction):
    """Ray parameter at which rays enter (or, from inside, leave) a box; inf where they miss."""
    o = (np.asarray(origin) - solid.center) @ solid.R
    d = direction @ solid.R
    half = np.array(solid.size) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b = (-half - o) / d, (half - o) / d
    near, far = np.fmin(a, b).max(axis=-1), np.fmax(a, b).min(axis=-1)
    t = np.where(near > 0, near, far)
    return np.where((near <= far) & (t > 0), t, np.inf)


def hit_triangles(vertices, faces, origin, direction):
    """Moller and Trumbore, one triangle after the other: face and ray parameter of the first hits, -1 and inf."""
    best, face = np.full(direction.shape[:-1], np.inf), np.full(direction.shape[:-1], -1)
    for k, (a, b, c) in enumerate(np.asarray(vertices, dtype=np.float64)[faces]):
        e1, e2 = b - a, c - a
        p = np.cross(direction, e2)
        det = p @ e1
        with np.errstate(divide="ignore", invalid="ignore"):
            s = origin - a
            u = p @ s / det
            q = np.cross(s, e1)
            v = direction @ q / det
            t = e2 @ q / det
            hit = (u >= 0) & (v >= 0) & (u + v <= 1) & (t > 1e-9) & (t < best)
        best[hit], face[hit] = t[hit], k
    return face, best


def picture(world, view):
    """Which annotated solid each pixel shows (h, w) - NOBODY for unannotated ones - and its depth."""
    origin, d = pixel_rays(world, view)
    ids, depth = np.full(d.shape[:2], BACKGROUND), np.full(d.shape[:2], np.inf)
    number = 0
    for solid in world.solids:
        mine = number if solid.label is not None else NOBODY
        number += solid.label is not None
        if (np.array(solid.center) - origin) @ world.poses[view][:3, 2] < -np.linalg.norm(solid.size) / 2:
            continue  # wholly behind the camera
        t = hit_solid(solid, origin, d)
        nearer = t < depth
        ids[nearer], depth[nearer] = mine, t[nearer]
    return ids, depth


def mesh_picture(world, view):
    """The same from the triangles, so that holes count."""
    mesh = world.mesh()
    origin, d = pixel_rays(world, view)
    face, t = hit_triangles(mesh.vertices_m, mesh.faces, origin, d)
    return np.append(mesh.face_object, BACKGROUND)[face], t


def tight_box(mask):
    """x1, y1, x2, y2 in 1/1000 of the image: first pixel, one past the last."""
    h, w = mask.shape
    ys, xs = np.nonzero(mask)
    corners = (xs.min() / w, ys.min() / h, (xs.max() + 1) / w, (ys.max() + 1) / h)
    return np.array([int(c * 1000 + 0.5) for c in corners])


def alone_share(solid, origin, direction, ids, number):
    """Pixels that show a solid over the pixels that it would cover if it stood there alone."""
    alone = np.isfinite(hit_solid(solid, origin, direction))
    return np.count_nonzero(ids == number) / max(1, np.count_nonzero(alone))


def surface_share_in_frame(world, view, solid, steps=60):
    """Share of a box's surface that projects into the image, from a dense lattice on each side."""
    k = (np.arange(steps) + 0.5) / steps - 0.5
    a, b = (g.ravel() for g in np.meshgrid(k, k))
    inside = total = 0.0
    width, height = world.sizes[view]
    for axis in range(3):
        u, v = [i for i in range(3) if i != axis]
        area = solid.size[u] * solid.size[v]
        for sign in (-0.5, 0.5):
            p = np.zeros((a.size, 3))
            p[:, axis], p[:, u], p[:, v] = sign, a, b
            T = world.poses[view]
            x, y, z = (((p * solid.size) @ solid.R.T + solid.center - T[:3, 3]) @ T[:3, :3]).T
            K = world.intrinsics[view]
            with np.errstate(divide="ignore", invalid="ignore"):
                x, y = distorted(lens_of(world, view), x / z, y / z)
                px, py = K[0, 0] * x + K[0, 2], K[1, 1] * y + K[1, 2]
            ok = (z > 0) & (px >= 0) & (px < width) & (py >= 0) & (py < height)
            inside += area * ok.mean()
            total += area
    return inside / total


def camera_coordinates(T, points):
    """World points in one camera's axes, component by component."""
    out = []
    for p in np.atleast_2d(points):
        d = [p[k] - T[k, 3] for k in range(3)]
        out.append([sum(d[k] * T[k, axis] for k in range(3)) for axis in range(3)])
    return np.array(out)


def direction_word(value, word=0.30, empty=0.10):
    """+1, -1, 0, or None where it is not clear; what sits on a threshold by the last bit counts as clear."""
    if value >= word - BIT:
        return 1
    if value <= -word + BIT:
        return -1
    return 0 if abs(value) <= empty + BIT else None


def distance_word(a, b):
    """+1 if a is clearly farther than b, -1 if closer, 0 if neither, else None."""
    gap = abs(a - b)
    if gap >= 0.20 - BIT and gap >= 0.15 * min(a, b) - BIT:
        return 1 if a > b else -1
    return 0 if gap <= 0.10 + BIT else None


def edit_distance(a, b):
    """Letters added, dropped, changed, or swapped with their neighbour: Damerau's table, cell by cell."""
    d = {(i, 0): i for i in range(len(a) + 1)} | {(0, j): j for j in range(len(b) + 1)}
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            d[i, j] = min(d[i - 1, j] + 1, d[i, j - 1] + 1, d[i - 1, j - 1] + (a[i - 1] != b[j - 1]))
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                d[i, j] = min(d[i, j], d[i - 2, j - 2] + 1)
    return d[len(a), len(b)]


def label_words(label):
    """The words of a label: runs of letters and digits."""
    return "".join(c if c.isalnum() else " " for c in label).split()


def label_groups(rules):
    """The names of each group, singular, without spaces and punctuation."""
    return tuple(frozenset("".join(label_words(rules.key(name))) for name in names) for names in rules.groups)


@cache
def groups_at_the_end(name, groups):
    """Which groups have a name that a name's last words are."""
    words = label_words(name)
    return {i for i, names in enumerate(groups) if any("".join(words[k:]) in names for k in range(len(words)))}


JOINING = {"of", "in", "on", "for", "from", "with", "w", "and", "or"}


def label_pieces(label, rules):
    """The singular label itself and the names it is put together from, letter by letter and word by word."""
    found, words = [], []
    for n, word in enumerate([*"".join(f" {c} " if c in "/&+,;()[]" else c for c in label).split(), "/"]):
        if word in "/&+,;()[]" or (word in JOINING and n > 0):
            found.append(" ".join(words))
            words = []
        else:
            words.append(word)
    return {label, *(rules.key(piece) for piece in found if piece)}


def labels_clash(a, b, rules, groups):
    """Whether two singular lower-case labels, or what they are put together from, must not be told apart by name."""
    readings = itertools.product(label_pieces(a, rules), label_pieces(b, rules))
    return a == b or any(names_clash(one, other, rules, groups) for one, other in readings)


def names_clash(a, b, rules, groups):
    """Whether two names clash, every rule in its own words."""
    if a == b:
        return True
    words_a, words_b = label_words(a), label_words(b)
    whole_a, whole_b = "".join(words_a), "".join(words_b)
    if whole_a and whole_b and (whole_a.endswith(whole_b) or whole_b.endswith(whole_a)):
        return True
    if groups_at_the_end(a, groups) & groups_at_the_end(b, groups):
        return True
    if len(words_a) != len(words_b):
        return False
    differing = [(x, y) for x, y in zip(words_a, words_b, strict=True) if x != y]
    if len(differing) != 1:
        return False
    ((x, y),) = differing
    unlike = (x, y) in rules.unlike or (y, x) in rules.unlike
    long, ends_alike = max(len(x), len(y)) >= 6, x[0] == y[0] and x[-1] == y[-1]
    return long and ends_alike and edit_distance(x, y) == 1 and not unlike


def main_body(vertices, faces):
    """Which points are an object's main body, how many pieces are strays, whether it is doubtful; None on an edge.

    One distance after the other, between points spread over all faces.
    """
    points, of_point = [], []
    for k, face in enumerate(faces):
        a, b, c = vertices[face]
        for i in range(4):
            for j in range(4 - i):
                points.append(a + (b - a) * i / 3 + (c - a) * j / 3)
                of_point.append(k)
    points, of_point = np.array(points), np.array(of_point)
    area = np.array(
        [np.linalg.norm(np.cross(vertices[b] - vertices[a], vertices[c] - vertices[a])) for a, b, c in faces]
    )
    piece = np.arange(len(faces))
    for v in range(len(vertices)):
        meeting = np.unique(piece[(faces == v).any(axis=1)])
        piece[np.isin(piece, meeting)] = meeting[0]
    names = np.unique(piece)
    gap = np.full((len(names), len(names)), np.inf)
    for i, p in enumerate(names):
        for j, q in enumerate(names[:i]):
            a, b = points[piece[of_point] == p], points[piece[of_point] == q]
            gap[i, j] = gap[j, i] = cdist(a, b).min()
    if (np.abs(gap - 0.1) < 0.012).any() or (np.abs(gap - 0.5) < 0.01).any():
        return None
    group = chained(gap < 0.1)
    share = {g: area[np.isin(piece, names[group == g])].sum() / area.sum() for g in set(group.tolist())}
    largest = max(share, key=share.get)
    corners = {g: np.unique(faces[np.isin(piece, names[group == g])]) for g in share}
    hull = convex_hull([tuple(p) for p in vertices[corners[largest]][:, :2]])
    away = {g: min(outside(vertices[v][:2], hull) for v in corners[g]) for g in share}
    if any(abs(s - 0.05) < 0.002 for s in share.values()) or any(abs(a - 0.3) < 0.01 for a in away.values()):
        return None
    strays = {g for g in share if share[g] < 0.05 and away[g] > 0.3}
    kept = np.ones(len(vertices), dtype=bool)
    strayed = sum(share[g] for g in strays)
    if abs(strayed - 0.1) < 0.002:
        return None
    if strayed > 0.1:
        return kept, 0, True
    for g in strays:
        kept[corners[g]] = False
    stays = ~np.isin(group, list(strays))
    part = chained((gap <= 0.5) & stays & stays[:, None])
    parts = [
        sum(area[piece == names[i]].sum() for i in np.flatnonzero((part == p) & stays)) for p in set(part.tolist())
    ]
    if any(abs(a / area.sum() - 0.05) < 0.002 for a in parts):
        return None
    return kept, len(strays), sum(a >= 0.05 * area.sum() for a in parts) > 1


def chained(linked):
    """Number things that links, one after the other, join."""
    group = np.arange(len(linked))
    for i in range(len(linked)):
        for j in range(i):
            if linked[i, j] and group[i] != group[j]:
                group[group == group[i]] = group[j]
    return group


def convex_hull(points):
    """Gift wrapping, counter-clockwise."""
    points = sorted(set(points))
    hull, at = [], points[0]
    while at not in hull:
        hull.append(at)
        best = points[0] if points[0] != at else points[-1]
        for p in points:
            turn = (best[0] - at[0]) * (p[1] - at[1]) - (best[1] - at[1]) * (p[0] - at[0])
            farther = np.hypot(p[0] - at[0], p[1] - at[1]) > np.hypot(best[0] - at[0], best[1] - at[1])
            if p != at and (turn < -BIT or (abs(turn) <= BIT and farther)):
                best = p
        at = best
    return hull


def outside(p, hull):
    """Distance of a point from a convex polygon, 0 inside."""
    sides = list(zip(hull, hull[1:] + hull[:1], strict=True))
    if all((b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]) >= 0 for a, b in sides):
        return 0.0
    best = np.inf
    for a, b in sides:
        ab, ap = np.subtract(b, a), np.subtract(p, a)
        t = min(1, max(0, float(ab @ ap / (ab @ ab))))
        best = min(best, float(np.linalg.norm(ap - t * ab)))
    return best


def raster(corners, origin, shape, cell):
    """Which cells have their middle below a triangle, one triangle and one cell after the other."""
    out = np.zeros(shape, dtype=bool)
    for a, b, c in corners[:, :, :2]:
        low = np.floor((np.min([a, b, c], axis=0) - origin) / cell).astype(int)
        high = np.ceil((np.max([a, b, c], axis=0) - origin) / cell).astype(int)
        for i in range(max(0, low[0]), min(shape[0], high[0] + 1)):
            for j in range(max(0, low[1]), min(shape[1], high[1] + 1)):
                p = origin + (np.array([i, j]) + 0.5) * cell
                turns = [
                    (q[0] - o[0]) * (p[1] - o[1]) - (q[1] - o[1]) * (p[0] - o[0]) for o, q in ((a, b), (b, c), (c, a))
                ]
                out[i, j] |= min(turns) >= 0 or max(turns) <= 0
    return out


def opened(cells, radius):
    """Cells of a raster that some disc covers of which all cells are set: every disc around every cell."""
    k = range(-int(radius), int(radius) + 1)
    disc = [(i, j) for i in k for j in k if i * i + j * j <= radius * radius]
    out = np.zeros_like(cells)
    for x, y in np.argwhere(cells):
        around = [(x + i, y + j) for i, j in disc]
        if all(cells[a] for a in around):
            for a in around:
                out[a] = True
    return out


def closed_area(cells, radius):
    """Cells of a raster closed by a disc and with its holes filled: every cell of the disc at every cell."""
    pad = int(radius) + 2
    cells = np.pad(cells, pad)
    disc = [(i, j) for i in range(-pad, pad + 1) for j in range(-pad, pad + 1) if i * i + j * j <= radius * radius]

    def any_of(mask):
        out = np.zeros_like(mask)
        for i, j in disc:
            out |= np.roll(mask, (i, j), axis=(0, 1))
        return out

    closed = ~any_of(~any_of(cells)) | cells
    outside, queue = np.zeros_like(closed), [(0, 0)]
    while queue:
        i, j = queue.pop()
        if 0 <= i < closed.shape[0] and 0 <= j < closed.shape[1] and not closed[i, j] and not outside[i, j]:
            outside[i, j] = True
            queue += [(i + 1, j), (i - 1, j), (i, j + 1), (i, j - 1)]
    return np.count_nonzero(~outside)
