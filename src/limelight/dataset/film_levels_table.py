"""The fitted parameters of `film_levels`: figures only. Written by `python -m research.levels.fit`; not to be edited."""

# weight · stems heard · their mean levels, LUFS · lower triangle of the factor of their covariance, row by row
STATES: tuple[tuple[float, tuple[str, ...], tuple[float, ...], tuple[float, ...]], ...] = (
    (0.00266, (), (), ()),
    (0.02786, ("effects",), (-40.29,), (10.75,)),
    (0.04385, ("music",), (-35.62,), (5.10,)),
    (0.23001, ("music", "effects"), (-29.11, -24.49), (5.25, 1.56, 4.33)),
    (0.10099, ("music", "effects"), (-40.53, -39.16), (7.44, 0.05, 10.31)),
    (0.08881, ("music", "effects"), (-29.00, -37.56), (4.21, 4.25, 8.62)),
    (0.00218, ("speech",), (-27.62,), (2.17,)),
    (0.03222, ("speech", "effects"), (-30.58, -39.83), (8.05, 0.62, 10.64)),
    (0.03900, ("speech", "music"), (-34.76, -44.15), (6.72, 1.35, 4.72)),
    (0.21479, ("speech", "music", "effects"), (-30.69, -40.86, -41.43), (5.04, 0.41, 7.34, 1.01, -0.85, 9.34)),
    (0.17282, ("speech", "music", "effects"), (-28.52, -31.39, -26.78), (4.59, 0.82, 4.87, 0.78, 2.68, 4.75)),
    (0.04481, ("speech", "music", "effects"), (-49.13, -32.92, -28.50), (6.28, 0.35, 6.52, 2.06, 3.85, 7.05)),
)

# the chance in 10,000 that the state of a row is followed by that of a column
TRANSITIONS: tuple[tuple[int, ...], ...] = (
    (1, 1726, 3166, 114, 1716, 53, 2, 1375, 19, 102, 92, 1634),
    (165, 2661, 25, 397, 3799, 78, 2, 1068, 22, 1092, 412, 278),
    (192, 16, 1847, 1264, 1206, 2904, 2, 15, 406, 1069, 847, 231),
    (1, 48, 241, 5724, 284, 447, 2, 29, 20, 363, 2059, 782),
    (45, 1048, 524, 647, 4289, 118, 2, 233, 418, 1697, 478, 500),
    (2, 24, 1434, 1157, 134, 5359, 2, 54, 25, 1069, 633, 105),
    (2, 26, 38, 196, 92, 90, 3, 2879, 3171, 3305, 157, 40),
    (114, 924, 20, 208, 732, 150, 195, 2702, 17, 3859, 915, 166),
    (1, 15, 456, 116, 1082, 57, 177, 14, 4562, 3338, 158, 23),
    (1, 142, 218, 388, 798, 442, 34, 579, 606, 5980, 531, 281),
    (1, 66, 215, 2740, 279, 326, 2, 171, 36, 660, 4992, 512),
    (97, 173, 226, 4013, 1126, 209, 2, 119, 20, 1345, 1975, 694),
)

# by stem: the share of its variance within a state that a film keeps, the correlation of the rest with the next clip
CONTINUITY: tuple[tuple[float, float], ...] = (
    (0.60, 0.20),  # speech
    (0.60, 0.00),  # music
    (0.45, 0.00),  # effects
)
