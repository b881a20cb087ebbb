"""Class maps: classes, legends, files and the record of their training pixels."""
