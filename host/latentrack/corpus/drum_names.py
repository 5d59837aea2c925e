"""Recognise drums by the name of a part: in many languages, and names of machines."""

from __future__ import annotations

import re
import unicodedata

# What stands anywhere in a word ("Mydrumkit", "Percussions", "Schlagzeug", "Ударные"): drums,
# percussion, and drummer's sets, language by language.
_ANYWHERE = """
drum percus beatbox
schlagzeug schlagwerk perkussion trommel
batterie battery tambour bateria percusion tambor percussao batteria percussioni tamburo
slagwerk slagzeug slagverk slagtøj slagtoj trummor trumset trommer perkusjon
rummut rumpu lyömäsoit perkusja bębny perkusje bicí bubny bicie dobfelszerelés ütőhang
bubnjevi percutie baterie davul bateri vurmalı perküsyon trống
ντραμς τύμπανα κρουστά
ударн барабан драмс перкусси перкусі бубњеви
ドラム 打楽器 太鼓 パーカッション 鼓 打击乐 打擊樂 드럼 타악 퍼커션
תופים טבול طبول طبلة درامز درام طبل ड्रम तबला กลอง
""".split()
_WORDS = "kit kits beat beats perc trumma bici dob dobok tobe drm".split()

# Single instruments of a kit. Only parts are called so; of a song it may be the title.
_PIECES = """
kick kicks bd snare snares sd rimshot clap claps hat hats hihat hihats hh ch oh tom toms cymbal
cymbals ride crash becken charley charleston bombo bumbo platillos rullante cassa
""".split()

# Machines and programs that play nothing but drums; _ is a space. A bare number may be an opus in a
# song's title.
_MACHINES = r"""
tr_?(?:505|606|626|707|727|808|909|8|6)s? cr_?(?:78|8000) dr_?(?:55|110|220|660|880)
linn linndrum lm_?[12] dmx drumtraks sp_?12(?:00)? rx_?(?:5|7|11|15|17|21) ry_?(?:8|10|20|30)
rz_?1 hr_?16 sr_?1[68] kr_?55 kpr_?77 sds_?(?:v|5|7|8|9) simmons tanzbar rytm mfb_?5\d\d fpc bfd
ultrabeat ssd_?[45] ezd_?[23]
""".split()
_NUMBERS = r"(?<!bwv )(?<!kv )(?<!hwv )(?<!op )(?<!no )(?:606|626|707|727|808|909)s?"

# What has pitches, even where a drum is named beside it ("808 bass", "steel drums").
_PITCHED = """
bass basses bassline sub ebass basso baixo bajo basse lead pad pads piano rhodes keys organ guitar
guitars strings brass horn horns chord chords arp vocal vocals vox voice choir melody melodie flute
sax timpani pauken marimba vibraphone xylophone glockenspiel bells handpan бас
""".split()
_PITCHED_ANYWHERE = "ベース 贝斯 貝斯 베이스 steel_drum steel_pan melodic_tom".split()
# Drums, and styles of drums, that have such a word in their names.
_DRUMS_ALL_THE_SAME = """
bass_?drums? grosse_caisse ride_?bells? cow_?bells? drums?_(?:and_|und_|et_|y_|e_|n_)?bass
""".split()


def says_drums(name: str, piece: bool = False) -> bool:
    """Whether a name is one that people give to drums; of a part, also to a piece of a kit."""
    plain = _DRUMS_WITH.sub("drum", _plain(name))
    if _PITCHED_PARTS.search(plain):
        return False
    return bool(_KIT.search(plain) or (piece and _PIECE.search(plain)))


def says_pitched(name: str) -> bool:
    """Whether a name is one of an instrument that has pitches, such as a bass."""
    return bool(_PITCHED_PARTS.search(_DRUMS_WITH.sub("drum", _plain(name))))


def _plain(name: str) -> str:
    """In small letters, without accents, with a space between words and around numbers."""
    name = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    bare = "".join(letter for letter in name if not "\u0300" <= letter <= "\u036f")
    bare = unicodedata.normalize("NFC", bare)
    bare = re.sub(r"(?<=\d)(?=[^\W\d_])|(?<=[^\W\d_])(?=\d)", " ", bare)
    return " ".join(re.sub(r"[\W_]+", " ", bare).split())


def _pattern(anywhere: list[str], words: list[str]) -> re.Pattern[str]:
    """Of texts that stand anywhere, and of patterns that are whole words; _ is a space."""
    texts = [re.escape(_plain(text.replace("_", " "))) for text in anywhere]
    whole = [word.replace("_", " ") for word in words]
    return re.compile("|".join([*texts, rf"\b(?:{'|'.join(whole)})\b"]))


_KIT = _pattern(_ANYWHERE, _WORDS + _MACHINES)
_PIECE = _pattern([], [*_PIECES, _NUMBERS])
_PITCHED_PARTS = _pattern(_PITCHED_ANYWHERE, _PITCHED)
_DRUMS_WITH = _pattern([], _DRUMS_ALL_THE_SAME)
