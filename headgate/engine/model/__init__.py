"""Mode `model`: the table around a target column that a model may be trained on.

Everything is fitted on the training rows alone. `typed_rows` says which these are, `task` what is
to be predicted, `roles` what each column is good for, `encode` fits what each becomes, `replay`
carries it out.
"""
