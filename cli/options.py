"""The options of a journey as flags: each field of a record is a flag of its own."""

from typing import Annotated

from cyclopts import Parameter

from headgate.options import CheckOptions, DeliverOptions, PrepareOptions, ReadOptions

Read = Annotated[ReadOptions, Parameter(name="*", group="How the file is read")]
Check = Annotated[CheckOptions, Parameter(name="*", group="What the file is held to")]
Prepare = Annotated[PrepareOptions, Parameter(name="*", group="What is made of it")]
Deliver = Annotated[DeliverOptions, Parameter(name="*", group="What happens around the result")]
