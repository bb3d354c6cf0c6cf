"""The contracts: one pandera model a data set; make this room your own."""
