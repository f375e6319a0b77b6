//! Findings that were there before: a file of them lets an old project begin with the new ones.

use std::collections::BTreeMap;

use host::files::FileError;
use records::pyjson;
use serde::{Deserialize, Serialize};

use crate::finding::Finding;

/// The findings that are known. How often each was there is counted, so that one more of the same is new.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct Baseline {
    /// The version of this format: 1.
    version: u64,
    /// What is known, by file.
    findings: BTreeMap<String, Vec<Known>>,
}

/// One finding. Its line's text is there as a checksum only: it may be a secret.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
struct Known {
    check: String,
    what: String,
    line: String,
    count: usize,
}

impl Baseline {
    /// Takes the findings that are there now.
    pub(crate) fn of(findings: &[Finding]) -> Self {
        let mut baseline = Self { version: 1, findings: BTreeMap::new() };
        for finding in findings {
            let known = Known::of(finding);
            let of_file = baseline.findings.entry(finding.file.clone()).or_default();
            match of_file.iter_mut().find(|other| other.is_same(&known)) {
                Some(other) => other.count += 1,
                None => of_file.push(known),
            }
        }
        baseline.findings.values_mut().for_each(|of_file| of_file.sort());
        baseline
    }

    /// Leaves out the findings that are known; returns how many there were.
    pub(crate) fn leave_out(mut self, findings: &mut Vec<Finding>) -> usize {
        let before = findings.len();
        findings.retain(|finding| {
            let known = Known::of(finding);
            let of_file = self.findings.get_mut(&finding.file).into_iter().flatten();
            match of_file.filter(|other| other.count > 0).find(|other| other.is_same(&known)) {
                Some(other) => {
                    other.count -= 1;
                    false
                }
                None => true,
            }
        });
        before - findings.len()
    }

    /// Returns the file's text.
    ///
    /// # Errors
    /// It cannot be made.
    pub(crate) fn text(&self, path: &std::path::Path) -> Result<String, FileError> {
        pyjson::to_document(self).map_err(|error| FileError::writing(path, error.into()))
    }
}

impl Known {
    fn of(finding: &Finding) -> Self {
        Self {
            check: finding.check.to_owned(),
            what: finding.what.clone(),
            line: format!("{:016x}", checksum(finding.context.as_bytes())),
            count: 1,
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        self.check == other.check && self.what == other.what && self.line == other.line
    }
}

/// FNV-1a of 64 bits: the same in every version of this program.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(line: usize, context: &str) -> Finding {
        let (file, what, mend) = ("a".to_owned(), "x".to_owned(), String::new());
        Finding { file, line, column: 0, check: "json", what, mend, context: context.to_owned() }
    }

    #[test]
    fn what_is_known_stays_known_when_lines_move_and_one_more_is_new() {
        let baseline = Baseline::of(&[finding(1, "p"), finding(2, "p"), finding(3, "q")]);
        let text = baseline.text("b".as_ref()).unwrap();
        let read: Baseline = serde_json::from_str(&text).unwrap();
        let mut now = vec![finding(7, "p"), finding(8, "p"), finding(9, "p"), finding(3, "r"), finding(5, "q")];
        assert_eq!(read.leave_out(&mut now), 3);
        assert_eq!(now, [finding(9, "p"), finding(3, "r")]);
    }

    #[test]
    fn the_checksum_is_the_published_one() {
        assert_eq!(checksum(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(checksum(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(checksum(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
