//! No file is larger than allowed.

use crate::file::{File, Report};
use crate::finding::Place;
use crate::settings::Settings;

pub(super) fn check(file: &File, settings: &Settings, report: &mut Report) {
    too_large(file.bytes.len() as u64, settings, report);
}

/// Judges a size in bytes.
pub(crate) fn too_large(size: u64, settings: &Settings, report: &mut Report) {
    if size > settings.max_file {
        let what = format!("{} KiB, and {} are allowed", size.div_ceil(1024), settings.max_file / 1024);
        report.add(Place::File, &what, "keep it elsewhere (Git LFS), or raise max_file_kib");
    }
}
