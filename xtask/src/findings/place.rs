//! Positions in the scanned sources, and the lines that decided something.
//! They never hold the source itself.

/// A position in a file of the scanned tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Relative to the scanned root, with forward slashes.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters (Unicode scalar values), not bytes.
    pub column: usize,
}

/// One line that decided a verdict, with what it showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Where the line is.
    pub place: Place,
    /// What it says about the client, as a lowercase fragment: `wrapped here, with no middleware`.
    pub text: String,
}

impl Place {
    /// A position from its parts.
    pub fn new(file: impl Into<String>, line: usize, column: usize) -> Self {
        Self { file: file.into(), line, column }
    }
}

impl Evidence {
    /// A line that decided something, with what it showed.
    pub fn new(place: Place, text: impl Into<String>) -> Self {
        Self { place, text: text.into() }
    }
}
