"""The factory library: models that come with Latentrack, trained on its own demo corpora.

`recipes.py` declares each of them once, `building.py` trains one and checks it, `stamp.py` tells
whether a file is still that of its recipe, and `python -m latentrack.factory`, which is
`make factory`, builds those that are not. They lie in `assets.FACTORY`, which a wheel carries.
Nothing of it is kept in git.
"""
