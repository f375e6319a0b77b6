//! Reads the items of a JSON list in a file one by one, through a buffer that grows only as large as the largest item.

use std::fs::File;
use std::io::{self, ErrorKind, Read};

use json_fields::{Doubt, Finder, Object, skip, space};

/// Reads the items of a list.
pub(super) struct ListReader<'a> {
    file: &'a File,
    finder: Finder,
    block: Vec<u8>,
    /// Where the unread part of the block begins and ends.
    from: usize,
    filled: usize,
}

/// An item of a list.
pub(super) struct Item<'a> {
    /// Its text as it is in the file.
    pub text: &'a [u8],
    /// The fields that were asked for; none where a general parser has to look for them.
    pub fields: Option<Object<'a>>,
}

/// What comes next in a list.
enum Next {
    /// An item, which was given; with the number of bytes after which the next begins.
    Item(usize),
    /// Its end, with the number of bytes before it.
    End(usize),
}

impl<'a> ListReader<'a> {
    /// Reads a list in which objects have fields of these names, `block` bytes at once.
    pub(super) fn new(file: &'a File, names: &'static [&'static str], block: usize) -> Self {
        Self { file, finder: Finder::new(names), block: vec![0; block], from: 0, filled: 0 }
    }

    /// Gives every item to `give`. Returns false where the file may not be a list: then a general parser decides.
    pub(super) fn read(mut self, give: &mut impl FnMut(Item<'_>)) -> io::Result<bool> {
        let mut is_first = true;
        loop {
            match next(&mut self.finder, &self.block[self.from..self.filled], is_first, give) {
                Ok(Next::Item(length)) => {
                    self.from += length;
                    is_first = false;
                }
                Ok(Next::End(length)) => {
                    self.from += length;
                    return self.rest_is_blank();
                }
                Err(Doubt::Incomplete) => {
                    if !self.fill()? {
                        return Ok(false);
                    }
                }
                Err(Doubt::Undecided) => return Ok(false),
            }
        }
    }

    fn rest_is_blank(&mut self) -> io::Result<bool> {
        loop {
            self.from = space(&self.block[..self.filled], self.from);
            if self.from < self.filled {
                return Ok(false);
            }
            if !self.fill()? {
                return Ok(true);
            }
        }
    }

    /// Reads more of the file; returns whether there was more.
    fn fill(&mut self) -> io::Result<bool> {
        self.block.copy_within(self.from..self.filled, 0);
        (self.from, self.filled) = (0, self.filled - self.from);
        if self.filled == self.block.len() {
            self.block.resize(2 * self.filled, 0);
        }
        loop {
            match self.file.read(&mut self.block[self.filled..]) {
                Ok(count) => {
                    self.filled += count;
                    return Ok(count > 0);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// Gives the item that comes next in a list, once it is certain that it ends there.
fn next(finder: &mut Finder, text: &[u8], is_first: bool, give: &mut impl FnMut(Item<'_>)) -> Result<Next, Doubt> {
    let byte = |at: usize| text.get(at).copied().ok_or(Doubt::Incomplete);
    let mut at = space(text, 0);
    match (byte(at)?, is_first) {
        (b'[', true) | (b',', false) => at = space(text, at + 1),
        (b']', false) => return Ok(Next::End(at + 1)),
        _ => return Err(Doubt::Undecided),
    }
    if is_first && byte(at)? == b']' {
        return Ok(Next::End(at + 1));
    }
    let item = &text[at..];
    let item = match finder.find(item) {
        Ok(object) => Item { text: object.text(), fields: Some(object) },
        Err(Doubt::Incomplete) => return Err(Doubt::Incomplete),
        Err(Doubt::Undecided) => Item { text: &item[..skip(item)?], fields: None },
    };
    at = space(text, at + item.text.len());
    match byte(at)? {
        b',' | b']' => {
            give(item);
            Ok(Next::Item(at))
        }
        _ => Err(Doubt::Undecided),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, Write};

    use super::*;

    /// The texts of a list's items, each with whether its fields were found; none where the general reader is asked.
    fn read(text: &str, block: usize) -> Option<Vec<(String, bool)>> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file.rewind().unwrap();
        let mut items = Vec::new();
        let mut give = |item: Item<'_>| {
            items.push((String::from_utf8(item.text.to_vec()).unwrap(), item.fields.is_some()));
        };
        ListReader::new(&file, &["issue", "ready"], block).read(&mut give).unwrap().then_some(items)
    }

    #[test]
    fn a_list_that_others_wrote_needs_no_general_reader() {
        let items = [
            ("{\n    \"ready\": true,\n    \"issue\": 1,\n    \"gr\\u00f6\\u00dfe\": [1.5, {}]\n  }", true),
            ("{\"issue\":2}", true),
            ("{}", true),
            ("null", false),
            ("[1, [2]]", false),
            ("-1.5e3", false),
            ("{\"\\u0069ssue\": 4}", false),
            ("{\"issue\": 5, \"title\": \"caf\u{e9}\"}", true),
        ];
        let text = format!("\n [\n  {}\n]\n\n", items.map(|(text, _)| text).join(",\n  "));
        for block in 1..=text.len() + 1 {
            let expected = items.map(|(text, is_found)| (text.to_owned(), is_found)).to_vec();
            assert_eq!(read(&text, block), Some(expected), "in blocks of {block}");
        }
    }

    #[test]
    fn what_is_no_list_is_for_the_general_reader() {
        for text in ["", "[", "{}", "[1", "[1 2]", "[1,]", "[{\"issue\": }]", "[]]", "\u{feff}[]", "[\"\u{1}\"]"] {
            assert_eq!(read(text, 4), None, "{text}");
        }
        assert_eq!(read("[]", 1), Some(Vec::new()));
    }
}
