//! The dates of SigV4 and of the Date header, to the second.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const DAY: u64 = 86_400;

/// A moment to the second, written `20261121T085543Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AmzDate {
    seconds: u64,
}

impl AmzDate {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let field = |range: std::ops::Range<usize>| text.get(range)?.parse::<u64>().ok();
        let shape = text.len() == 16 && text.get(8..9)? == "T" && text.ends_with('Z');
        let (hour, minute, second) = (field(9..11)?, field(11..13)?, field(13..15)?);
        let days = days_from_civil(field(0..4)?, field(4..6)?, field(6..8)?)?;
        let seconds = days * DAY + hour * 3600 + minute * 60 + second;
        (shape && hour < 24 && minute < 60 && second < 61).then_some(Self { seconds })
    }

    pub(crate) fn before(self, by: Duration) -> Self {
        Self { seconds: self.seconds - by.as_secs() }
    }

    pub(crate) fn after(self, by: Duration) -> Self {
        Self { seconds: self.seconds + by.as_secs() }
    }

    /// As the Date header has it: `Sat, 21 Nov 2026 08:55:43 GMT`.
    pub(crate) fn http(self) -> String {
        const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
        const MONTHS: [&str; 12] =
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let (year, month, day) = civil_from_days(self.seconds / DAY);
        let (hour, minute, second) = self.time_of_day();
        let weekday = WEEKDAYS[(self.seconds / DAY % 7) as usize];
        let month = MONTHS[(month - 1) as usize];
        format!("{weekday}, {day:02} {month} {year} {hour:02}:{minute:02}:{second:02} GMT")
    }

    fn time_of_day(self) -> (u64, u64, u64) {
        let seconds = self.seconds % DAY;
        (seconds / 3600, seconds / 60 % 60, seconds % 60)
    }
}

impl From<SystemTime> for AmzDate {
    fn from(time: SystemTime) -> Self {
        // A clock before 1970 is as good as one at 1970.
        Self { seconds: time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()) }
    }
}

impl fmt::Display for AmzDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.seconds / DAY);
        let (hour, minute, second) = self.time_of_day();
        write!(f, "{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
    }
}

/// Days from 1970-01-01, by eras of 400 years that begin in March.
fn days_from_civil(year: u64, month: u64, day: u64) -> Option<u64> {
    if year < 1970 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let year_of_era = year % 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    (year / 400 * 146_097 + day_of_era).checked_sub(719_468)
}

fn civil_from_days(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_go_there_and_back() {
        for text in ["19700101T000000Z", "20000229T235959Z", "20261121T085543Z", "21000301T000001Z"] {
            assert_eq!(AmzDate::parse(text).expect(text).to_string(), text);
        }
    }

    #[test]
    fn seconds_and_weekday_are_those_of_the_calendar() {
        let date = AmzDate::parse("20150830T123600Z").expect("a date");
        assert_eq!(date.seconds, 1_440_938_160);
        assert_eq!(date.http(), "Sun, 30 Aug 2015 12:36:00 GMT");
    }

    #[test]
    fn other_forms_are_refused() {
        for text in ["", "2026-11-21T08:55:43Z", "20261121T085543", "20261321T085543Z", "20261121T245543Z"] {
            assert_eq!(AmzDate::parse(text), None, "{text}");
        }
    }
}
