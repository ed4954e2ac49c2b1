"""Live rooms: opening and ending them, what plays, who is there, who keeps order."""
