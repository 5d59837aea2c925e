"""The studio: a page on this computer where the whole way happens with the mouse.

`studio.py` holds what there is one of, whoever looks: the folder, the music, the training, the
position in latent space, what plays, the module. Each of these is a folder of its own that knows
nothing of browsers, but for its `page.py`. `shell.py` is what all pages stand in.
"""
