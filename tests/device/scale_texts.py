"""Files of scales for tests, written from what the formats say."""

JUST = """! just.scl
!
A major scale in just intonation, and a letter that is not ASCII: \xe9
 7
!
 9/8
 5/4   major third
 4/3
 3/2
 5/3
 15/8
 2/1
"""
FIFTHS = """! five notes in three halves
Five notes that repeat at the fifth
5
140.391
280.782
421.173
561.564
3/2
"""
WHITE_KEYS = """! Size of map:
12
! First and last MIDI note:
24
96
! Middle note:
60
! Reference note, and its frequency:
69
440.0
! Degree of the formal octave:
7
0
x
1
x
2
3
x
4
x
5
x
6
"""
PELOG = """# Semitones, cents and a ratio may be mixed.
0
1.2
270c
5.4 6.7
8/5   # as a ratio
9.5
period 12.1
"""
BAYATI = """tuning:
  eq: [24, 1]   # quarter tones
groups:
  - group: Heptatonic
    scales:
      - name: Bayati
        notes: [0, 3, 6, 10, 14, 16, 20] # 3-3-4-4-2-4-4
      - name: Rast up # over the octave
        notes: [0, 4, 7, 10, 14, 18, 25]
    chords:
      - name: Tertian
        notes: [0, 2, 4, 6]
"""
TRITAVE = """tuning:
  name: 13EDT
  eq: [13, 1.585] # 13 equal divisions of 1 tritave
groups:
  - group: Chromatic
    scales:
      - name: Chromatic
        notes: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
"""
RATIOS = """tuning:
  name: 12JUST
  ratios: [21/20, 9/8, 6/5, 5/4, 4/3, 7/5, 3/2, 8/5, 5/3, 7/4, 15/8, 1/2]
"""
FRACTIONS = """tuning: [0, 200/1200, 500/1200, 700/1200, 1200/1200]
scales:
  - name: Two
    notes: [0, 3]
chords:
  - name: Open # of the tuning: it is in no group
    notes: [0, 3, 6]
"""
FILES = {
    "just.scl": JUST,
    "fifths.scl": FIFTHS,
    "white.scl": JUST,
    "white.kbm": WHITE_KEYS,
    "pelog.txt": PELOG,
    "24edo.yml": BAYATI,
    "13edt.yml": TRITAVE,
    "12just.yaml": RATIOS,
    "four.yml": FRACTIONS,
}
NAMES = [
    "12just", "13edt", "13edt/Chromatic", "24edo", "24edo/Bayati", "24edo/Rast up", "fifths",
    "four", "four/Two", "just", "pelog", "white",
]  # fmt: skip
