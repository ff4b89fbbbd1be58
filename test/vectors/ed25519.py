#!/usr/bin/python3
"""ed25519 -- makes test/vectors/ed25519.json: keys and signatures at the edges of Ed25519, each with the verdict
of the one rule that all programs of the project follow. The points are computed here, with plain integers.

usage: ed25519.py > test/vectors/ed25519.json

Rule (strict, cofactorless): S < L; [S]B - [h]A is encoded and compared with R byte for byte; public keys have
y < p, lie on the curve and are not of small order. "lax" is what a verifier says that reads points with y >= p
and multiplies the equation by the cofactor 8 (RFC 8032 s5.1.7 allows that): where the verdicts differ, two
programs would disagree about one object.
SPDX-License-Identifier: Apache-2.0
"""
import hashlib
import json

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)


def add_projective(a, b):
    """(X, Y, Z) stands for (X/Z, Y/Z). Complete, since D is no square."""
    (x1, y1, z1), (x2, y2, z2) = a, b
    z, xx, yy = z1 * z2 % P, x1 * x2 % P, y1 * y2 % P
    e = D * xx * yy % P
    f, g = z * z - e, z * z + e
    return (z * f * ((x1 + y1) * (x2 + y2) - xx - yy) % P, z * g * (yy + xx) % P, f * g % P)


def affine(point):
    inverse = pow(point[2], P - 2, P)
    return point[0] * inverse % P, point[1] * inverse % P


def add(a, b):
    return affine(add_projective((*a, 1), (*b, 1)))


def mul(k, point):
    total, power = (0, 1, 1), (*point, 1)
    while k:
        if k & 1:
            total = add_projective(total, power)
        power, k = add_projective(power, power), k >> 1
    return affine(total)


def neg(point):
    return (-point[0] % P, point[1])


def x_of(y, sign):
    """None when no point has this y."""
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if x * x % P != x2:
        x = x * ROOT_OF_MINUS_1 % P
    if x * x % P != x2:
        return None
    return -x % P if x % 2 != sign else x


def spell(y, sign):
    """An encoding, of y as it is given: canonical only for y < p."""
    return (y | sign << 255).to_bytes(32, "little")


def encode(point):
    return spell(point[1], point[0] & 1)


def decode_lax(data):
    number = int.from_bytes(data, "little")
    y, sign = number % 2**255 % P, number >> 255
    x = x_of(y, sign)
    return None if x is None else (x, y)


BASE = (x_of(4 * pow(5, P - 2, P) % P, 0), 4 * pow(5, P - 2, P) % P)


def torsion():
    """The eight points of small order, multiples of one of order 8."""
    y = 2
    while True:
        x = x_of(y, 0)
        point = None if x is None else mul(L, (x, y))
        if point and mul(4, point) != (0, 1):
            return [mul(i, point) for i in range(8)]
        y += 1


def challenge(r, public, message):
    return int.from_bytes(hashlib.sha512(r + public + message).digest(), "little") % L


def is_small(point):
    return mul(8, point) == (0, 1)


def strict_key(data):
    y = int.from_bytes(data, "little") % 2**255
    point = decode_lax(data)
    return y < P and point is not None and not is_small(point)


def strict(public, message, signature):
    s = int.from_bytes(signature[32:], "little")
    if not strict_key(public) or s >= L:
        return False
    h = challenge(signature[:32], public, message)
    return encode(add(mul(s, BASE), neg(mul(h, decode_lax(public))))) == signature[:32]


def lax(public, message, signature):
    s = int.from_bytes(signature[32:], "little") % L
    a, r = decode_lax(public), decode_lax(signature[:32])
    if a is None or r is None:
        return False
    h = challenge(signature[:32], public, message)
    return mul(8, add(mul(s, BASE), neg(add(r, mul(h, a))))) == (0, 1)


def keys():
    """(name, encoding), strange ones and a good one."""
    made = {}
    for i, point in enumerate(torsion()):
        order = next(n for n in (1, 2, 4, 8) if mul(n, point) == (0, 1))
        made[f"torsion point {i}, of order {order}"] = encode(point)
    for y, name in ((1, "1"), (P - 1, "p - 1")):
        made[f"y = {name}, x = 0 with a sign"] = spell(y, 1)
    for more in range(19):
        for sign in (0, 1):
            made[f"y = p + {more}, sign {sign}"] = spell(P + more, sign)
    off = [y for y in range(2, 40) if x_of(y, 0) is None][:2]
    made |= {f"y = {y}, on no point, sign {s}": spell(y, s) for y in off for s in (0, 1)}
    made["an ordinary key"] = encode(mul(SECRET, BASE))
    for i, point in enumerate(torsion()[1:], 1):
        made[f"an ordinary key and torsion point {i}"] = encode(add(mul(SECRET, BASE), point))
    return made


SECRET, NONCE = (int.from_bytes(hashlib.sha512(w).digest(), "little") % L for w in (b"secret", b"nonce"))
PUBLIC = mul(SECRET, BASE)


def sign(message, public=None, nonce=NONCE, shift=(0, 1), spelled=None, more=0):
    """A signature by whoever knows SECRET: R = nonce B + shift, spelled as given, S = ... + more."""
    public = public or encode(PUBLIC)
    r = spelled or encode(add(mul(nonce, BASE), shift))
    s = (nonce + challenge(r, public, message) * SECRET) % L + more
    return public, message, r + s.to_bytes(32, "little")


def signatures():
    """(name, key, message, signature)."""
    small = torsion()
    message = b"edge"
    public = encode(PUBLIC)
    made = {"ordinary": sign(message), "S = 0 and R the key's": (public, message, public + bytes(32))}
    for n in (1, 2, 7, 15):
        made[f"S + {n} L"] = sign(message, more=n * L)
    made["S = L and R the identity"] = (public, message, encode((0, 1)) + L.to_bytes(32, "little"))
    made["highest bit of S"] = sign(message, more=2**255)
    made["R = identity"] = sign(message, nonce=0)
    made["R = identity, y = p + 1"] = sign(message, nonce=0, spelled=spell(P + 1, 0))
    made["R = identity, x = 0 with a sign"] = sign(message, nonce=0, spelled=spell(1, 1))
    made["R = order 2, x = 0 with a sign"] = sign(message, nonce=0, spelled=spell(P - 1, 1))
    made["R = order 4, y = p"] = sign(message, nonce=0, spelled=spell(P, 0))
    for i, point in enumerate(small[1:], 1):
        made[f"R with torsion point {i}"] = sign(message, shift=point)
        made[f"R only torsion point {i}"] = sign(message, nonce=0, shift=point)
    mixed = encode(add(PUBLIC, small[1]))
    for wanted in (True, False):  # with h a multiple of 8 the torsion of the key does not show
        for i in range(256):
            made_one = sign(b"mixed %d" % i, public=mixed)
            if (challenge(made_one[2][:32], mixed, made_one[1]) % 8 == 0) == wanted:
                made[f"key with torsion, h {'=' if wanted else '!='} 0 mod 8"] = made_one
                break
    for i in (0, 1, 4):  # anybody can write these: nobody has a secret
        public = encode(small[i])
        made[f"by torsion point {i} as key, R = B, S = 1"] = (
            public, message, encode(BASE) + (1).to_bytes(32, "little"))
    return made


def vectors():
    out = {"what": "edges of Ed25519; made by test/vectors/ed25519.py, hexadecimal. 'good' is the verdict of "
                   "the project's rule, 'lax' that of a cofactored verifier which reads any spelling.",
           "keys": [], "signatures": []}
    for name, data in keys().items():
        out["keys"].append({"name": name, "key": data.hex(), "good": strict_key(data)})
    for name, (public, message, signature) in signatures().items():
        out["signatures"].append({"name": name, "key": public.hex(), "message": message.hex(),
                                  "signature": signature.hex(), "key_good": strict_key(public),
                                  "good": strict(public, message, signature),
                                  "lax": lax(public, message, signature)})
    return out


if __name__ == "__main__":
    print(json.dumps(vectors(), indent=1))
