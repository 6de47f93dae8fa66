//! Comma-separated values with the header `name,password` or `name,hash`.

use super::{
    entry::{Content, Entry, Place, Refusal, Secret},
    source::FileError,
};
use csv::{ByteRecord, ReaderBuilder};
use zeroize::Zeroizing;

/// What stands in which column.
struct Header {
    name: usize,
    secret: usize,
    hashed: bool,
}

/// The accounts of a file.
///
/// # Errors
/// When its first line is no header that we know.
pub(super) fn entries(bytes: &[u8]) -> Result<Vec<Entry>, FileError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // A line with too many fields is refused by itself, and not the whole file.
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut lines = Lines { bytes, at: 0, line: 1 };
    let mut record = ByteRecord::new();
    let mut next = |record: &mut ByteRecord| reader.read_byte_record(record).unwrap_or(false);
    if !next(&mut record) {
        return Err(FileError::Header);
    }
    let header = Header::of(&record).ok_or(FileError::Header)?;
    let mut entries = Vec::new();
    while next(&mut record) {
        let start = record.position().map_or(0, csv::Position::byte);
        let line = lines.of(usize::try_from(start).unwrap_or(usize::MAX));
        entries.push(Entry { place: Place::Line(line), content: header.content(&record) });
    }
    Ok(entries)
}

impl Header {
    fn of(record: &ByteRecord) -> Option<Self> {
        let column =
            |name: &str| record.iter().position(|field| field.trim_ascii().eq_ignore_ascii_case(name.as_bytes()));
        let (name, hash) = (column("name")?, column("hash"));
        let secret = hash.or_else(|| column("password"))?;
        (record.len() == 2).then_some(Self { name, secret, hashed: hash.is_some() })
    }

    fn content(&self, record: &ByteRecord) -> Result<Content, Refusal> {
        if record.len() != 2 {
            return Err(Refusal::Fields(record.len()));
        }
        let text = |column: usize| std::str::from_utf8(&record[column]).map_err(|_| Refusal::NotText);
        let (name, secret) = (text(self.name)?.to_owned(), Zeroizing::new(text(self.secret)?.to_owned()));
        let secret = match self.hashed {
            true => Secret::Hash(secret),
            // Hashed once more, it would open for nobody.
            false if Secret::looks_hashed(&secret) => return Err(Refusal::Hashed),
            false => Secret::Plain(secret),
        };
        Ok(Content { name, secret })
    }
}

/// Counts lines as editors do; the library's count is behind where lines end in CR LF.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: usize,
}

impl Lines<'_> {
    /// The line of a record that starts here, or after empty lines that do. Only ever forwards.
    fn of(&mut self, start: usize) -> usize {
        let mut at = self.at;
        while let Some(byte) = self.bytes.get(at) {
            let ends_line = *byte == b'\n' || (*byte == b'\r' && self.bytes.get(at + 1) != Some(&b'\n'));
            if at >= start && !matches!(byte, b'\r' | b'\n') {
                break;
            }
            self.line += usize::from(ends_line);
            at += 1;
        }
        self.at = at;
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        entries(text.as_bytes())
            .unwrap()
            .into_iter()
            .map(|entry| match entry.content {
                Ok(Content { name, secret: Secret::Plain(text) }) => format!("{} {name} plain {}", entry.place, *text),
                Ok(Content { name, secret: Secret::Hash(text) }) => format!("{} {name} hash {}", entry.place, *text),
                Err(why) => format!("{} {why}", entry.place),
            })
            .collect()
    }

    #[test]
    fn lines_quotes_and_ends_of_lines_are_understood() {
        let plain = ["line 2 alice plain a, \"b\"", "line 3 bob plain c"];
        for text in [
            "name,password\nalice,\"a, \"\"b\"\"\"\nbob,c\n",
            "name,password\r\nalice,\"a, \"\"b\"\"\"\r\nbob,c",
            "\u{feff}Name, Password\r\nalice,\"a, \"\"b\"\"\"\r\nbob,c\r\n",
            "name,password\ralice,\"a, \"\"b\"\"\"\rbob,c\r",
            "password,name\n\"a, \"\"b\"\"\",alice\nc,bob\n",
        ] {
            assert_eq!(shown(text), plain, "{text:?}");
        }
        let spread = "name,hash\r\n\r\nalice,\"x\r\ny\"\r\n\n\nbob,z\r\n";
        assert_eq!(shown(spread), ["line 3 alice hash x\r\ny", "line 7 bob hash z"]);
        assert!(shown("name,password\n").is_empty());
    }

    #[test]
    fn a_bad_line_is_refused_by_itself() {
        let bytes = b"name,password\nalice\nbob,x,y\n\xff,x\ncarol,good\n";
        let found: Vec<_> = entries(bytes).unwrap().into_iter().map(|entry| entry.content.err()).collect();
        assert!(matches!(
            found[..],
            [Some(Refusal::Fields(1)), Some(Refusal::Fields(3)), Some(Refusal::NotText), None]
        ));
        let hash = format!("name,password\nalice,$2b$12${}\n", "x".repeat(53));
        assert!(shown(&hash)[0].contains("a hash and no password"));
    }

    #[test]
    fn a_file_without_a_header_is_refused() {
        for text in
            ["", "\n", "alice,secret\n", "name\n", "name,password,email\n", "name;password\n", "user,password\n"]
        {
            assert!(matches!(entries(text.as_bytes()), Err(FileError::Header)), "{text:?}");
        }
        assert!(matches!(entries(b"\xff\xfen\0a\0m\0e\0"), Err(FileError::Header)));
    }
}
