//! Safety numbers: the same for both, another for anybody else.

use chinwag_e2ee::identity::{
    CodeMismatch, Identity, RootPublic, compare_safety_code, safety_code, safety_number, same_number,
};

use crate::common::{root, user};

fn anna() -> Identity {
    Identity { user: user(7), root: root(1).public() }
}

fn ben() -> Identity {
    Identity { user: user(70), root: root(2).public() }
}

#[test]
fn both_see_the_same_sixty_digits() {
    let number = safety_number(anna(), ben());
    assert_eq!(number, safety_number(ben(), anna()));
    let groups: Vec<&str> = number.split(' ').collect();
    assert_eq!(groups.len(), 12);
    assert!(groups.iter().all(|group| group.len() == 5 && group.bytes().all(|b| b.is_ascii_digit())));
    assert!(same_number(&number, &number.replace(' ', "\n")));
}

#[test]
fn another_root_or_user_has_another_number() {
    let number = safety_number(anna(), ben());
    let other_root = Identity { root: root(3).public(), ..ben() };
    let other_user = Identity { user: user(71), ..ben() };
    for other in [other_root, other_user] {
        let other = safety_number(anna(), other);
        assert!(!same_number(&number, &other));
        assert_eq!(number[..35], other[..35], "Anna's half stays");
    }
    assert!(!same_number("", "") && !same_number(&number, &number[..59]));
}

#[test]
fn a_scanned_code_tells_what_is_wrong() {
    let shown_by_ben = safety_code(ben(), anna());
    assert_eq!(compare_safety_code(&shown_by_ben, anna(), ben()), Ok(()));
    assert_eq!(compare_safety_code(&shown_by_ben, ben(), anna()), Err(CodeMismatch::OtherUsers));
    let eve = Identity { user: user(8), ..ben() };
    assert_eq!(compare_safety_code(&shown_by_ben, anna(), eve), Err(CodeMismatch::OtherUsers));
    for (own, peer) in [
        (anna(), Identity { root: RootPublic([9; 32]), ..ben() }),
        (Identity { root: RootPublic([9; 32]), ..anna() }, ben()),
    ] {
        assert_eq!(compare_safety_code(&shown_by_ben, own, peer), Err(CodeMismatch::Different));
    }
    for junk in ["", "https://example", &shown_by_ben[..40]] {
        assert_eq!(compare_safety_code(junk, anna(), ben()), Err(CodeMismatch::NotACode));
    }
}
