//! How often main turns red or an outage begins, in a window.

use std::ops::Range;

use crate::masks::Masks;
use crate::parameters::{Parameters, SAME_EPISODE};
use crate::series::Series;
use crate::stats::real;

/// The episodes of a window; keeps its working memory between windows.
#[derive(Default)]
pub(crate) struct Episodes {
    masks: Masks,
    /// How many began, and how many normal cycles there are, before each step of the window.
    pub tallies: Vec<[f64; 2]>,
}

impl Episodes {
    pub(crate) fn gather(&mut self, series: &Series, window: Range<usize>, since: usize, parameters: &Parameters) {
        self.masks.find(series, window, since, parameters);
        self.tallies.clear();
        let (mut begun, mut normal, mut last) = (0.0, 0.0, None::<usize>);
        let cycles = self.masks.red.len();
        for begin in (0..cycles).step_by(parameters.look) {
            self.tallies.push([begun, normal]);
            let step = begin..cycles.min(begin + parameters.look);
            if self.masks.is_clear(step.clone()) {
                normal += real(step.len());
                continue;
            }
            for at in step {
                if self.masks.contains(at) {
                    if at > 0 && last.is_none_or(|last| last + SAME_EPISODE < at) {
                        begun += 1.0;
                    }
                    last = Some(at);
                } else {
                    normal += 1.0;
                }
            }
        }
        self.tallies.push([begun, normal]);
    }
}
