"""The contracts: one pandera model a data set; make this package your own.

A module here that defines `CONTRACT` is the contract of the data set that bears its name; files
of any other data set are held to `default`.
"""
