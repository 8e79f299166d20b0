"""From the card to the folder: what a card says of its files is fetched, verified, unpacked and put in its place.

``entries`` are what cards say, ``hosts`` turns them into files with addresses, ``web`` fetches one, ``unpack`` opens
archives nobody has to trust, ``place`` moves what came out into the data set's folder, and ``run`` does it all for one
data set. Until the last step everything lies in ``.medmat-download`` under the data folder, so that a data set's
folder appears when it is complete, and a run that was stopped goes on where it was.
"""
