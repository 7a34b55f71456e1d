"""fbinfor: keeps FreshBooks and Infor M3 in agreement, both ways, to the cent, and proves it.

Belongs here: nothing; importing the package must cost nothing. The map of the folders is docs/architecture.md.
"""
