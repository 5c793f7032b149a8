//! Where everything is on a screen of a given size. Pure.

use ratatui::layout::Rect;

/// Below this width there is one pane at a time.
const TWO_PANES_FROM: u16 = 70;

/// The parts of the screen; a part that is not there is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Areas {
    pub(super) top: Rect,
    pub(super) list: Rect,
    pub(super) divider: Rect,
    pub(super) heading: Rect,
    pub(super) messages: Rect,
    /// What is being answered or edited, and proposals for an @name.
    pub(super) banner: Rect,
    pub(super) compose: Rect,
    pub(super) bottom: Rect,
}

/// Whether the list and a conversation stand side by side.
pub(super) const fn has_two_panes(size: (u16, u16)) -> bool {
    size.0 >= TWO_PANES_FROM
}

/// Width of a conversation.
pub(super) fn conversation_width(size: (u16, u16)) -> u16 {
    if has_two_panes(size) { size.0 - list_width(size) - 1 } else { size.0 }
}

fn list_width(size: (u16, u16)) -> u16 {
    (size.0 * 3 / 10).clamp(24, 40)
}

/// Lays out. `list`: the list has the keys; `banner`: rows of the banner; `compose`: rows of text being
/// written.
pub(super) fn areas(size: (u16, u16), list: bool, banner: u16, compose: u16) -> Areas {
    let (width, height) = size;
    let body = height.saturating_sub(2);
    let mut areas = Areas {
        top: Rect::new(0, 0, width, height.min(1)),
        bottom: Rect::new(0, height.saturating_sub(1), width, u16::from(height > 1)),
        ..Areas::default()
    };
    let x = if has_two_panes(size) {
        let list = list_width(size);
        areas.list = Rect::new(0, 1, list, body);
        areas.divider = Rect::new(list, 1, 1, body);
        list + 1
    } else if list {
        areas.list = Rect::new(0, 1, width, body);
        return areas;
    } else {
        0
    };
    let wide = width.saturating_sub(x);
    // A rule stands above the text being written.
    let compose = compose.clamp(1, (body / 3).max(1)) + 1;
    let banner = banner.min(body.saturating_sub(compose + 3));
    let messages = body.saturating_sub(2 + banner + compose);
    areas.heading = Rect::new(x, 1, wide, body.min(2));
    areas.messages = Rect::new(x, 3, wide, messages);
    areas.banner = Rect::new(x, 3 + messages, wide, banner);
    areas.compose = Rect::new(x, 3 + messages + banner, wide, compose.min(body));
    areas
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_the_screen_and_nothing_overlaps_at_any_size() {
        for width in 1..150 {
            for height in 1..50 {
                for (list, banner, compose) in [(true, 0, 1), (false, 3, 9), (false, 0, 1)] {
                    let a = areas((width, height), list, banner, compose);
                    let all =
                        [a.top, a.list, a.divider, a.heading, a.messages, a.banner, a.compose, a.bottom];
                    if height >= 8 {
                        for (nth, one) in all.iter().enumerate() {
                            assert!(
                                one.right() <= width && one.bottom() <= height,
                                "{width}x{height} {one:?}"
                            );
                            let clash =
                                all.iter().skip(nth + 1).any(|other| !one.intersection(*other).is_empty());
                            assert!(!clash, "{width}x{height} {one:?}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn below_seventy_columns_there_is_one_pane() {
        assert!(areas((69, 24), true, 0, 1).heading.is_empty());
        assert!(areas((69, 24), false, 0, 1).list.is_empty());
        let both = areas((70, 24), false, 0, 1);
        assert!(!both.list.is_empty() && !both.heading.is_empty());
    }
}
