"""The factory library: models that come with Latentrack, trained on its own demo corpora.

`recipes.py` declares each of them once, `building.py` trains one and checks it, and
`python -m latentrack.factory BUILD_FOLDER` builds all. Nothing of it is kept in git.
"""
