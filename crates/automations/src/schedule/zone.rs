//! The machine's time zone.

use chrono::{FixedOffset, Local, MappedLocalTime, NaiveDate, NaiveDateTime, TimeZone};

/// The time zone that the variable `TZ` names, else the machine's. It is chrono's `Local`, but of a time that comes twice the
/// earlier comes first: `Local` has them the other way round, unlike what chrono documents for all zones.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct MachineZone;

impl TimeZone for MachineZone {
    type Offset = FixedOffset;

    fn from_offset(_: &FixedOffset) -> Self {
        Self
    }

    fn offset_from_local_date(&self, local: &NaiveDate) -> MappedLocalTime<FixedOffset> {
        earlier_first(Local.offset_from_local_datetime(&local.and_time(chrono::NaiveTime::MIN)))
    }

    fn offset_from_local_datetime(&self, local: &NaiveDateTime) -> MappedLocalTime<FixedOffset> {
        earlier_first(Local.offset_from_local_datetime(local))
    }

    fn offset_from_utc_date(&self, utc: &NaiveDate) -> FixedOffset {
        Local.offset_from_utc_datetime(&utc.and_time(chrono::NaiveTime::MIN))
    }

    fn offset_from_utc_datetime(&self, utc: &NaiveDateTime) -> FixedOffset {
        Local.offset_from_utc_datetime(utc)
    }
}

/// The earlier moment is the one whose clock is further ahead.
fn earlier_first(times: MappedLocalTime<FixedOffset>) -> MappedLocalTime<FixedOffset> {
    match times {
        MappedLocalTime::Ambiguous(one, other) if one.local_minus_utc() < other.local_minus_utc() => {
            MappedLocalTime::Ambiguous(other, one)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_times_the_earlier_is_the_first() {
        let (winter, summer) = (FixedOffset::east_opt(3600).unwrap(), FixedOffset::east_opt(7200).unwrap());
        for times in [MappedLocalTime::Ambiguous(winter, summer), MappedLocalTime::Ambiguous(summer, winter)] {
            assert_eq!(earlier_first(times).earliest(), Some(summer));
        }
        assert_eq!(earlier_first(MappedLocalTime::Single(winter)).earliest(), Some(winter));
    }
}
