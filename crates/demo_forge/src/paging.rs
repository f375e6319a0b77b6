//! Pages of a list: the servers' defaults, their silent clamping, and the headers that go with a page.

/// The page size when none is asked for.
pub(crate) const DEFAULT_SIZE: usize = 30;

/// The largest page size, whatever is asked for.
pub(crate) const MOST: usize = 50;

/// Which page, and how large. Numbers that do not parse count as 0, silently, as in the servers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paging {
    pub page: usize,
    pub size: usize,
}

impl Paging {
    pub(crate) fn new(page: Option<&str>, limit: Option<&str>, most: usize) -> Self {
        let parse =
            |text: Option<&str>| text.and_then(|text| text.parse::<i64>().ok()).unwrap_or(0).max(0).unsigned_abs();
        let size = match usize::try_from(parse(limit)).unwrap_or(usize::MAX) {
            0 => DEFAULT_SIZE.min(most),
            size => size.min(most),
        };
        Self { page: usize::try_from(parse(page)).unwrap_or(usize::MAX).max(1), size }
    }

    /// The range of the page in a list of `total` entries; empty past the end.
    pub(crate) fn range(self, total: usize) -> std::ops::Range<usize> {
        let start = (self.page - 1).saturating_mul(self.size).min(total);
        start..start.saturating_add(self.size).min(total)
    }

    /// The `Link` header: next, last, first, prev, each where it applies; none for one page.
    pub(crate) fn link(self, total: usize, url: impl Fn(usize) -> String) -> Option<String> {
        let last = total.div_ceil(self.size).max(1);
        if last <= 1 {
            return None;
        }
        let mut parts = Vec::new();
        let mut part = |page: usize, relation: &str| {
            parts.push(format!("<{}>; rel=\"{relation}\"", url(page)));
        };
        if self.page < last {
            part(self.page + 1, "next");
            part(last, "last");
        }
        if self.page > 1 {
            part(1, "first");
            part(self.page.min(last + 1) - 1, "prev");
        }
        Some(parts.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_clamped_without_a_word() {
        for (limit, size) in
            [(None, 30), (Some("0"), 30), (Some("-5"), 30), (Some("x"), 30), (Some("7"), 7), (Some("500"), 50)]
        {
            assert_eq!(Paging::new(None, limit, MOST).size, size, "{limit:?}");
        }
        assert_eq!(Paging::new(Some("-1"), None, MOST).page, 1);
        assert_eq!(Paging::new(Some("9"), Some("50"), MOST).range(120), 120..120);
        assert_eq!(Paging::new(Some("3"), Some("50"), MOST).range(120), 100..120);
    }

    #[test]
    fn links_name_only_what_applies() {
        let link = |page: &str, total| Paging::new(Some(page), Some("50"), MOST).link(total, |page| format!("u{page}"));
        assert_eq!(link("1", 50), None);
        assert_eq!(link("1", 120).unwrap(), "<u2>; rel=\"next\",<u3>; rel=\"last\"");
        assert_eq!(link("3", 120).unwrap(), "<u1>; rel=\"first\",<u2>; rel=\"prev\"");
    }
}
