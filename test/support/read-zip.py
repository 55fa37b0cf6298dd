"""Reads an archive by its directory and prints "sha256 bytes name" for each entry."""
import hashlib
import sys
import zipfile

for path in sys.argv[1:]:
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            digest = hashlib.sha256()
            size = 0
            with archive.open(entry) as content:
                while chunk := content.read(1 << 20):
                    digest.update(chunk)
                    size += len(chunk)
            assert size == entry.file_size, entry.filename
            print(digest.hexdigest(), size, entry.filename)
