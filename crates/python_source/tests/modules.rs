//! What is read from whole modules.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;
use python_source::{Dialect, Emptiness, Exports, Imported, Module, Outline, decode};

fn errors(text: &str) -> Vec<String> {
    Module::parse(text, Dialect::default()).errors().into_iter().map(|error| error.message).collect()
}

fn outline(text: &str) -> Outline {
    Module::parse(text, Dialect::default()).outline()
}

fn names(text: &str) -> Vec<String> {
    let outline = outline(text);
    assert!(!outline.is_open, "{text}");
    let mut names: Vec<String> = outline.names.into_iter().collect();
    names.sort();
    names
}

#[test]
fn good_source_has_no_errors() {
    for text in [
        "",
        "x = 1\n",
        "async def f():\n    async with a as b:\n        return [await c async for c in b]\n",
        "def f():\n    x = 1\n    def g():\n        nonlocal x\n        x = 2\n    return lambda: (yield)\n",
        "class A:\n    def f(self):\n        nonlocal __class__\n",
        "match x:\n    case {'a': [1, *rest], **others}: pass\n    case A(b=c) | c: pass\n",
        "for x in y:\n    while z:\n        continue\n    else:\n        break\n",
        "type A[T] = list[T]\ndef f[T: int = str](x: T) -> T: ...\n",
        "f'{x!r:>{width}} {f\"{y}\"}'\n",
        "try:\n    pass\nexcept* ValueError:\n    pass\n",
        "g = (await x for x in [])\n",
        "def f():\n    def g(a=(x := 1)): ...\n    def h():\n        nonlocal x\n        x = 2\n",
        "from __future__ import annotations\nfrom __future__ import division\n",
    ] {
        assert!(errors(text).is_empty(), "{text}: {:?}", errors(text));
    }
}

#[test]
fn what_python_refuses_is_an_error() {
    for (text, part) in [
        ("def f(:\n", "parameter"),
        ("return 1\n", "outside"),
        ("def f():\n    global x\n    x = 1\ndef g(x):\n    global x\n", "global"),
        ("def f():\n    nonlocal x\n", "nonlocal"),
        ("break\n", "outside"),
        ("while x:\n    def f():\n        continue\n", "outside"),
        ("for x in y:\n    pass\nelse:\n    break\n", "outside"),
        ("def f():\n    await x\n", "async"),
        ("class A:\n    yield 1\n", "yield"),
        ("[(yield x) for x in y]\n", "yield"),
        ("def f(a, a): pass\n", "duplicate"),
        ("f(a=1, a=2)\n", "a"),
        ("x = \n", "expression"),
        ("def f():\nx = 1\n", "indent"),
        ("if x:\n    a\n  b\n", "indent"),
        ("x = 'a\n", "string"),
        ("x = (1,\n", "`(` was never closed"),
        ("<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> other\n", ""),
        ("def f():\n    from a import *\n", "*"),
        ("import a\nfrom __future__ import annotations\n", "__future__"),
        ("print 'x'\n", ""),
        ("1 = x\n", "assign"),
        ("def f():\n    x = 1\n    global x\n", "global"),
        ("*a, *b = c\n", "starred"),
    ] {
        let found = errors(text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert!(found[0].to_lowercase().contains(part), "{text}: {found:?}");
    }
}

#[test]
fn the_version_decides_about_new_syntax() {
    let text = "match x:\n    case 1: pass\n";
    let old = Dialect { version: "3.9".parse().unwrap(), ..Dialect::default() };
    assert!(Module::parse(text, old).errors()[0].message.contains("3.10"));
    assert!(errors(text).is_empty());
    // Those who read stubs know the newest syntax, whatever runs the program.
    let stub = Dialect { stub: true, ..old };
    assert!(Module::parse("type A = int\n", stub).errors().is_empty());
    assert!("4.0".parse::<python_source::Version>().is_err());
}

#[test]
fn depth_is_refused_as_python_refuses_it_and_breaks_nothing() {
    // As a check runs it: on a thread of its own.
    let work = std::thread::Builder::new().stack_size(128 << 20).spawn(|| {
        let nested = |depth: usize| format!("x = {}{}\n", "(".repeat(depth), ")".repeat(depth));
        assert!(errors(&nested(200)).is_empty());
        assert_eq!(errors(&nested(201)), ["too many nested parentheses"]);
        assert_eq!(errors(&"[".repeat(100_000)), ["too many nested parentheses"]);
        let indented = |depth: usize| {
            let lines: Vec<String> = (0..=depth).map(|level| format!("{}if x:\n", " ".repeat(level))).collect();
            lines.concat() + &" ".repeat(depth + 1) + "pass\n"
        };
        assert!(errors(&indented(98)).is_empty());
        assert_eq!(errors(&indented(99)), ["too many levels of indentation"]);
        for (part, close) in
            [("1+", "1"), ("x.", "x"), ("not ", "x"), ("-", "1"), ("lambda: ", "x"), ("x if y else ", "z")]
        {
            assert!(errors(&format!("v = {}{close}\n", part.repeat(100_000))).is_empty(), "{part}");
        }
        assert!(errors(&format!("f{}\n", "()".repeat(100_000))).is_empty());
        assert!(outline(&format!("v = {}1\n", "1+".repeat(100_000))).is_open);
    });
    work.unwrap().join().unwrap();
}

#[test]
fn every_way_to_bind_a_name_counts() {
    let text = "import a.b, c as d\nfrom e import f, g as h\ni: int = 1\nj: int\nk, (l, *m) = n\nn += 1\n\
                for o in p: q = 1\nwith r as (s, t): pass\ndef u(v): w = 1\nclass x:\n    y = 1\n@z\ndef aa(): pass\n\
                if (ab := 1): ac = 1\nelse: ad = 1\ntry: ae = 1\nexcept E as af: ag = 1\ntype ah = int\n\
                match ai:\n    case [aj, *ak]: pass\n    case {'x': al, **am}: pass\n\
                def an():\n    global ao\n    ao = 1\nap = 1\ndel ap\nif u: del ad\n[aq for aq in x]\n";
    let bound = "a aa ab ac ad ae af ag ah aj ak al am an ao d f h i k l m n o q s t u x";
    assert_eq!(names(text).join(" "), bound);
}

#[test]
fn what_only_a_type_checker_sees_is_not_there() {
    assert_eq!(names("if TYPE_CHECKING:\n    import a\nelse:\n    b = 1\n"), ["b"]);
    assert_eq!(names("if not t.TYPE_CHECKING:\n    import a\n"), ["a"]);
    assert_eq!(names("if TYPE_CHECKING or x:\n    a = 1\nif False: b = 1\nif 0 and c: d = 1\n"), ["a"]);
}

#[test]
fn names_that_come_from_elsewhere_open_the_outline() {
    for text in [
        "globals()['x'] = 1\n",
        "def __getattr__(name): ...\n",
        "__getattr__, __dir__, __all__ = lazy.attach(__name__, [])\n",
        "sys.modules[__name__] = x\n",
        "exec('x = 1')\n",
        "register(__name__)\n",
        "x = (\n",
    ] {
        assert!(outline(text).is_open, "{text}");
    }
    for text in ["log = logging.getLogger(__name__)\n", "app = Flask(__name__)\n", "if __name__ == '__main__': pass\n"]
    {
        assert!(!outline(text).is_open, "{text}");
    }
}

#[test]
fn what_is_used_for_certain_and_bound_nowhere_is_undefined() {
    let undefined = |text: &str| {
        let names: Vec<String> = outline(text).undefined.into_iter().map(|(name, _)| name).collect();
        names.join(" ")
    };
    for (text, names) in [
        ("@a\ndef f(x=b): pass\nclass C(d):\n    y = e\n", "a b d e"),
        ("def f():\n    return a(x, b)\n", "a x b"),
        ("try:\n    a\nexcept KeyError:\n    pass\n", "a"),
        ("if a: b\nfor c in d: e\nwith f as g: h\n", "a d f"),
        ("del a\n", "a"),
        ("x = [y for y in a]\n", "a"),
    ] {
        assert_eq!(undefined(text), names, "{text}");
    }
    for text in [
        "def f(a, *b, **c):\n    d = 1\n    return (a, b, c, d, len, __file__, _)\n",
        "def f(x):\n    if x:\n        return\n    return later\n",
        "def f(self):\n    self.skipTest()\n    return later\n",
        "try:\n    a\nexcept NameError:\n    a = 1\n",
        "try:\n    a\nexcept Exception:\n    pass\n",
        "class C:\n    a = 1\n    b = a\n    def f(self: a) -> D: ...\n",
        "def f(a=(b := 1)): return b\n",
        "@g\ndef f():\n    return a\ndef g(x): ...\n",
        "for i in (1, 2): pass\nprint(i)\ndel i\n",
        "x: a\ndef f(y: b) -> c: ...\n",
    ] {
        assert_eq!(undefined(text), "", "{text}");
    }
    let old = Dialect { version: "3.11".parse().unwrap(), ..Dialect::default() };
    let names = |text: &str| Module::parse(text, old).outline().undefined.len();
    assert_eq!(names("x: a\ndef f(y: b) -> c: ...\n"), 3);
    assert_eq!(names("from __future__ import annotations\nx: a\ndef f(y: b) -> c: ...\n"), 0);
}

#[test]
fn exports_are_read_as_far_as_they_are_written_out() {
    let known = |text: &str| match outline(text).exports {
        Exports::Known(names) => names.into_iter().map(|(name, _)| name).collect::<Vec<String>>().join(" "),
        other => format!("{other:?}"),
    };
    assert_eq!(
        known("__all__ = ['a', \"b\"]\n__all__ += ('c',)\n__all__.extend(['d'])\n__all__.append('e')\n"),
        "a b c d e"
    );
    assert_eq!(known("__all__ = ['a'] + ['b']\n"), "a b");
    assert_eq!(known("__all__ = []\n"), "");
    assert_eq!(known("__all__ = ['a'] + x.__all__\n"), "Unknown");
    assert_eq!(known("__all__ = [n for n in dir()]\n"), "Unknown");
    assert_eq!(known("if x:\n    __all__ = ['a']\nelse:\n    __all__ = []\n"), "Unknown");
    assert_eq!(known("__all__ = []\ndef export(f):\n    __all__.append(f.__name__)\n"), "Unknown");
    assert_eq!(known("from a import __all__\n__all__ += ['b']\n"), "Unknown");
    assert_eq!(known("x = 1\n"), "Unset");
}

#[test]
fn imports_are_certain_unless_they_may_be_meant_to_fail() {
    let certain = |text: &str| outline(text).imports.iter().map(|import| import.is_certain).collect::<Vec<bool>>();
    assert_eq!(certain("import a, b.c\nfrom . import d\nfrom ..e import *\n"), [true; 4]);
    for text in [
        "try:\n    import a\nexcept ImportError:\n    import b\n",
        "try:\n    import a\nexcept (KeyError, Exception):\n    a = None\nelse:\n    import b\n",
        "with suppress(ImportError):\n    import a\nwith pytest.raises(ImportError):\n    import b\n",
        "if x:\n    import a\nelif y:\n    import b\n",
        "match x:\n    case 1:\n        import a\n    case _:\n        import b\n",
        "@pytest.mark.skip\ndef test():\n    import a\n    import b\n",
        "def f():\n    if x:\n        return\n    import a\n    import b\n",
        "for x in y:\n    import a\nwhile x:\n    import b\n",
        "import a\nimport b\nsys.modules['a'] = c\n",
    ] {
        assert_eq!(certain(text), [false; 2], "{text}");
    }
    for text in [
        "try:\n    import a\nexcept ValueError:\n    pass\nfinally:\n    import b\n",
        "def f():\n    import a\n    return\n    import c\nclass A:\n    import b\n",
        "if TYPE_CHECKING:\n    import c\nelse:\n    import a\nimport b\n",
        "import a\nwith open(x) as z:\n    import b\n",
    ] {
        assert_eq!(certain(text), [true; 2], "{text}");
    }
    let outline = outline("from ..a.b import c, d as e\n");
    let import = &outline.imports[0];
    assert_eq!((import.wanted.level, import.wanted.name.as_str(), import.offset), (2, "a.b", 7));
    assert_eq!(import.what, Imported::Names(vec![("c".to_owned(), 18), ("d".to_owned(), 21)]));
}

#[test]
fn emptiness_is_followed_into_the_class_of_the_settings() {
    let empty = |text: &str, path: &[&str]| Module::parse(text, Dialect::default()).emptiness(path);
    assert_eq!(empty("a = []\n", &["a"]), Emptiness::Empty(4));
    assert_eq!(empty("a: tuple = (1,)\n", &["a"]), Emptiness::Filled);
    assert_eq!(empty("a = f()\n", &["a"]), Emptiness::Unknown);
    assert_eq!(empty("a = []\na += [1]\n", &["a"]), Emptiness::Unknown);
    assert_eq!(empty("if x:\n    a = []\n", &["a"]), Emptiness::Unknown);
    let settings = "class S(BaseSettings):\n    model: str = ''\n    other: str = Field(default='x')\n";
    assert_eq!(empty(&format!("{settings}settings = S()\n"), &["settings", "model"]), Emptiness::Empty(40));
    assert_eq!(empty(&format!("{settings}settings = S()\n"), &["settings", "other"]), Emptiness::Filled);
    assert_eq!(empty(&format!("{settings}settings = S(model='x')\n"), &["settings", "model"]), Emptiness::Filled);
    assert_eq!(empty(&format!("{settings}settings = S(**x)\n"), &["settings", "model"]), Emptiness::Unknown);
}

#[test]
fn literals_say_what_they_are_an_argument_of() {
    let module = Module::parse("'doc'\nx = y.startswith('/Users/')\nz = f'/home/{x}'\nf(a='b')\n", Dialect::default());
    let found: Vec<(String, usize, Option<String>)> =
        module.literals().into_iter().map(|it| (it.value, it.offset, it.argument_of)).collect();
    let expected = [("/Users/", 23, Some("startswith".to_owned())), ("/home/", 40, None), ("b", 55, None)];
    assert_eq!(found, expected.map(|(value, offset, of)| (value.to_owned(), offset, of)));
}

#[test]
fn calls_marks_and_long_strings_are_found() {
    let text =
        "pytestmark = [pytest.mark.skipif(x)]\n@a.b(1)\n@c\ndef f():\n    pdb.set_trace()\nx = '''a\nb'''\ny = 'c'\n";
    let module = Module::parse(text, Dialect::default());
    assert!(module.calls().iter().any(|call| call.name == "pdb.set_trace" && call.offset == 61));
    let marks = module.marks("pytestmark");
    for mark in ["a.b", "c", "pytest.mark.skipif"] {
        assert!(marks.iter().any(|found| found == mark), "{mark}");
    }
    assert_eq!(module.strings_over_lines().len(), 1);
}

proptest! {
    #[test]
    fn nothing_that_can_be_read_breaks_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(text) = decode(&bytes) {
            let module = Module::parse(&text, Dialect::default());
            let _ = (module.errors(), module.outline(), module.literals(), module.calls(), module.marks("x"));
        }
    }

    #[test]
    fn no_sequence_of_python_words_breaks_the_reader(words in proptest::collection::vec(0..40usize, 0..60)) {
        const WORDS: [&str; 40] = [
            "def ", "class ", "(", ")", ":", "\n", "    ", "\n    ", "x", "=", "import ", "from ", ".", "*", "[", "]", "{", "}",
            "'", "\"\"\"", "f'", "async ", "await ", "yield ", "return ", "global ", "nonlocal ", "lambda ", "match ", "case ",
            "try:", "except ", "if ", "else", "for ", "in ", "with ", "as ", "@", ",",
        ];
        let text: String = words.iter().map(|word| WORDS[*word]).collect();
        let module = Module::parse(&text, Dialect::default());
        for error in module.errors() {
            prop_assert!(error.offset <= text.len());
        }
        let _ = (module.outline(), module.literals(), module.calls(), module.marks("x"), module.emptiness(&["x"]));
    }
}
