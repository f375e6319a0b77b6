//! Signs in a text that more happens than its statements show: names come from elsewhere, or go into other modules.

use memchr::memmem;
use ruff_text_size::Ranged;

/// Signs in the text that names may come from elsewhere.
const DYNAMIC: [&[u8]; 14] = [
    b"globals",
    b"exec (",
    b"= exec",
    b"= locals()",
    b"sys.modules",
    b"modules[__name__",
    b"exec(",
    b"(locals())",
    b"_convert_(",
    b"_convert(",
    b"global_enum",
    b"vars()",
    b"locals().",
    b"locals()[",
];

/// Classes that take a module's name and leave the module alone.
const CONSTRUCTORS: [&str; 12] = [
    "APIRouter",
    "Blueprint",
    "Bottle",
    "Celery",
    "FastAPI",
    "Flask",
    "Logger",
    "Namespace",
    "PackageLoader",
    "Quart",
    "Sanic",
    "Typer",
];

/// Signs, of which all of one group show that a function puts names into another module.
const INJECTS: [&[&[u8]]; 4] =
    [&[b"setattr(", b"modules["], &[b"__dict__", b"modules["], &[b"f_globals["], &[b"f_globals.update"]];

/// Returns whether a text has a sign.
pub(crate) fn has(text: &[u8], sign: &[u8]) -> bool {
    memmem::find(text, sign).is_some()
}

/// Returns whether a text has one of these signs.
pub(crate) fn has_any(text: &[u8], signs: &[&[u8]]) -> bool {
    signs.iter().any(|sign| has(text, sign))
}

/// Returns the text of a node.
pub(crate) fn text_of<'t>(text: &'t [u8], node: &impl Ranged) -> &'t [u8] {
    &text[node.start().to_usize()..node.end().to_usize()]
}

/// Returns whether names may come into a module from elsewhere.
pub(crate) fn is_dynamic(text: &[u8]) -> bool {
    has_any(text, &DYNAMIC) || hands_out_its_name(text)
}

/// Returns whether a function, or one of a module, puts names into another module.
pub(crate) fn injects(text: &[u8]) -> bool {
    INJECTS.iter().any(|signs| signs.iter().all(|sign| has(text, sign)))
}

/// Whether the module hands its own name to a function that may put names into it. Loggers and constructors do not.
fn hands_out_its_name(text: &[u8]) -> bool {
    memmem::find_iter(text, b"__name__").any(|at| {
        let before = text[..at].trim_ascii_end();
        let Some(callee) = before.strip_suffix(b"(") else { return before.ends_with(b",") };
        let start =
            callee.iter().rposition(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_').map_or(0, |at| at + 1);
        let name = String::from_utf8_lossy(&callee[start..]).to_lowercase();
        let is_application = CONSTRUCTORS.iter().any(|known| known.as_bytes() == &callee[start..]);
        let harmless = ["log", "path", "file", "resource", "data", "print", "repr", "str", "spec", "warn"];
        !name.is_empty() && !is_application && !harmless.iter().any(|word| name.contains(word))
    })
}
