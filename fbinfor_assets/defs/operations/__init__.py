"""What a person starts when something must be made anew."""
