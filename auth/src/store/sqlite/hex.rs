//! Names as JSON has them: SQLite takes several at once as one JSON text, and has `unhex`.

/// A name in hexadecimal digits.
pub(super) fn hex(name: &[u8; 32]) -> String {
    let digits = name.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

/// Several, as JSON.
pub(super) fn names<'a>(names: impl Iterator<Item = &'a [u8; 32]>) -> String {
    serde_json::Value::from_iter(names.map(hex)).to_string()
}
