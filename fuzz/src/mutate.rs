//! How an input becomes another one.

use crate::dice::Dice;

/// Inputs grow no longer: a frame's limit is 128 KiB, but short inputs reach as much and are quicker.
const BYTES_MAX: usize = 4096;

/// What texts and stored bytes are made of.
const PIECES: &[&[u8]] = &[
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\"",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"null",
    b"true",
    b"false",
    b"-1",
    b"0",
    b"1e999",
    b"1.5",
    b"9007199254740991",
    b"9007199254740992",
    b"18446744073709551615",
    b"9223372036854775808",
    b"\"type\"",
    b"\"id\"",
    b"\"chatId\"",
    b"\"content\"",
    b"\"text\"",
    b"\"sealed\"",
    b"\"changes\"",
    b"\"after\"",
    b"g.7",
    b"d.1.2",
    b"d.2.1",
    b"u.1",
    b"\"owner\"",
    b"\xff",
    b"\xc3\xa9",
    b"\xf0\x9f\x91\x8d",
    b"\x00",
    b"\x7f",
    b"\x80",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    b"\x9f",
    b"\xbf",
    b"\xc0",
    b"\xfb\x7f\xf0\x00\x00\x00\x00\x00\x00",
    b"[[[[[[[[[[[[[[[[",
    b"{\"a\":{\"a\":{\"a\":",
];

/// A mutation of `input`, perhaps with parts of `other`.
pub fn mutated(input: &[u8], other: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=dice.below(4) {
        mutate(&mut bytes, other, dice);
    }
    bytes.truncate(BYTES_MAX);
    bytes
}

fn mutate(bytes: &mut Vec<u8>, other: &[u8], dice: &mut Dice) {
    let at = dice.below(bytes.len() + 1);
    let end = at + dice.below((bytes.len() - at).min(32) + 1);
    match dice.below(10) {
        0 => replace(bytes, at, end, &[]),
        1 => bytes.truncate(at),
        2 => {
            let doubled = part(bytes, at, end).to_vec();
            replace(bytes, end, end, &doubled);
        }
        3 | 4 => {
            let piece = dice.pick(PIECES).copied().unwrap_or_default();
            let end = if dice.below(2) == 0 { at } else { end };
            replace(bytes, at, end, piece);
        }
        5 => {
            let from = dice.below(other.len() + 1);
            let to = from + dice.below((other.len() - from).min(64) + 1);
            replace(bytes, at, end, part(other, from, to));
        }
        6 => {
            let byte = dice.next() as u8;
            replace(bytes, at, at, &[byte]);
        }
        7 => each(bytes, at, |byte| byte.wrapping_add(1)),
        8 => each(bytes, at, |byte| byte.wrapping_sub(1)),
        _ => {
            let bit = 1 << dice.below(8);
            each(bytes, at, |byte| byte ^ bit);
        }
    }
}

fn part(bytes: &[u8], from: usize, to: usize) -> &[u8] {
    bytes.get(from..to).unwrap_or_default()
}

fn replace(bytes: &mut Vec<u8>, from: usize, to: usize, by: &[u8]) {
    bytes.splice(from..to, by.iter().copied());
}

fn each(bytes: &mut [u8], at: usize, change: impl Fn(u8) -> u8) {
    if let Some(byte) = bytes.get_mut(at) {
        *byte = change(*byte);
    }
}
