#!/usr/bin/env python3
"""Makes files as people download them, in the folder that is given, and prints what each is: a line "file kind name=value|...".

The formats are written here from their descriptions, by other code than that which reads them: ZIP by Python's zipfile, Android's
binary XML and APK Signature Scheme v2 and v3 by hand (AOSP, ResourceTypes.h; source.android.com/docs/security/features/apksigning),
certificates and JAR signatures by OpenSSL, PE headers and compound files by hand (Microsoft's PE Format, [MS-CFB])."""

import hashlib
import os
import struct
import subprocess
import sys
import zipfile

folder = sys.argv[1]


def path(name):
    return os.path.join(folder, name)


def write(name, data):
    with open(path(name), "wb") as f:
        f.write(data)


def tell(name, kind, *details):
    print(name, kind, "|".join(details))


def openssl(*args):
    subprocess.run(["openssl", *args], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)


def certificate():
    key, pem, der = path("key.pem"), path("cert.pem"), path("cert.der")
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", pem,
            "-subj", "/CN=Android Debug", "-days", "10")
    openssl("x509", "-in", pem, "-outform", "DER", "-out", der)
    with open(der, "rb") as f:
        return f.read()


def strings(words, utf8):
    """A RES_STRING_POOL chunk."""
    data, offsets = b"", []
    for word in words:
        offsets.append(len(data))
        if utf8:
            raw = word.encode()
            data += bytes([len(word), len(raw)]) + raw + b"\0"
        else:
            raw = word.encode("utf-16-le")
            data += struct.pack("<H", len(word)) + raw + b"\0\0"
    data += b"\0" * (-len(data) % 4)
    start = 28 + 4 * len(words)
    head = struct.pack("<HHIIIIII", 1, 28, start + len(data), len(words), 0, 0x100 if utf8 else 0, start, 0)
    return head + struct.pack("<%dI" % len(words), *offsets) + data


def manifest(package, utf8):
    words = ["manifest", "package", "versionName", package, "7.1", "http://schemas.android.com/apk/res/android"]

    def attribute(name, value, ns=0xFFFFFFFF):
        return struct.pack("<IIIHBBI", ns, name, value, 8, 0, 3, value)

    attributes = attribute(2, 4, 5) + attribute(1, 3)
    element = struct.pack("<HHIII", 0x102, 16, 36 + len(attributes), 1, 0xFFFFFFFF)
    element += struct.pack("<IIHHHHHH", 0xFFFFFFFF, 0, 20, 20, 2, 0, 0, 0) + attributes
    resources = struct.pack("<HHI", 0x180, 8, 16) + struct.pack("<II", 0x0101021C, 0)
    body = strings(words, utf8) + resources + element
    return struct.pack("<HHI", 3, 8, 8 + len(body)) + body


def apk(name, package, utf8=True, jar=None):
    with zipfile.ZipFile(path(name), "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("AndroidManifest.xml", manifest(package, utf8))
        z.writestr("classes.dex", b"dex\n035\0" + bytes(100))
        if jar is not None:
            z.writestr("META-INF/CERT.RSA", jar)
    with open(path(name), "rb") as f:
        return f.read()


def piece(data):
    return struct.pack("<I", len(data)) + data


def with_block(zipped, cert, schemes):
    """Puts an APK Signing Block before the central directory."""
    pairs = b""
    for scheme in schemes:
        data = piece(piece(struct.pack("<I", 0x103) + piece(b"\1" * 32))) + piece(piece(cert)) + piece(b"")
        signer = piece(data) + piece(b"") + piece(b"key")
        pair = struct.pack("<I", scheme) + piece(piece(signer))
        pairs += struct.pack("<Q", len(pair)) + pair
    size = len(pairs) + 24
    block = struct.pack("<Q", size) + pairs + struct.pack("<Q", size) + b"APK Sig Block 42"
    end = zipped.rindex(b"PK\5\6")
    directory = struct.unpack_from("<I", zipped, end + 16)[0]
    return (zipped[:directory] + block + zipped[directory:end + 16] + struct.pack("<I", directory + len(block)) +
            zipped[end + 20:])


def pe(machine, bits, signed, dll=False):
    data = bytearray(0x200)
    data[0:2] = b"MZ"
    struct.pack_into("<I", data, 0x3C, 0x80)
    data[0x80:0x84] = b"PE\0\0"
    struct.pack_into("<HHIIIHH", data, 0x84, machine, 0, 1700000000, 0, 0, 240 if bits == 64 else 224, 0x2002 if dll else 2)
    optional = 0x98
    struct.pack_into("<H", data, optional, 0x20B if bits == 64 else 0x10B)
    counts = optional + (108 if bits == 64 else 92)
    struct.pack_into("<I", data, counts, 16)
    if signed:
        struct.pack_into("<II", data, counts + 4 + 4 * 8, 0x200, 0x100)
    return bytes(data)


def compound(clsid):
    data = bytearray(512 * 3)
    data[0:8] = bytes.fromhex("d0cf11e0a1b11ae1")
    struct.pack_into("<H", data, 30, 9)
    struct.pack_into("<I", data, 48, 1)
    data[1024 + 80:1024 + 96] = clsid
    return bytes(data)


def archives(cert, digest):
    plain = apk("plain.apk", "com.example.plain")
    members = ["members=2", "member=AndroidManifest.xml", "member=classes.dex"]
    facts = ["version=7.1", "package=com.example.plain"]
    tell("plain.apk", "apk", facts[1], facts[0], *members)
    apk("wide.apk", "com.example.wide", utf8=False)
    tell("wide.apk", "apk", "package=com.example.wide", facts[0], *members)
    write("v2.apk", with_block(plain, cert, [0x7109871A]))
    tell("v2.apk", "apk", facts[1], facts[0], "signer-sha256=" + digest, "signature-scheme=v2", *members)
    write("v3.apk", with_block(plain, cert, [0x42726577, 0x7109871A, 0xF05368C0]))
    tell("v3.apk", "apk", facts[1], facts[0], "signer-sha256=" + digest, "signature-scheme=v3", *members)
    openssl("cms", "-sign", "-binary", "-md", "sha256", "-signer", path("cert.pem"), "-inkey", path("key.pem"), "-in", path("cert.pem"),
            "-outform", "DER", "-out", path("jar.der"))
    with open(path("jar.der"), "rb") as f:
        apk("v1.apk", "com.example.plain", jar=f.read())
    tell("v1.apk", "apk", facts[1], facts[0], "signer-sha256=" + digest, "signature-scheme=v1", "members=3", *members[1:],
         "member=META-INF/CERT.RSA")
    with zipfile.ZipFile(path("doc.docx"), "w") as z:
        z.writestr("[Content_Types].xml", "x")
        z.writestr("word/vbaProject.bin", "x")
    tell("doc.docx", "docx", "members=2", "macros=yes", "member=[Content_Types].xml", "member=word/vbaProject.bin")
    with zipfile.ZipFile(path("many.zip"), "w") as z:
        for i in range(30):
            z.writestr("invoice%d.pdf.js" % i, "x")
    tell("many.zip", "zip", "members=30", *["member=invoice%d.pdf.js" % i for i in range(20)])
    # What unpacks itself: a program, and behind it an archive, whose offsets count from its own start.
    with open(path("many.zip"), "rb") as f:
        write("zero.zip", b"PK\5\6" + bytes(18))
        write("before.zip", b"PK\3\4junk" + f.read())
    tell("zero.zip", "zip", "members=0")
    tell("before.zip", "zip", "members=30", *["member=invoice%d.pdf.js" % i for i in range(20)])


def others():
    write("x86.exe", pe(0x14C, 32, False))
    tell("x86.exe", "exe", "machine=x86", "signature=none", "link-time=1700000000")
    write("signed.exe", pe(0x8664, 64, True))
    tell("signed.exe", "exe", "machine=x64", "signature=present, not checked", "link-time=1700000000")
    write("lib.dll", pe(0xAA64, 64, True, True))
    tell("lib.dll", "dll", "machine=arm64", "signature=present, not checked", "link-time=1700000000")
    write("old.exe", b"MZ" + bytes(100))
    tell("old.exe", "dos-exe")
    write("setup.msi", compound(bytes.fromhex("84100c0000000000c000000000000046")))
    tell("setup.msi", "msi")
    write("old.doc", compound(bytes(16)))
    tell("old.doc", "ole")
    write("a.pdf", b"%PDF-1.7\n1 0 obj<</OpenAction 2 0 R/JS(x)/S/JavaScript>>")
    tell("a.pdf", "pdf", "version=1.7", "holds=/JavaScript", "holds=/OpenAction")
    write("a.dmg", bytes(1000) + b"koly" + bytes(508))
    tell("a.dmg", "dmg")
    write("a.js", b"var a = 1;\n")
    tell("a.js", "js")
    write("page.txt", b"\xef\xbb\xbf <!DOCTYPE HTML><p>")
    tell("page.txt", "html")
    write("script.txt", b"#!/bin/sh\n")
    tell("script.txt", "sh")
    write("disk.iso", bytes(0x8001) + b"CD001" + bytes(50))
    tell("disk.iso", "iso")
    write("note.txt", b"hello\n")
    tell("note.txt", "-")
    write("empty", b"")
    tell("empty", "-")


cert = certificate()
archives(cert, hashlib.sha256(cert).hexdigest())
others()
