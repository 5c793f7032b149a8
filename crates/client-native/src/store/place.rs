//! Where a row of the engine stands in the file, so that its key tells nothing. Pure.
//!
//! Chat ids and words are replaced by pseudonyms; numbers stay, since ranges run over them. What a key says
//! stands in the sealed value as well. So of the file one can read how many chats there are, how many rows
//! of each kind each has, and how often each word occurs, but not which.
//!
//! A range is answered in the order of its keys. Where a limit cuts a range that runs over the occurrences of
//! one word in several chats, which of them are answered is not said: pseudonyms sort otherwise than names.
//!
//! | engine | file |
//! |---|---|
//! | `c/CHAT`, `e/CHAT/…`, `a/CHAT/…`, `j/CHAT/…`, `p/CHAT`, `g/CHAT/…`, `n/CHAT` | the same with a pseudonym for `CHAT` |
//! | `w/WORD/CHAT/SEQ` | the same with pseudonyms for `WORD` and `CHAT` |
//! | | `d/WORD`: a word by its pseudonym, for searches by the beginning of a word |
//! | anything else (`m`, `o/…`, `s/…`, `l`) | as it is: these must not hold what a user wrote |

use chinwag_client::store::Range;

use super::key::Sealer;

/// Kinds with a chat in the second place.
const OF_CHATS: [&str; 7] = ["a", "c", "e", "g", "j", "n", "p"];
/// The kind of a word's occurrences.
pub(super) const WORDS: &str = "w";
/// The kind of the words themselves.
pub(super) const DICTIONARY: &str = "d";

/// Where a row stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) key: String,
    /// The word whose occurrence it is.
    pub(super) word: Option<String>,
}

/// How the rows of a range are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Scan {
    /// From a place up to, not including, another: just the rows of the range, in its order.
    Exact(String, String),
    /// The occurrences of the words that the range names.
    Words,
    /// Anywhere.
    Everywhere,
    /// Somewhere from a place up to another, in another order.
    Among(String, String),
}

/// The place of a row.
pub(super) fn place(sealer: &Sealer, key: &str) -> Placed {
    let (kind, rest) = key.split_once('/').unwrap_or((key, ""));
    if OF_CHATS.contains(&kind) {
        let (chat, tail) = split_off(rest);
        return Placed { key: format!("{kind}/{}{tail}", sealer.pseudonym("c", chat)), word: None };
    }
    if kind == WORDS {
        let (word, tail) = split_off(rest);
        let (chat, tail) = split_off(tail.strip_prefix('/').unwrap_or(tail));
        let key = format!("{WORDS}/{}/{}{tail}", sealer.pseudonym(WORDS, word), sealer.pseudonym("c", chat));
        return Placed { key, word: Some(word.to_owned()) };
    }
    Placed { key: key.to_owned(), word: None }
}

/// The word of an occurrence's key.
pub(super) fn word_of(key: &str) -> Option<&str> {
    key.strip_prefix(WORDS)?.strip_prefix('/').map(|rest| split_off(rest).0)
}

/// The place of a word's row in the dictionary.
pub(super) fn dictionary_place(sealer: &Sealer, word: &str) -> String {
    format!("{DICTIONARY}/{}", sealer.pseudonym(WORDS, word))
}

/// Where a word's occurrences stand.
pub(super) fn occurrences(sealer: &Sealer, word: &str) -> (String, String) {
    let name = sealer.pseudonym(WORDS, word);
    // '0' is the next after '/'.
    (format!("{WORDS}/{name}/"), format!("{WORDS}/{name}0"))
}

/// How to find a range's rows.
pub(super) fn scan(sealer: &Sealer, range: &Range) -> Scan {
    let (from, to) = (range.from.as_str(), range.to.as_str());
    let Some(kind) = shared_kind(from, to) else { return Scan::Everywhere };
    if kind == WORDS {
        return Scan::Words;
    }
    if !OF_CHATS.contains(&kind) {
        return Scan::Exact(from.to_owned(), to.to_owned());
    }
    let chat = |key: &str| {
        let rest = key.get(kind.len() + 1..)?;
        rest.split_once('/').map(|(chat, tail)| (chat.to_owned(), tail.to_owned()))
    };
    match (chat(from), chat(to)) {
        (Some((one, lower)), Some((other, upper))) if one == other => {
            let name = sealer.pseudonym("c", &one);
            Scan::Exact(format!("{kind}/{name}/{lower}"), format!("{kind}/{name}/{upper}"))
        }
        _ => Scan::Among(format!("{kind}/"), format!("{kind}0")),
    }
}

/// The kind that all keys of a range have.
fn shared_kind<'a>(from: &'a str, to: &str) -> Option<&'a str> {
    let (kind, _) = from.split_once('/').unwrap_or((from, ""));
    let begins = |key: &str| key == kind || key.strip_prefix(kind).is_some_and(|rest| rest.starts_with('/'));
    // A kind without a slash, such as `m`, up to beyond all that begin with it.
    let beyond = to.strip_prefix(kind).is_some_and(|rest| rest.starts_with('\u{10ffff}'));
    let bare = from == kind && (kind == WORDS || OF_CHATS.contains(&kind));
    (!kind.is_empty() && kind != DICTIONARY && !bare && (begins(to) || beyond)).then_some(kind)
}

/// What stands up to the next slash, and the rest with the slash.
fn split_off(text: &str) -> (&str, &str) {
    text.find('/').map_or((text, ""), |at| text.split_at(at))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::key::StoreKey;
    use super::*;

    #[test]
    fn no_chat_and_no_word_is_in_a_place_and_numbers_keep_their_order() {
        let sealer = Sealer::new(&StoreKey::fresh().unwrap());
        for key in [
            "c/g.17",
            "e/g.17/01",
            "a/g.17/01/02",
            "j/g.17/01/02",
            "n/g.17",
            "g/g.17/01",
            "p/g.17",
            "w/hello/g.17/01",
        ] {
            let placed = place(&sealer, key).key;
            assert!(!placed.contains("g.17") && !placed.contains("hello"), "{placed}");
            assert_eq!(placed.split('/').count(), key.split('/').count());
            assert_eq!(placed.ends_with("/01") || placed.ends_with("/02"), key.contains("/0"), "{placed}");
        }
        assert!(place(&sealer, "e/g.17/01").key < place(&sealer, "e/g.17/02").key);
        assert_eq!(place(&sealer, "o/0001").key, "o/0001");
        assert_eq!(word_of("w/hello/g.17/01"), Some("hello"));
    }

    #[test]
    fn a_range_of_one_chat_is_a_range_of_places() {
        let sealer = Sealer::new(&StoreKey::fresh().unwrap());
        let range =
            |from: &str, to: &str| Range { from: from.into(), to: to.into(), limit: 9, backwards: false };
        let Scan::Exact(from, to) = scan(&sealer, &range("e/g.1/01", "e/g.1/09")) else { panic!() };
        let inside = place(&sealer, "e/g.1/05").key;
        assert!(from <= inside && inside < to && place(&sealer, "e/g.1/09").key == to);
        assert_eq!(scan(&sealer, &Range::prefix("w/he")), Scan::Words);
        assert_eq!(scan(&sealer, &Range::prefix("c/")), Scan::Among("c/".into(), "c0".into()));
        assert!(matches!(scan(&sealer, &Range::prefix("o/")), Scan::Exact(..)));
        assert!(matches!(scan(&sealer, &Range::prefix("m")), Scan::Exact(..)));
        for wide in [
            Range::prefix(""),
            range("c/g.1", "e/g.1/01"),
            range("a", "z"),
            range("d/x", "d/z"),
            Range::prefix("e"),
        ] {
            assert_eq!(scan(&sealer, &wide), Scan::Everywhere, "{wide:?}");
        }
    }
}
