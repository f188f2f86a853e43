"""How moments read in the console: Django's own for Korean puts 오후 behind the hour."""

DATETIME_FORMAT = "Y-m-d H:i"
DATE_FORMAT = "Y-m-d"
TIME_FORMAT = "H:i"
