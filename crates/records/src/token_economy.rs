//! The token economy: how many tokens each action earns or costs.

/// The actions of the token economy, with what each earns (above 0) or costs (below 0).
pub const TOKEN_ECONOMY: [(&str, i64); 5] = [
    ("run", -1),
    ("cycle_retro_success", 5),
    ("quarantine_candidate", 10),
    ("deep_triage_refinement", 20),
    ("failure", -2),
];
