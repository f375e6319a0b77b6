//! How often main turns red or an outage begins, in a window.

use std::ops::Range;

use crate::{Masks, Parameters, SAME_EPISODE, Series};

/// The episodes of a window; keeps its working memory between windows.
#[derive(Default)]
pub(crate) struct Episodes {
    masks: Masks,
    /// How many began, and how many normal cycles there are, before each step of the window.
    pub tallies: Vec<[f64; 2]>,
}

impl Episodes {
    pub fn gather(&mut self, series: &Series, window: Range<usize>, since: usize, parameters: &Parameters) {
        self.masks.find(series, window, since, parameters);
        self.tallies.clear();
        let (mut begun, mut normal, mut last) = (0.0, 0.0, None::<usize>);
        for at in 0..self.masks.red.len() {
            if at % parameters.look == 0 {
                self.tallies.push([begun, normal]);
            }
            if self.masks.holds(at) {
                if at > 0 && last.is_none_or(|last| last + SAME_EPISODE < at) {
                    begun += 1.0;
                }
                last = Some(at);
            } else {
                normal += 1.0;
            }
        }
        self.tallies.push([begun, normal]);
    }
}
