"""How the camera moved between two pictures: pan, roll and zoom as one similarity, in NumPy.

    whole pictures → one shift by phase correlation (for quick pans)
    blocks of 32 × 32, shifted so → a finer shift of each → the similarity z' = a z + b that most blocks agree on
    the earlier picture, moved so → what is left of the difference, along its slopes → the same, finer (three times)

Phase correlation: Kuglin and Hines 1975. Every pair of blocks proposes one similarity (a and b are complex numbers), the one
with the most followers is fitted to these: RANSAC (Fischler and Bolles 1981) without chance. The last step is Lucas and
Kanade's (1981), on the whole picture, with less weight for what moves by itself. All this stands in for OpenCV's corners,
pyramidal Lucas–Kanade and estimateAffinePartial2D.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from limelight.vision.scaling import moved

Floats = NDArray[np.float64]
Complex = NDArray[np.complex128]
Affine = NDArray[np.float64]  # [2, 3], from places (x, y, 1) of the earlier picture to those of the later

STILL: Affine = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
BLOCK, STEP = 32, 16  # pixels
TEXTURED = 4.0  # grey levels of deviation: a plain block says nothing
CLEAR = 0.12  # height of the peak; 1 for two equal blocks
NEAR = 1.2  # pixels within which a block agrees
LEAST_BLOCKS, LEAST_AGREEING, LEAST_SPREAD = 6, 0.4, 0.12
MOST_SCALE = 1.4
REFINED = 3  # times
OWN_MOTION = 6.0  # grey levels of difference at which a pixel counts half
SMOOTH = 0.35  # cycles a pixel: above, coding and noise rule


def camera_motion(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> Affine:
    """The similarity that carries the earlier picture [H, W] to the later one; STILL where no one is believed."""
    if min(before.shape) < BLOCK + STEP:
        return STILL
    earlier, later = before.astype(float), after.astype(float)
    coarse = _whole_shift(earlier, later)
    best = max((_agreed(earlier, later, shift) for shift in {coarse, 0j}), key=lambda found: found[1])
    return best[0] if best[1] == 0 else _refined(earlier, later, best[0])


def _agreed(earlier: Floats, later: Floats, shift: complex) -> tuple[Affine, int]:
    """The similarity of most blocks that were first shifted so, and how many follow it."""
    places, shifts, count = _block_shifts(earlier, later, shift)
    if len(places) < LEAST_BLOCKS:
        return STILL, 0
    a, b, agreeing = _similarity(places, places + shifts)
    spread = min(places[agreeing].real.std() / earlier.shape[1], places[agreeing].imag.std() / earlier.shape[0])
    believed = agreeing.sum() >= LEAST_AGREEING * count and spread >= LEAST_SPREAD
    if not believed or not 1 / MOST_SCALE < abs(a) < MOST_SCALE:
        return STILL, 0
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]]), int(agreeing.sum())


def _refined(earlier: Floats, later: Floats, affine: Affine) -> Affine:
    """The motion, corrected by what is left: later − moved ≈ −slope · (d z + e), weighted least squares for d and e."""
    height, width = later.shape
    x, y = np.arange(width)[None, :] - width / 2, np.arange(height)[:, None] - height / 2
    middle = np.array([[1, 0, width / 2], [0, 1, height / 2], [0, 0, 1.0]])
    for _ in range(REFINED):
        seen, inside = moved(earlier.astype(np.float32), affine)
        down, right = np.gradient(seen.astype(float))
        left = later - seen
        left -= np.median(left[inside]) if inside.any() else 0.0
        slopes = np.stack([right * x + down * y, down * x - right * y, right, down])[:, inside]
        weighted = slopes / (1 + (left[inside] / OWN_MOTION) ** 2)
        scale, turn, across, along = -np.linalg.solve(weighted @ slopes.T + 1e-3 * np.eye(4), weighted @ left[inside])
        step = np.array([[1 + scale, -turn, across], [turn, 1 + scale, along], [0, 0, 1]])
        affine = (middle @ step @ np.linalg.inv(middle) @ np.vstack([affine, [0, 0, 1]]))[:2]
    return affine


def _whole_shift(earlier: Floats, later: Floats) -> complex:
    """By how many whole pixels the picture moved, right and down."""
    window = np.outer(np.hanning(earlier.shape[0]), np.hanning(earlier.shape[1]))
    shift, _ = _peaks((earlier - earlier.mean())[None] * window, (later - later.mean())[None] * window)
    return complex(round(shift[0].real), round(shift[0].imag))


def _block_shifts(earlier: Floats, later: Floats, shift: complex) -> tuple[Complex, Complex, int]:
    """Middles of the blocks that show where they went, how far, [P]; and how many have texture enough to ask."""
    height, width = earlier.shape
    tops, lefts = (range(0, size - BLOCK + 1, STEP) for size in (height, width))
    right, down = int(shift.real), int(shift.imag)
    corners = [
        (top, left)
        for top in tops
        for left in lefts
        if 0 <= top + down <= height - BLOCK and 0 <= left + right <= width - BLOCK
    ]
    if not corners:
        return np.zeros(0, complex), np.zeros(0, complex), 0
    ones = np.stack([earlier[top : top + BLOCK, left : left + BLOCK] for top, left in corners])
    others = np.stack([later[top + down :, left + right :][:BLOCK, :BLOCK] for top, left in corners])
    window = np.outer(np.hanning(BLOCK), np.hanning(BLOCK))
    textured = ones.std(axis=(1, 2)) > TEXTURED
    if not textured.any():
        return np.zeros(0, complex), np.zeros(0, complex), 0
    ones, others = ((blocks - blocks.mean(axis=(1, 2), keepdims=True)) * window for blocks in (ones, others))
    middles = np.array([complex(left, top) for top, left in corners]) + complex(1, 1) * (BLOCK - 1) / 2
    fine, heights = _peaks(ones[textured], others[textured])
    clear = heights > CLEAR
    return middles[textured][clear], (fine + shift)[clear], int(textured.sum())


def _peaks(ones: Floats, others: Floats) -> tuple[Complex, Floats]:
    """By phase correlation: how far each of the others [P, H, W] is shifted, between pixels, and how clear that is."""
    height, width = ones.shape[1:]
    cross = np.conj(np.fft.rfft2(ones)) * np.fft.rfft2(others)
    down, right = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :]
    damping = np.exp(-0.5 * ((down / SMOOTH) ** 2 + (right / SMOOTH) ** 2) * 4)
    strength = np.abs(cross)
    likeness = np.fft.irfft2(
        cross / (strength + 1e-3 * strength.max(axis=(1, 2), keepdims=True) + 1e-9) * damping, (height, width)
    )
    flat = likeness.reshape(len(ones), -1)
    y, x = np.divmod(flat.argmax(axis=1), width)
    each = np.arange(len(ones))

    def between(before: Floats, top: Floats, after: Floats) -> Floats:
        bend = before - 2 * top + after
        return np.where(bend < 0, np.clip((before - after) / np.where(bend < 0, 2 * bend, 1), -0.5, 0.5), 0.0)

    top = likeness[each, y, x]
    fine_x = between(likeness[each, y, x - 1], top, likeness[each, y, (x + 1) % width])
    fine_y = between(likeness[each, y - 1, x], top, likeness[each, (y + 1) % height, x])
    whole_x, whole_y = np.where(x > width // 2, x - width, x), np.where(y > height // 2, y - height, y)
    most = np.fft.irfft2(np.broadcast_to(damping, (height, width // 2 + 1)), (height, width)).max()
    return whole_x + fine_x + 1j * (whole_y + fine_y), top / most


def _similarity(origin: Complex, target: Complex) -> tuple[complex, complex, NDArray[np.bool_]]:
    """a and b of z' = a z + b that most of the pairs [P] follow, fitted to these, and which they are."""
    i, j = np.triu_indices(len(origin), 1)
    apart = np.abs(origin[i] - origin[j]) > 1.5 * BLOCK  # near blocks tell scale and turn badly
    i, j = (i[apart], j[apart]) if apart.any() else (i, j)
    a = (target[i] - target[j]) / (origin[i] - origin[j])
    b = target[i] - a * origin[i]
    near = np.abs(a[:, None] * origin + b[:, None] - target) < NEAR  # [proposals, P]
    agreeing = near[near.sum(axis=1).argmax()]
    z, w = origin[agreeing], target[agreeing]
    spread = z - z.mean()
    power = float((np.abs(spread) ** 2).sum())
    fitted = complex((np.conj(spread) * w).sum() / power) if power > 0 else 1 + 0j
    return fitted, complex(w.mean() - fitted * z.mean()), agreeing
