//! The words of a text as the search index has them: folded, bounded. Pure.
//!
//! Folding: lower case (Unicode), combining marks dropped, the accents of Latin letters dropped; letters of
//! scripts that are written without spaces are words of one letter each. No stemming, no ranking.

use std::collections::BTreeSet;

/// Words of one message that are indexed.
pub(crate) const WORDS_MAX: usize = 64;
/// Characters of a word that are indexed; a longer one is found by its beginning.
pub(crate) const WORD_CHARS_MAX: usize = 24;

/// The folded words of a text, without repetition.
pub(crate) fn words(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut word = String::new();
    let mut length = 0;
    for c in text.chars().chain([' ']) {
        if is_mark(c) {
            continue;
        }
        let alone = is_alone(c);
        if (alone || !c.is_alphanumeric()) && !word.is_empty() {
            found.insert(std::mem::take(&mut word));
            length = 0;
        }
        if found.len() >= WORDS_MAX {
            break;
        }
        if alone {
            found.insert(c.to_string());
        } else if c.is_alphanumeric() && length < WORD_CHARS_MAX {
            length += 1;
            c.to_lowercase().filter(|c| !is_mark(*c)).for_each(|c| push_folded(&mut word, c));
        }
    }
    found
}

/// Combining diacritical marks.
const fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{20d0}'..='\u{20ff}')
}

/// Han, Hiragana, Katakana: written without spaces.
const fn is_alone(c: char) -> bool {
    matches!(c, '\u{3041}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}')
}

fn push_folded(word: &mut String, c: char) {
    let folded = match c {
        'à'..='å' | 'ā' | 'ă' | 'ą' | 'ǎ' => "a",
        'æ' => "ae",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' | 'ё' => match c {
            'ё' => "е",
            _ => "e",
        },
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' | 'ǐ' => "i",
        'ķ' => "k",
        'ĺ' | 'ļ' | 'ľ' | 'ŀ' | 'ł' => "l",
        'ñ' | 'ń' | 'ņ' | 'ň' => "n",
        'ò'..='ö' | 'ø' | 'ō' | 'ŏ' | 'ő' | 'ǒ' => "o",
        'œ' => "oe",
        'ŕ' | 'ŗ' | 'ř' => "r",
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => "s",
        'ß' => "ss",
        'ţ' | 'ť' | 'ŧ' | 'ț' => "t",
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' | 'ǔ' => "u",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        'ς' => "σ",
        other => return word.push(other),
    };
    word.push_str(folded);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Vec<String> {
        words(text).into_iter().collect()
    }

    #[test]
    fn case_and_accents_do_not_matter() {
        assert_eq!(list("Über-Straße, ÜBER!"), ["strasse", "uber"]);
        assert_eq!(list("cafe\u{301} Čeština"), ["cafe", "cestina"]);
        assert_eq!(list("ΟΔΟΣ"), list("οδος"));
    }

    #[test]
    fn scripts_without_spaces_are_found_by_their_letters() {
        assert_eq!(list("東京 2026"), ["2026", "京", "東"]);
    }

    #[test]
    fn a_message_gives_a_bounded_number_of_bounded_words() {
        let many: String = (0..1_000).map(|n| format!("w{n} ")).collect();
        assert_eq!(words(&many).len(), WORDS_MAX);
        assert_eq!(list(&"x".repeat(500)), ["x".repeat(WORD_CHARS_MAX)]);
        assert!(words(" …!— ").is_empty());
    }
}
