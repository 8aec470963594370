"""Who has to know, when, and in which words. Pure but for `send.py` and `ping.py`.

`troubles` says what is wrong now, `incidents` which of it is one thing, `telling` who is due to hear of it, `render` in
which words.
"""
