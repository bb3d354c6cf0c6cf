"""Files to be read without being told how they are written."""

import io
import zipfile

from headgate.engine.reading.detect import detect
from headgate.engine.reading.tokenise import tokenise
from headgate.options import ReadOptions

PRICES = "id,name,price\n" + "".join(f"{i},name {i},{i}.50\n" for i in range(1, 30))


def write(folder, content, name="file.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(path, **options):
    dialect = detect(path, ReadOptions(**options))
    return dialect, [row for rows in tokenise(path, dialect) for row in rows.fields]


def zipped(files):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        for name, content in files.items():
            opened.writestr(name, content)
    return archive.getvalue()
