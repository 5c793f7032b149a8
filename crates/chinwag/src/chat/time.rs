//! Times as people say them, in the time zone of whoever reads them. No clock: the time is handed in.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit, ZonedDateTime};

/// A moment in a time zone; the far ends of time are shown as the beginning of 1970.
pub(super) fn at(ms: i64, zone: &TimeZone) -> ZonedDateTime {
    Timestamp::from_millisecond(ms).unwrap_or_default().to_zoned_datetime(zone.clone())
}

/// The day that a moment is in.
pub(super) fn day(ms: i64, zone: &TimeZone) -> Date {
    at(ms, zone).date()
}

/// `14:05`.
pub(super) fn clock(ms: i64, zone: &TimeZone) -> String {
    at(ms, zone).strftime("%H:%M").to_string()
}

/// `Today`, `Yesterday`, `Friday 20 November`, `3 March 2024`.
pub(super) fn day_name(date: Date, now_ms: i64, zone: &TimeZone) -> String {
    let today = day(now_ms, zone);
    let days = date.until((Unit::Day, today)).map_or(i32::MAX, |span| span.get_days());
    match days {
        0 => "Today".to_owned(),
        1 => "Yesterday".to_owned(),
        _ if date.year() == today.year() => date.strftime("%A %-d %B").to_string(),
        _ => date.strftime("%-d %B %Y").to_string(),
    }
}

/// As short as a list needs: `14:05`, `Fri`, `20 Nov`, `Mar 2024`.
pub(super) fn short(ms: i64, now_ms: i64, zone: &TimeZone) -> String {
    let (date, today) = (day(ms, zone), day(now_ms, zone));
    match date.until((Unit::Day, today)).map_or(i32::MAX, |span| span.get_days()) {
        0 => clock(ms, zone),
        1..=6 => date.strftime("%a").to_string(),
        _ if date.year() == today.year() => date.strftime("%-d %b").to_string(),
        _ => date.strftime("%b %Y").to_string(),
    }
}

/// When somebody was last seen: `just now`, `5 min ago`, `at 14:05`, `Fri`, `20 Nov`.
pub(super) fn ago(ms: i64, now_ms: i64, zone: &TimeZone) -> String {
    match (now_ms - ms).max(0) / 60_000 {
        0 => "just now".to_owned(),
        minutes @ 1..60 => format!("{minutes} min ago"),
        _ if day(ms, zone) == day(now_ms, zone) => format!("at {}", clock(ms, zone)),
        _ => short(ms, now_ms, zone),
    }
}

/// The first moment of a day that somebody typed: `2026-03-14`, `14.3.2026`, `14 March 2026`, `yesterday`,
/// `7` (days ago).
pub(super) fn parse_day(text: &str, now_ms: i64, zone: &TimeZone) -> Option<i64> {
    let today = day(now_ms, zone);
    let back = |days: i64| today.checked_sub(jiff::Span::new().try_days(days).ok()?).ok();
    let text = text.trim().to_lowercase();
    let date = match text.as_str() {
        "today" => Some(today),
        "yesterday" => back(1),
        "" => None,
        days if days.bytes().all(|b| b.is_ascii_digit()) => back(days.parse().ok()?),
        _ => ["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%d %B %Y", "%d %b %Y"]
            .into_iter()
            .find_map(|form| Date::strptime(form, &text).ok()),
    };
    let start = date?.to_zoned_datetime(zone.clone()).ok()?.timestamp().as_millisecond();
    (start <= now_ms).then_some(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-24T15:30:00Z";

    fn ms(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_millisecond()
    }

    fn berlin() -> TimeZone {
        TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap()
    }

    #[test]
    fn a_moment_is_told_in_the_readers_time_zone() {
        assert_eq!(clock(ms("2026-11-24T15:05:00Z"), &berlin()), "16:05");
        assert_eq!(clock(ms("2026-07-24T15:05:00Z"), &berlin()), "17:05");
        let late = ms("2026-11-23T23:30:00Z");
        assert_eq!(day_name(day(late, &berlin()), ms(NOW), &berlin()), "Today");
        assert_eq!(day_name(day(late, &TimeZone::UTC), ms(NOW), &TimeZone::UTC), "Yesterday");
    }

    #[test]
    fn the_longer_ago_the_coarser() {
        let zone = TimeZone::UTC;
        let short = |text| short(ms(text), ms(NOW), &zone);
        assert_eq!(short("2026-11-24T09:00:00Z"), "09:00");
        assert_eq!(short("2026-11-23T23:00:00Z"), "Mon");
        assert_eq!(short("2026-11-20T23:00:00Z"), "Fri");
        assert_eq!(short("2026-03-02T23:00:00Z"), "2 Mar");
        assert_eq!(short("2024-03-02T23:00:00Z"), "Mar 2024");
        let ago = |text| ago(ms(text), ms(NOW), &zone);
        assert_eq!(ago("2026-11-24T15:29:50Z"), "just now");
        assert_eq!(ago("2026-11-24T15:12:00Z"), "18 min ago");
        assert_eq!(ago("2026-11-24T01:12:00Z"), "at 01:12");
        assert_eq!(day_name("2024-03-02".parse().unwrap(), ms(NOW), &zone), "2 March 2024");
        assert_eq!(day_name("2026-11-20".parse().unwrap(), ms(NOW), &zone), "Friday 20 November");
    }

    #[test]
    fn a_day_is_understood_in_the_ways_people_write_it() {
        let day = |text| parse_day(text, ms(NOW), &TimeZone::UTC);
        for text in ["2026-11-17", "17.11.2026", "17/11/2026", "17 November 2026", "17 nov 2026", "7"] {
            assert_eq!(day(text), Some(ms("2026-11-17T00:00:00Z")), "{text}");
        }
        assert_eq!(day("yesterday"), Some(ms("2026-11-23T00:00:00Z")));
        for text in ["", "soon", "2026-13-01", "2027-01-01", "99999999999999999999"] {
            assert_eq!(day(text), None, "{text}");
        }
    }
}
