//! What can be ordered to go wrong.

use std::str::FromStr;
use std::time::Duration;

/// A fault that requests meet. All but latency and clamping are met by as many requests as were ordered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Fault {
    /// Every answer comes so much later.
    Latency(Duration),
    /// The server allows no more than so many entries a page.
    PageCap(usize),
    /// 429 with `Retry-After` in seconds, from a proxy.
    TooManyRequests(u64),
    /// 502 with an HTML page, from a proxy.
    BadGateway,
    /// 500 with an HTML page: the server's own panic handler.
    Panic,
    /// 500 as JSON with no words: an error that is not for everybody.
    ServerError,
    /// The connection ends with half of the body.
    CutBody,
    /// The JSON ends after its half, in an answer that is complete as HTTP.
    CutJson,
    /// The connection is closed without an answer.
    Drop,
    /// The request is read and never answered.
    Hang,
    /// After a first page of issues the newest open one closes, so that all others move up by one.
    Moving,
    /// 200 with an HTML page: a login page in the way.
    NotJson,
    /// An entry of a list is null, and another one empty.
    NullEntries,
    /// No `X-Total-Count` and no `Link`.
    NoTotal,
    /// The header and the first bytes come, then a byte a second.
    Drip,
    /// 307 to the same path at another address.
    Redirect(String),
    /// 401 that repeats the token it was given.
    BadToken,
}

/// Why an order of a fault cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FaultError {
    /// A name that is none.
    #[error(
        "{0:?} is not a fault: expected latency=MS, page-cap=N, 429=SECONDS, 502, 500, 500-json, cut-body, cut-json, drop, hang, \
         moving, not-json, null-entries, no-total, drip, redirect=URL or bad-token"
    )]
    Unknown(String),
    /// A fault for no request.
    #[error("{0:?} is a fault for no request: leave the number out, or give one from 1 on")]
    Never(String),
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let fail = || FaultError::Unknown(text.to_owned());
        let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
        let number = || value.and_then(|value| value.parse().ok()).ok_or_else(fail);
        Ok(match name {
            "latency" => Self::Latency(Duration::from_millis(number()?)),
            "page-cap" => Self::PageCap(usize::try_from(number()?).unwrap_or(usize::MAX).max(1)),
            "429" => Self::TooManyRequests(number()?),
            "502" => Self::BadGateway,
            "500" => Self::Panic,
            "500-json" => Self::ServerError,
            "cut-body" => Self::CutBody,
            "cut-json" => Self::CutJson,
            "drop" => Self::Drop,
            "hang" => Self::Hang,
            "moving" => Self::Moving,
            "not-json" => Self::NotJson,
            "null-entries" => Self::NullEntries,
            "no-total" => Self::NoTotal,
            "drip" => Self::Drip,
            "redirect" => Self::Redirect(value.ok_or_else(fail)?.to_owned()),
            "bad-token" => Self::BadToken,
            _ => return Err(fail()),
        })
    }
}

/// An order of faults as it is given on a command line: `502` for every request, `502*2` for the next two.
#[derive(Clone, Debug)]
pub struct Order {
    /// What goes wrong.
    pub fault: Fault,
    /// For how many requests; none for all.
    pub times: Option<usize>,
}

impl FromStr for Order {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        match text.rsplit_once('*').and_then(|(fault, times)| Some((fault, times.parse().ok()?))) {
            Some((_, 0)) => Err(FaultError::Never(text.to_owned())),
            Some((fault, times)) => Ok(Self { fault: fault.parse()?, times: Some(times) }),
            None => Ok(Self { fault: text.parse()?, times: None }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_ordered_for_a_number_of_requests_from_one_on() {
        let times = |text: &str| text.parse::<Order>().map(|order| order.times).map_err(|error| error.to_string());
        assert_eq!(times("502*2"), Ok(Some(2)));
        assert_eq!(times("500-json"), Ok(None));
        assert!(times("502*0").unwrap_err().contains("for no request"));
        assert!(times("sometimes").unwrap_err().contains("is not a fault"));
    }
}
